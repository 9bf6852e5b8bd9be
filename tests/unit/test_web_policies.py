"""The content security policy of everything outside of mailboxes: nothing inline, no foreign host."""

import pytest
from django.conf import settings
from django.test import Client, override_settings

pytestmark = pytest.mark.django_db

PATHS = (
    "/",
    "/?question",
    "/create",
    "/open",
    "/about",
    "/faq",
    "/privacy",
    "/terms",
    "/developers",
    "/report",
    "/report?question",
    "/report/received",
    "/report/status",
    "/receipt",
    "/receipt/yours",
    "/receipt/yours.json",
    "/status",
    "/status.json",
    "/.well-known/tempmail-receipt-keys.json",
    "/captcha/challenge",
    "/robots.txt",
    "/.well-known/security.txt",
    "/sitemap.xml",
    "/manifest.webmanifest",
    "/favicon.ico",
    "/apple-touch-icon.png",
    "/sw.js",
    "/livez",
    "/healthz",
    "/api/openapi.json",
    "/api/nonsense",
    "/api/emails/me",
    "/admin/login/",
    "/m/nonsense/",
    "/nonsense",
    "/about/../nonsense",
)
FOREIGN_FOR_GOOGLE = {"https://www.google.com/recaptcha/", "https://www.gstatic.com/recaptcha/"}


def policy_of(path: str) -> dict[str, set[str]]:
    client = Client(raise_request_exception=False)
    parts = client.get(path)["Content-Security-Policy"].split(";")
    return {words[0]: set(words[1:]) for part in parts if (words := part.split())}


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("captcha", ["off", "altcha", "recaptcha"])
def test_every_policy_is_strict(path, captcha):
    with override_settings(CAPTCHA=captcha, RECAPTCHA_SITE_KEY="a-site-key"):
        policy = policy_of(path)
    assert policy["default-src"] == {"'none'"}
    assert policy["base-uri"] == policy["frame-ancestors"] == {"'none'"}
    sources = set().union(*policy.values())
    assert not {source for source in sources if source.startswith("'unsafe")}
    assert not sources & {"*", "https:", "http:"}
    foreign = {source for source in sources if "://" in source}
    assert foreign <= (FOREIGN_FOR_GOOGLE if captcha == "recaptcha" else set())


@pytest.mark.parametrize("path", ["/about", "/privacy", "/open", "/m/nonsense/", "/nonsense"])
def test_google_may_be_asked_only_where_a_form_needs_it(path):
    with override_settings(CAPTCHA="recaptcha", RECAPTCHA_SITE_KEY="a-site-key"):
        assert not FOREIGN_FOR_GOOGLE & set().union(*policy_of(path).values())


def test_forms_can_be_sent_to_this_site_only():
    assert policy_of("/")["form-action"] == {"'self'"}
    assert settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]["script-src"] == ["'self'"]
