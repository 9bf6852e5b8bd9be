"""What a browser fetches for the home page: little, packed, and kept for good where its name says what is in it."""

import http.client
import re
from dataclasses import dataclass

from deploy.local.ports import LOOPBACK
from deploy.local.stack import Stack

BUDGET = 60_000  # bytes over the wire, headers included


@dataclass(frozen=True)
class Fetched:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def weight(self) -> int:
        return len(self.body) + sum(
            len(name) + len(value) + 4 for name, value in self.headers.items()
        )


def fetch(stack: Stack, path: str) -> Fetched:
    connection = http.client.HTTPConnection(LOOPBACK, stack.http_port, timeout=30)
    try:
        connection.request("GET", path, headers={"Accept-Encoding": "gzip, br"})
        answer = connection.getresponse()
        return Fetched(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def static_files(stack: Stack) -> list[str]:
    """Return what the home page names: style, scripts (the CAPTCHA's too), icon; not what only others fetch."""
    page = fetch(stack, "/").body.decode()
    found = set(re.findall(r'="(/static/[^"]+\.(?:css|js|svg))"', page))
    assert {path.rpartition(".")[2] for path in found} == {"css", "js", "svg"}
    return sorted(found)


def test_the_home_page_with_all_that_it_needs_is_light(stack: Stack) -> None:
    weights = {path: fetch(stack, path).weight for path in ["/", *static_files(stack)]}
    assert sum(weights.values()) < BUDGET, weights


def test_static_files_with_a_hash_in_their_name_are_kept_for_good(stack: Stack) -> None:
    for path in static_files(stack):
        answer = fetch(stack, path)
        assert answer.status == 200
        assert re.search(r"\.[0-9a-f]{12}\.[a-z0-9]+$", path), path
        assert "immutable" in answer.headers["cache-control"], path
        assert int(re.search(r"max-age=(\d+)", answer.headers["cache-control"])[1]) >= 31_536_000


def test_static_text_is_sent_packed(stack: Stack) -> None:
    for path in static_files(stack):
        if path.endswith((".css", ".js")):
            assert fetch(stack, path).headers["content-encoding"] in ("gzip", "br"), path


def test_a_static_file_without_a_hash_is_asked_for_again(stack: Stack) -> None:
    answer = fetch(stack, "/static/mailboxes/site.css")
    assert answer.status == 200
    assert "immutable" not in answer.headers["cache-control"]


def test_static_files_can_do_nothing_as_pages(stack: Stack) -> None:
    for path in static_files(stack):
        headers = fetch(stack, path).headers
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert headers["x-content-type-options"] == "nosniff"


def test_pages_of_visitors_are_not_kept(stack: Stack) -> None:
    for path in ("/", "/m/nonsense/", "/report", "/open"):
        assert "no-store" in fetch(stack, path).headers["cache-control"], path
