"""Event streams, waits, large messages and compression through nginx."""

import gzip
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.system.edge import boxes, place
from tests.system.edge.host import SITE
from tests.system.edge.place import SERVER, Place


def test_an_event_comes_while_the_stream_is_open(edge: Place, mailbox: dict[str, str]) -> None:
    with edge.visitor.asking("/api/events/me", headers=boxes.bearer(mailbox)) as (answer, _):
        assert answer.getheader("Content-Type", "").startswith("text/event-stream")
        assert answer.readline().startswith(b"retry:")
        boxes.deliver(edge, mailbox)
        assert b"event: message" in read_lines(answer, b"data:")


def test_the_page_of_an_inbox_is_told_too(edge: Place, mailbox: dict[str, str]) -> None:
    with edge.visitor.asking(f"/m/{mailbox['id']}/events", headers=boxes.cookie(mailbox)) as (
        answer,
        _,
    ):
        assert answer.status == 200
        assert answer.readline().startswith(b"retry:")
        boxes.deliver(edge, mailbox)
        assert b"event: message" in read_lines(answer, b"data:")


def test_a_stream_over_http_2_is_not_held_back(edge: Place, mailbox: dict[str, str]) -> None:
    words = ["--http2", "-N", "--max-time", "3", "-H", f"Authorization: Bearer {mailbox['token']}"]
    script = 'curl -sS --cacert "$1" --resolve "$2" "$3" "$4" "$5" "$6" "$7" "$8" "$9" || true'
    ca, resolve = str(edge.host.scratch / "ca.pem"), f"{SITE}:443:{SERVER}"
    said = place.run(
        edge.network,
        "client",
        "sh",
        "-c",
        script,
        "sh",
        ca,
        resolve,
        *words,
        f"https://{SITE}/api/events/me",
    )
    assert said.startswith("retry:")


def test_a_wait_ends_when_the_mail_is_there(edge: Place, mailbox: dict[str, str]) -> None:
    boxes.deliver(edge, mailbox)
    (before, *_) = edge.visitor.ask("/api/emails/me", headers=boxes.bearer(mailbox)).json["items"]
    with ThreadPoolExecutor(1) as pool:
        path = f"/api/emails/me?wait=50&after={before['id']}"
        waiting = pool.submit(edge.visitor.ask, path, headers=boxes.bearer(mailbox))
        subject = boxes.deliver(edge, mailbox)
        found = waiting.result().json["items"]
    assert [each["subject"] for each in found] == [subject]


def test_what_is_deleted_goes_to_the_other_server(edge: Place) -> None:
    another = boxes.make(edge)
    boxes.deliver(edge, another)
    ended = edge.visitor.ask("/api/emails/me?close=true", "DELETE", headers=boxes.bearer(another))
    assert ended.status == 200
    assert edge.visitor.ask("/api/emails/me", headers=boxes.bearer(another)).status in (
        401,
        404,
        410,
    )


def test_a_large_message_comes_whole_and_is_on_no_disk(
    edge: Place, mailbox: dict[str, str]
) -> None:
    boxes.deliver(edge, mailbox, size=6_000_000)
    path, headers = f"/api/email/{boxes.newest(edge, mailbox)}/raw", boxes.bearer(mailbox)
    before = made_below(edge, "/var/lib/nginx/proxy")
    with edge.visitor.asking(path, headers=headers) as (answer, _):
        assert answer.status == 200
        time.sleep(1)  # slower than the site: what nginx holds back has to be somewhere
        assert len(answer.read()) > 6_000_000
    assert made_below(edge, "/var/lib/nginx/proxy") == before


@pytest.mark.parametrize(
    "path", ["/about", "/privacy", "/api/docs", "/static/mailboxes/site.css", "/api/openapi.json"]
)
def test_what_is_the_same_for_everybody_is_compressed(edge: Place, path: str) -> None:
    found = edge.visitor.ask(path, headers={"Accept-Encoding": "gzip"})
    assert found.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in found.headers["vary"].lower()
    assert gzip.decompress(found.body)


def test_what_may_hold_secrets_is_not(edge: Place, mailbox: dict[str, str]) -> None:
    for path in (
        "/",
        "/open",
        f"/m/{mailbox['id']}/",
        f"/m/{mailbox['id']}/list",
        "/api/emails/me",
    ):
        headers = {
            "Accept-Encoding": "gzip, br",
            **boxes.cookie(mailbox),
            **boxes.bearer(mailbox),
        }
        found = edge.visitor.ask(path, headers=headers)
        assert found.status == 200, path
        assert "content-encoding" not in found.headers, path


def test_a_reload_cuts_no_stream_at_once_and_refuses_nobody(
    edge: Place, mailbox: dict[str, str]
) -> None:
    with edge.visitor.asking("/api/events/me", headers=boxes.bearer(mailbox)) as (answer, _):
        assert answer.readline().startswith(b"retry:")
        edge.host.run("nginx", "-s", "reload")
        for _ in range(20):
            assert edge.visitor.ask("/about").status == 200
        boxes.deliver(edge, mailbox)
        assert b"event: message" in read_lines(answer, b"data:")


def made_below(edge: Place, directory: str) -> dict[str, int]:
    """When something was last made or removed in each directory: nginx removes such files at once."""
    top = edge.host.path(directory)
    return {str(path): path.stat().st_mtime_ns for path in (top, *top.rglob("*"))}


def read_lines(answer: Any, wanted: bytes) -> bytes:
    """Read lines until an event of a message is whole."""
    got = b""
    while not (b"event: message" in got and wanted in got.partition(b"event: message")[2]):
        line = answer.readline()
        assert line, got
        got += line
    return got
