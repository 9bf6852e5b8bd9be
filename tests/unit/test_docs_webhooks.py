"""What docs/webhooks.md tells receivers to do works as it stands there."""

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from django.conf import settings

from mailboxes.rules import webhook_signatures
from mailboxes.services import webhook_outbox, webhook_sending, webhooks
from tests import documented

DOCS = (Path(settings.BASE_DIR) / "docs" / "webhooks.md").read_text()
SECRET = webhook_signatures.new_secret()
BODY = '{"type":"message.received","a":"\u00fc"}'.encode()


def snippet(language: str) -> str:
    (found,) = documented.blocks(__file__, "docs/webhooks.md", language)
    return found


def calls() -> list[tuple[str, dict[str, str], bytes, bool]]:
    """Calls, each with whether it is genuine."""
    now = int(time.time())
    good = webhook_signatures.headers(SECRET, "an-id", now, BODY)
    old = webhook_signatures.headers(SECRET, "an-id", now - 400, BODY)
    rotated = {**good, "webhook-signature": f"v1,AAAA {good['webhook-signature']}"}
    return [
        (SECRET, good, BODY, True),
        (SECRET, rotated, BODY, True),
        (SECRET, good, BODY + b" ", False),
        (SECRET, {**good, "webhook-id": "another"}, BODY, False),
        (SECRET, {**good, "webhook-timestamp": str(now + 1)}, BODY, False),
        (SECRET, {**good, "webhook-signature": good["webhook-signature"][3:]}, BODY, False),
        (SECRET, {**good, "webhook-signature": ""}, BODY, False),
        (SECRET, old, BODY, False),
        (webhook_signatures.new_secret(), good, BODY, False),
    ]


def test_the_python_tells_a_genuine_call_from_others() -> None:
    found: dict = {}
    exec(snippet("python"), found)  # noqa: S102
    for secret, headers, body, expected in calls():
        assert found["is_genuine"](secret, headers, body) is expected, headers


@pytest.mark.skipif(not shutil.which("node"), reason="no node")
def test_the_javascript_does_so_too(tmp_path: Path) -> None:
    script = tmp_path / "check.mjs"
    script.write_text(
        f"{snippet('javascript')}\n"
        "const calls = JSON.parse(process.argv[2]);\n"
        'const answer = ([s, h, b]) => isGenuine(s, h, Buffer.from(b, "utf8"));\n'
        "console.log(JSON.stringify(calls.map(answer)));\n"
    )
    given = json.dumps([[secret, headers, body.decode()] for secret, headers, body, _ in calls()])
    printed = subprocess.run(["node", script, given], check=True, capture_output=True).stdout
    assert json.loads(printed) == [expected for *_, expected in calls()]


def test_the_numbers_are_those_of_the_code() -> None:
    assert len(webhook_outbox.BACKOFF) == 5
    assert webhook_outbox.MOST_FAILURES == 20
    assert (webhook_sending.ATTEMPT_SECONDS, webhook_sending.PER_DOMAIN, webhooks.MOST) == (
        10,
        4,
        3,
    )
    assert settings.WEBHOOK_HOST_RATE == 300
    words = ["up to three URLs", "about 10 s, 40 s, 3, 11 and 43 minutes", "Twenty failures"]
    for each in [*words, "within ten seconds", "four at a time", "300 calls a minute"]:
        assert each in DOCS
