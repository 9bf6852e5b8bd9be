"""What the unit tests share."""

import json

import pytest
from django.core.cache import cache
from django.test import Client

from mailboxes.services import blocklist
from tests.unit.described import assert_described


@pytest.fixture(autouse=True)
def _nothing_counted() -> None:
    """Let no test meet the limits because of what others did, blocks included: all come from one network address."""
    cache.clear()
    blocklist.forget()


@pytest.fixture
def api(client: Client):  # type: ignore[no-untyped-def]
    """Call the API with a bearer token; returns the response, its JSON, if it is any, parsed as `.data`."""

    def call(method: str, path: str, token: str | None = None, body: object = None):  # type: ignore[no-untyped-def]
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        data = json.dumps(body) if body is not None else ""
        response = client.generic(method, f"/api/{path}", data, "application/json", headers=headers)
        assert_described(method, f"/api/{path}", response)
        is_json = "json" in response.headers.get("Content-Type", "")
        response.data = json.loads(response.content) if is_json and response.content else None
        return response

    return call
