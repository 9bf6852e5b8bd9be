"""The pages that nginx has of its own, for when the site is away."""

import base64
import hashlib
import re

from tests.system.edge import host
from tests.system.edge.place import Place

HSTS = "max-age=31536000; includeSubDomains; preload"
ERRORS = host.DEPLOY / "nginx" / "errors"


def test_while_the_site_is_away_there_is_a_page_that_needs_nothing(edge: Place, away: None) -> None:
    page = edge.visitor.ask("/about")
    assert (page.status, page.headers["retry-after"]) == (503, "10")
    assert page.headers["strict-transport-security"] == HSTS
    assert page.headers["cache-control"] == "no-store"
    assert b"We will be right back" in page.body
    for path in ("/api/domains", "/api/emails/me", "/api/email/x/raw"):
        problem = edge.visitor.ask(path)
        assert (problem.status, problem.json["code"], problem.headers["content-type"]) == (
            503, "unavailable", "application/problem+json",
        )  # fmt: skip
        assert problem.headers["access-control-allow-origin"] == "*"
    assert edge.visitor.ask("/livez", tls=False).status in (502, 503)


def test_the_pages_of_nginx_may_have_their_style_and_nothing_else(edge: Place) -> None:
    policy = edge.visitor.ask("/metrics").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    for page in sorted(ERRORS.glob("*.html")):
        text = page.read_text()
        (style,) = re.findall(r"<style>(.*?)</style>", text, re.S)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"style-src 'sha256-{digest}'" in policy, page.name
        assert "prefers-color-scheme: dark" in style
        assert not re.search(r"<script|style=|src=|href=\"(?!/\")", text)


def test_the_error_pages_cannot_be_asked_for(edge: Place) -> None:
    assert b"right back" not in edge.visitor.ask("/.errors/away.html").body
    assert edge.visitor.ask("/.errors/../nginx.conf").status == 404
