"""What pipe(8) runs for each message: exits 0 only once the worker says that it is stored.

argv: SOCKET QUEUE_ID SIZE SENDER RECIPIENT...; the framing is that of delivery/protocol.py, which a
script that may import nothing repeats. Start-up time is this program's cost, so it stays short.
"""

import sys
from _socket import AF_UNIX, SOCK_STREAM, socket
from posix import _exit, getppid, read, write

EX_TEMPFAIL = 75
SECONDS = 20  # for each of connect, send, answer: at most 60 together, below the transport's limit
CHUNK = 1 << 16  # a pipe holds no more


def read_message() -> bytes:
    """All of stdin. It ends when pipe(8) closes it or dies, so it cannot hang for ever."""
    chunks = [read(0, CHUNK)]
    while chunks[-1]:
        chunks.append(read(0, CHUNK))
    return b"".join(chunks)


def deliver(parent: int) -> bytes:
    """Hands stdin and the envelope over; gives the line to print, empty when it is stored."""
    body = read_message()
    head = "\0".join(sys.argv[2:]).encode(sys.getfilesystemencoding(), "surrogateescape")
    if parent <= 1 or getppid() != parent:
        return b"4.3.0 the delivering process died\n"
    worker = socket(AF_UNIX, SOCK_STREAM)
    worker.settimeout(SECONDS)
    worker.connect(sys.argv[1])
    worker.sendall(b"DELIVER1 %d %d\n%b%b" % (len(head), len(body), head, body))
    # A dying parent closes stdin before its children get a new parent (do_exit in Linux), so it is
    # asked again; the worker takes nothing for complete before the last byte.
    if getppid() != parent:
        return b"4.3.0 the delivering process died\n"
    worker.sendall(b".")
    return b"" if worker.recv(8) == b"STORED\n" else b"4.3.0 the worker could not store it\n"


if __name__ == "__main__":
    output = b"4.3.0 the worker could not be asked\n"
    try:
        try:
            output = deliver(getppid())
        finally:
            write(1, output)
    finally:  # leaves for every exception: exit 1 would bounce the mail for good (pipe(8))
        _exit(EX_TEMPFAIL if output else 0)
