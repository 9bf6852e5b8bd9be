"""Tries to connect and says what came of it: "open", "refused" or "silent". Standard library only.

Arguments: host, port; `udp` as a third: whether a datagram is answered.
"""

import socket
import sys

PATIENCE = 1.5  # seconds; a packet that was dropped is never answered, and what is open answers in microseconds


def knock(
    host: str, port: int, kind: socket.SocketKind = socket.SOCK_STREAM, source: str = ""
) -> str:
    """Connect, and wait for a greeting; by UDP, send and wait for an answer."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as sock:
        sock.settimeout(PATIENCE)
        if source:
            sock.bind((source, 0))
        try:
            sock.connect((host, port))
            if kind == socket.SOCK_DGRAM:
                sock.send(b"hello\n")
            return "open" if sock.recv(100) == b"hello\n" else "closed"
        except TimeoutError:
            return "silent"
        except OSError as error:
            return (
                "refused"
                if isinstance(error, ConnectionError | PermissionError)
                else type(error).__name__
            )


if __name__ == "__main__":
    print(
        knock(
            sys.argv[1],
            int(sys.argv[2]),
            socket.SOCK_DGRAM if "udp" in sys.argv else socket.SOCK_STREAM,
        )
    )
