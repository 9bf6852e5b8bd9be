"""What is kept of a request with an API key and an Idempotency-Key: nothing of either, of its token, or of its wish."""

import json
from pathlib import Path

from deploy.local.stack import Stack
from mailboxes.rules import sealing
from tests.journey import remains
from tests.journey.client import http_request

IDEMPOTENCY_KEY = "order-of-the-kestrel-4711"


def test_neither_tables_nor_redis_nor_files_hold_keys_or_token(stack: Stack) -> None:
    key = stack.manage("create_api_key", "at rest").strip()
    headers = {
        "Authorization": f"Bearer {key}",
        "Content-Type": "application/json",
        "Idempotency-Key": IDEMPOTENCY_KEY,
    }
    bodies = [json.dumps({"expires_in": seconds}).encode() for seconds in (1234, 1234, 4321)]
    answers = [http_request(stack, "POST", "/api/generate", body, headers) for body in bodies]
    assert [answer.status for answer in answers] == [201, 201, 422]
    made = answers[0].data
    assert made["token"] == answers[1].data["token"]
    secrets = [
        IDEMPOTENCY_KEY.encode(),
        sealing.token_bytes(key, sealing.API_KEY_PREFIX),
        sealing.token_bytes(made["token"]),
        *(text.encode() for text in (key, made["token"], made["address"].partition("@")[0])),
    ]
    looked_for = remains.needles(secrets)
    for table, row in remains.rows(stack):
        assert remains.found_in(row, looked_for) == set(), table
    for value in remains.redis_values(stack):
        assert remains.found_in(value, looked_for) == set()
    for place in remains.own_directories(stack):
        for path in filter(Path.is_file, place.rglob("*")):
            content = path.read_bytes()
            assert not [secret for secret in secrets if secret in content], path
