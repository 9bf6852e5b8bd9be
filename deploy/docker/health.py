"""Health checks of the containers: exit code 0, or 1 and why. Standard library only, as they run every few seconds.

python -m deploy.docker.health http PORT PATH | smtp PORT | delivery SOCKET | fresh FILE SECONDS
"""

import http.client
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

from delivery import protocol

TIMEOUT = 4.0  # seconds
# A probe comes by no proxy; to the site it is a request that came by https to a name that it knows.
_HEADERS = {"Host": "localhost", "X-Forwarded-Proto": "https"}


def over_http(port: str, path: str) -> str:
    """Return what is wrong with the answer, '' if it is 200."""
    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=TIMEOUT)
    try:
        connection.request("GET", path, headers=_HEADERS)
        status = connection.getresponse().status
    finally:
        connection.close()
    return "" if status == 200 else f"status {status}"


def over_smtp(port: str) -> str:
    """Return what is wrong with the greeting (RFC 5321 3.1)."""
    with socket.create_connection(("127.0.0.1", int(port)), timeout=TIMEOUT) as client:
        greeting = client.makefile("rb").readline(1024)
        client.sendall(b"QUIT\r\n")
    return "" if greeting.startswith(b"220 ") else "no greeting"


def of_delivery(path: str) -> str:
    """Ask the delivery worker, which asks its database."""
    return "" if protocol.ping(path, TIMEOUT) else "no answer"


def fresh(path: str, seconds: str) -> str:
    """Return '' if a file was written lately: Celery beat writes its schedule every three minutes.

    dbm(3) gives it an ending of its own, by its kind.
    """
    place = Path(path)
    written = max((each.stat().st_mtime for each in place.parent.glob(f"{place.name}*")), default=0)
    age = time.time() - written
    return "" if age < float(seconds) else f"written {age:.0f} s ago"


_KINDS: dict[str, Callable[..., str]] = {
    "http": over_http,
    "smtp": over_smtp,
    "delivery": of_delivery,
    "fresh": fresh,
}


def main(words: list[str]) -> str:
    """Return what is wrong, '' if all is well."""
    kind, *arguments = words
    try:
        return _KINDS[kind](*arguments)
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]) or 0)
