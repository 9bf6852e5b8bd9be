"""Too large, too slow, too often: nginx says no, and others go on."""

import select
import socket
import ssl
import time
from contextlib import ExitStack

import pytest

from tests.system.edge import boxes, client, host, place
from tests.system.edge.host import SITE
from tests.system.edge.place import OTHER, OTHER6, THIRD, VISITOR6, Place


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(edge: Place) -> None:
    head = f"POST /create HTTP/1.1\r\nHost: {SITE}\r\nContent-Length: 104857600\r\n\r\n"
    with edge.visitor.secure() as sock:
        sock.sendall(head.encode())
        said = client.read_until(sock, b"</html>")
    assert said.startswith(b"HTTP/1.1 413 ")
    assert b"That was too large" in said


def test_one_in_chunks_is_refused_while_it_is_sent(edge: Place) -> None:
    head = f"POST /api/generate HTTP/1.1\r\nHost: {SITE}\r\nTransfer-Encoding: chunked\r\n\r\n"
    context = ssl.create_default_context(cafile=str(edge.host.scratch / "ca.pem"))
    context.maximum_version = (
        ssl.TLSVersion.TLSv1_2
    )  # in 1.3 more than the answer can be there to be read (tickets)
    with edge.visitor.secure(context=context) as sock:
        sock.sendall(head.encode())
        chunks = 0
        while not select.select([sock], [], [], 0)[0]:
            sock.sendall(b"10000\r\n" + b"x" * 65_536 + b"\r\n")
            chunks += 1
            assert chunks < 1_600, "100 MB, and no answer"
        assert client.read_until(sock, b"\r\n").startswith(b"HTTP/1.1 413 ")
    refused = edge.visitor.ask("/api/generate", "POST", body="x" * 200_000)
    assert (refused.status, refused.json["code"]) == (413, "too_large")


def test_of_bodies_nothing_is_written_to_a_file(edge: Place) -> None:
    """With a length, in chunks, and in HTTP/2 without a length: what is let in at all fits into a buffer.

    nginx numbers such files and deletes them at once: the time of the directory tells.
    """
    opened = edge.host.scratch / "opened"
    directory = edge.host.path("/run/nginx-body")
    before = directory.stat().st_mtime_ns
    body = edge.host.scratch / "body"
    body.write_text("token=" + "x" * 90_000)
    for version in ("--http1.1", "--http2"):
        for way in ("-H", "Transfer-Encoding: chunked"), ("-H", "Expect:"):
            place.curl(
                edge,
                version,
                "-o",
                str(opened),
                *way,
                "--data-binary",
                f"@{body}",
                f"https://{SITE}/open",
            )
    assert directory.stat().st_mtime_ns == before


def test_headers_that_are_too_long_or_wrong_get_a_page(edge: Place) -> None:
    long = edge.visitor.ask("/", headers={"X-Long": "x" * 40_000})
    assert (long.status, b"That request made no sense" in long.body) == (431, True)
    said = edge.visitor.say(f"GET /%zz HTTP/1.1\r\nHost: {SITE}\r\n\r\n".encode())
    assert said.startswith(b"HTTP/1.1 400 ")
    assert b"nginx" not in said.partition(b"\r\n\r\n")[2]


def test_two_ways_to_say_how_long_a_request_is_are_refused(edge: Place) -> None:
    both = "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n"
    said = edge.visitor.say(f"POST /open HTTP/1.1\r\nHost: {SITE}\r\n{both}".encode())
    assert said.startswith(b"HTTP/1.1 400 ")
    assert said.count(b"HTTP/1.1 ") == 1


def test_slow_clients_are_let_go_and_hold_up_nobody(edge: Place) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(edge.visitor.connect(80, OTHER)) for _ in range(100)]
        slow += [stack.enter_context(edge.visitor.secure(source=OTHER)) for _ in range(100)]
        for sock in slow:
            sock.sendall(f"GET / HTTP/1.1\r\nHost: {SITE}\r\nX-Slow: ".encode())
        assert edge.visitor.ask("/").status == 200
        deadline = time.monotonic() + host.DEADLINE
        for sock in slow:
            feed_until_closed(sock, deadline)
    offences = host.lines(edge.host.path("/run/tempmail/edge/web.log"))
    assert sum(line.endswith(f" {OTHER} malformed") for line in offences) >= 200


def test_a_body_that_stops_ends_too(edge: Place) -> None:
    said = edge.visitor.say(
        f"POST /open HTTP/1.1\r\nHost: {SITE}\r\nContent-Length: 100\r\n\r\ntok".encode()
    )
    assert said.startswith(b"HTTP/1.1 408 ") or not said


def test_too_many_requests_of_one_client_are_slowed_down_alone(edge: Place) -> None:
    flood = ["--parallel", "--parallel-max", "50", "-o", "/dev/null"]
    flood += ["-w", "%{http_code} %{content_type}\n"]
    said = place.curl(edge, "--interface", THIRD, *flood, f"https://{SITE}/api/nothing?[1-700]")
    assert said.count("429 application/problem+json\n") == said.count("429 ") > 50
    assert edge.visitor.ask("/", source=OTHER).status == 200


def test_who_does_not_read_what_he_asked_for_holds_up_nobody(
    edge: Place, mailbox: dict[str, str]
) -> None:
    """Each large answer holds a thread of the site while it is read; one process has ten of them here."""
    boxes.deliver(edge, mailbox, size=6_000_000)
    headers = boxes.bearer(mailbox)
    lines = [f"GET /api/email/{boxes.newest(edge, mailbox)}/raw HTTP/1.1", f"Host: {SITE}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with ExitStack() as stack:
        slow = [stack.enter_context(edge.visitor.secure(source=OTHER)) for _ in range(20)]
        for sock in slow:
            sock.sendall("\r\n".join([*lines, "", ""]).encode())
        answers = [client.read_until(sock, b"\r\n")[:12] for sock in slow]
        assert answers.count(b"HTTP/1.1 200") == 8
        assert answers.count(b"HTTP/1.1 429") == 12
        assert edge.visitor.ask("/about").status == 200
        assert edge.visitor.ask("/api/domains").status == 200


def test_signing_in_is_slower_still(edge: Place) -> None:
    codes = [
        edge.visitor6.ask("/admin/login/", "POST", body="a=b", source=OTHER6).status
        for _ in range(40)
    ]
    assert codes[0] == 403  # no CSRF token
    assert codes[-1] == 429
    assert edge.visitor6.ask("/admin/login/", source=VISITOR6).status == 200


@pytest.mark.parametrize(
    "path", ["/wp-login.php", "/.env", "/.git/config", "/phpmyadmin/", "//cgi-bin/x"]
)
def test_scanners_are_answered_without_the_site(edge: Place, path: str) -> None:
    found = edge.visitor.ask(path, source=OTHER)
    assert (found.status, b"There is nothing here" in found.body) == (404, True)
    assert "x-request-id" not in found.headers


def feed_until_closed(sock: socket.socket, deadline: float) -> None:
    """Send a byte now and then until the server has had enough."""
    sock.settimeout(1)
    while True:
        assert time.monotonic() < deadline, "still open"
        try:
            sock.sendall(b"x")
            if not sock.recv(1000):
                return
        except TimeoutError:
            continue
        except OSError:
            return
