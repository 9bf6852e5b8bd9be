"""The headers of every page, and templates that need nothing inline."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from tests.unit.web_visitors import every_url, visitor

TEMPLATES = Path(settings.BASE_DIR) / "mailboxes" / "templates"


@pytest.fixture
def responses(owner, deliver):
    deliver(owner.address)
    message_id = owner.mailbox.messages.get().id
    client, stranger = visitor(owner), Client()
    found = [
        client.get(path) for path in ("/", "/about", "/privacy", "/open", "/nonsense", "/create")
    ]
    for method, url in every_url(owner.mailbox.public_id, message_id):
        if not url.endswith(("end", "delete-all", "delete")):
            found.append(getattr(client, method)(url))
        found.append(getattr(stranger, method)(url))
    return found


def test_every_response_has_a_strict_policy(responses):
    for response in responses:
        policy = response["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-eval" not in policy
        if not response.request["PATH_INFO"].endswith("/frame") or response.status_code != 200:
            assert "unsafe-inline" not in policy


def test_every_response_forbids_sniffing_and_keeps_the_referrer(responses):
    for response in responses:
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Referrer-Policy"] in ("same-origin", "no-referrer")


def test_nothing_below_m_is_kept_or_indexed(responses):
    for response in responses:
        if response.request["PATH_INFO"].startswith("/m/"):
            assert response["Cache-Control"] == "no-store"
            assert response["X-Robots-Tag"] == "noindex, nofollow"


def test_no_template_has_inline_scripts_styles_or_handlers():
    for template in TEMPLATES.rglob("*.html"):
        text = template.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), template
        assert not re.search(r"\s(?:style|on[a-z]+)=\"", text), template
        assert template.name == "frame.html" or "<style" not in text, template


def test_nothing_is_loaded_from_elsewhere():
    for template in TEMPLATES.rglob("*.html"):
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", template.read_text()), template


def test_only_the_frame_shows_anything_unescaped():
    for template in TEMPLATES.rglob("*.html"):
        assert "|safe" not in template.read_text(), template
        assert "autoescape off" not in template.read_text(), template
