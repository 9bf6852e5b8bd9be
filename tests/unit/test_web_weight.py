"""What the home page weighs over the wire: itself, one sheet, one module, one icon."""

import gzip
import re
from pathlib import Path

from django.conf import settings

STATIC = Path(settings.BASE_DIR) / "mailboxes" / "static" / "mailboxes"
LIMIT = 60_000  # bytes


def compressed(name: str) -> int:
    return len(gzip.compress((STATIC / name).read_bytes()))


def test_home_has_one_sheet_and_one_module(client, domain):
    page = client.get("/").content.decode()
    assert len(re.findall(r'<link rel="stylesheet"', page)) == 1
    assert len(re.findall(r"<script ", page)) == 1


def test_home_stays_under_its_limit_even_where_nothing_compresses_the_page(client, domain):
    page = len(client.get("/").content)
    icon = (STATIC / "favicon.svg").stat().st_size
    assert page + compressed("site.css") + compressed("site.js") + icon < LIMIT


def test_the_module_stays_small():
    assert compressed("site.js") < 12_000
