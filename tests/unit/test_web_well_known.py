"""What programs ask for at fixed places."""

import json
import struct
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.robotparser import RobotFileParser

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client, override_settings
from django.urls import reverse

from mailboxes.web import pages

pytestmark = pytest.mark.django_db


def security_txt() -> list[tuple[str, str]]:
    response = Client().get("/.well-known/security.txt")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    return [tuple(line.split(": ", 1)) for line in response.content.decode().splitlines()]


def test_robots_may_read_the_pages_for_everybody_and_nothing_of_visitors():
    robots = RobotFileParser()
    robots.parse(Client().get("/robots.txt").content.decode().splitlines())
    for name in pages.PUBLIC:
        assert robots.can_fetch("any", reverse(f"web:{name}")), name
    for path in ("/m/abc/", "/api/emails/me", "/admin/", "/open", "/create", "/report/received"):
        assert not robots.can_fetch("any", path), path


def test_security_txt_has_what_rfc_9116_asks_for(domain):
    fields = security_txt()
    names = [name for name, _ in fields]
    assert names.count("Expires") == names.count("Preferred-Languages") == 1
    assert dict(fields)["Canonical"] == f"{settings.SITE_URL}/.well-known/security.txt"
    expires = datetime.fromisoformat(dict(fields)["Expires"])
    assert timedelta(days=30) < expires - datetime.now(UTC) < timedelta(days=365)


def test_security_txt_names_the_operators_mail_address_by_default(domain):
    contacts = [value for name, value in security_txt() if name == "Contact"]
    assert contacts == [f"mailto:abuse@{domain.name}", f"{settings.SITE_URL}/report"]


@pytest.mark.parametrize(
    ("contact", "url"),
    [
        ("ops@operator.example", "mailto:ops@operator.example"),
        ("https://operator.example/contact", "https://operator.example/contact"),
    ],
)
def test_security_txt_names_the_contact_that_the_operator_set(contact, url):
    with override_settings(OPERATOR_CONTACT=contact):
        assert security_txt()[0] == ("Contact", url)


def test_the_policy_that_security_txt_names_is_there():
    url = dict(security_txt())["Policy"].removeprefix(settings.SITE_URL)
    path, _, anchor = url.partition("#")
    assert f'id="{anchor}"' in Client().get(path).content.decode()


def test_the_sitemap_lists_the_pages_for_everybody():
    tree = ElementTree.fromstring(Client().get("/sitemap.xml").content)  # noqa: S314 - our own
    found = [element.text for element in tree.iter() if element.tag.endswith("}loc")]
    assert found == [f"{settings.SITE_URL}{reverse(f'web:{name}')}" for name in pages.PUBLIC]
    for url in found:
        page = Client().get(url.removeprefix(settings.SITE_URL))
        assert b"noindex" not in page.content, url


def test_the_manifests_icons_have_the_sizes_that_it_says():
    manifest = json.loads(Client().get("/manifest.webmanifest").content)
    assert manifest["start_url"] == "/"
    assert manifest["display"] == "standalone"
    for icon in manifest["icons"]:
        path = finders.find(icon["src"].removeprefix(settings.STATIC_URL))
        assert path, icon
        if icon["type"] == "image/png":
            assert f"{png_size(path)[0]}x{png_size(path)[1]}" == icon["sizes"]


def test_the_social_card_is_there_and_light():
    path = finders.find("mailboxes/social.png")
    assert png_size(path) == (1200, 630)
    assert Path(path).stat().st_size < 60_000


@pytest.mark.parametrize("name", pages.PUBLIC)
def test_each_public_page_has_one_description_a_card_and_its_own_address(name):
    path = reverse(f"web:{name}")
    page = Client().get(f"{path}?anything").content.decode()
    assert page.count('<meta name="description"') == 1
    assert f'<link rel="canonical" href="{settings.SITE_URL}{path}">' in page
    assert f'<meta property="og:image" content="{settings.SITE_URL}/static/' in page


@pytest.mark.parametrize("path", ["/favicon.ico", "/apple-touch-icon.png"])
def test_icons_are_found_where_programs_guess_them(path):
    target = Client().get(path)["Location"]
    assert finders.find(target.removeprefix(settings.STATIC_URL))


def png_size(path: str) -> tuple[int, int]:
    width, height = struct.unpack(">II", Path(path).read_bytes()[16:24])
    return width, height
