"""A body that comes in chunks is read like any other (.NET's HttpClient sends all JSON so)."""

import http.client
import json
from collections.abc import Iterator

import pytest

from deploy.local.stack import Stack
from tests.journey.client import new_inbox


def send(
    stack: Stack, method: str, path: str, token: str, chunks: Iterator[bytes]
) -> tuple[int, dict]:  # type: ignore[type-arg]
    connection = http.client.HTTPConnection("127.0.0.1", stack.http_port, timeout=60)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        connection.request(method, path, chunks, headers, encode_chunked=True)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


@pytest.mark.parametrize("pieces", [[b'{"expires_in": 7200}'], [b'{"expires', b'_in": ', b"7200}"]])
def test_a_body_in_chunks_is_read(stack: Stack, pieces: list[bytes]) -> None:
    inbox = new_inbox(stack)
    before = inbox.api("GET", "addresses/me").data["expires_at"]
    status, data = send(stack, "PATCH", "/api/addresses/me", inbox.token, iter(pieces))
    assert status == 200
    assert data["expires_at"] > before


def test_one_that_is_too_large_is_refused(stack: Stack) -> None:
    inbox = new_inbox(stack)
    pieces = iter([b'{"expires_in": "', *[b"9" * 1000] * 80, b'"}'])
    status, data = send(stack, "PATCH", "/api/addresses/me", inbox.token, pieces)
    assert (status, data["code"]) == (413, "too_large")


def test_one_that_is_empty_is_empty(stack: Stack) -> None:
    inbox = new_inbox(stack)
    status, data = send(stack, "PATCH", "/api/addresses/me", inbox.token, iter([]))
    assert (status, data["code"]) == (422, "invalid")
