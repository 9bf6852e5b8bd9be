"""What docs/receipts.md tells others to do with a receipt works as it stands there."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from mailboxes.services import receipts
from mailboxes.services.ending import Deleted
from tests import documented

pytestmark = pytest.mark.django_db

DOCS = Path(settings.BASE_DIR) / "docs" / "receipts.md"


def snippets() -> dict[str, str]:
    """The code of the documentation, and of the page."""
    page = Client().get("/receipt").content.decode()
    shown = re.search(r'<pre class="shell"[^>]*><code>(.*?)</code>', page, re.DOTALL)[1]
    (snippet,) = documented.blocks(__file__, "docs/receipts.md")
    return {"docs": snippet, "page": shown}


@pytest.mark.parametrize("where", ["docs", "page"])
def test_the_snippet_tells_a_genuine_receipt_from_a_changed_one(where, tmp_path, settings):
    settings.OPERATOR_NAME = 'Müller & "Söhne"\t\u2028'
    receipt = receipts.deletion("abc@tempmail.test", receipts.MAIL_DELETED, Deleted(3, 99))
    keys = Client().get("/.well-known/tempmail-receipt-keys.json").content
    (tmp_path / "tempmail-receipt-keys.json").write_bytes(keys)
    script = tmp_path / "check.py"
    script.write_text(snippets()[where])
    assert run(script, receipt).stdout.strip() == "genuine"
    receipt["statement"]["messages"] = 2
    changed = run(script, receipt)
    assert changed.returncode != 0
    assert "BadSignatureError" in changed.stderr


def run(script: Path, receipt: dict) -> subprocess.CompletedProcess[str]:
    (script.parent / "receipt.json").write_text(json.dumps(receipt))
    return subprocess.run(
        [sys.executable, script.name],
        cwd=script.parent,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_example_has_the_members_that_a_receipt_has():
    (example,) = re.findall(r"```json\n(.*?)```", DOCS.read_text(), re.DOTALL)
    receipt = receipts.deletion("abc@tempmail.test", receipts.MAIL_DELETED, Deleted())
    assert json.loads(example).keys() == receipt.keys()
    assert json.loads(example)["statement"].keys() == receipt["statement"].keys()
