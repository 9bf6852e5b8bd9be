"""Listens on ports, by IPv4 and IPv6, and greets whoever connects; UDP is answered too. Standard library only.

Arguments: ports; `udp` before one means UDP. Prints "ready" when it listens, and a line for each connection.
"""

import selectors
import socket
import sys


def _listening(kind: socket.SocketKind, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET6, kind)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    made.bind(("::", port))
    if kind == socket.SOCK_STREAM:
        made.listen(2048)
    return made


def _has_ended(connection: socket.socket) -> bool:
    try:
        return not connection.recv(1000)
    except OSError:
        return True


def main(words: list[str]) -> None:
    """Serve for ever. Connections stay open until their other end closes them."""
    selector = selectors.DefaultSelector()
    for before, word in zip(["", *words], words, strict=False):
        if word != "udp":
            kind = socket.SOCK_DGRAM if before == "udp" else socket.SOCK_STREAM
            selector.register(_listening(kind, int(word)), selectors.EVENT_READ, word)
    print("ready", flush=True)
    while True:
        for key, _ in selector.select():
            one = key.fileobj
            assert isinstance(one, socket.socket)
            if key.data is None:
                if _has_ended(one):
                    selector.unregister(one)
                    one.close()
            elif one.type == socket.SOCK_DGRAM:
                data, sender = one.recvfrom(1000)
                one.sendto(data, sender)
            else:
                connection, peer = one.accept()
                connection.sendall(b"hello\n")
                selector.register(connection, selectors.EVENT_READ, None)
                print(key.data, peer[0], flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
