"""Every page of the admin, found by the URLconf: who may see it, what GET does, and that no mail is in it."""

import re
from dataclasses import dataclass

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client

from tests.unit import admin_pages, operators
from tests.unit.admin_pages import SECRETS

pytestmark = pytest.mark.django_db

OPEN = {"login", "logout", "second_factor"}
# What anybody of the staff may see: the frame of the site.
OF_ALL = {
    "index",
    "password_change",
    "password_change_done",
    "jsi18n",
    "app_list",
    "second_factor",
    "login",
    "logout",
}


@dataclass(frozen=True)
class Seen:
    """What a superuser was answered: on every page, and what was stored before and after."""

    answers: list
    address: str
    before: list[str]
    after: list[str]


_seen: list[Seen] = []


@pytest.fixture
def filled(owner):
    admin_pages.fill(owner.address)
    return owner


@pytest.fixture
def seen(request):
    """One walk over all pages, looked at by several tests."""
    if not _seen:
        owner = request.getfixturevalue("filled")
        client, before = operators.superuser(), snapshot()
        answers = [
            (page, client.get(page.url), client.head(page.url)) for page in admin_pages.every()
        ]
        _seen.append(Seen(answers, owner.address, before, snapshot()))
    return _seen[0]


def snapshot() -> list[str]:
    """All that is stored, but sessions and what operators did."""
    passing = ("sessions.Session", "mailboxes.ModerationRecord")
    models = [each for each in apps.get_models() if each._meta.label not in passing]
    return [
        f"{model._meta.label} {_plain(row)}"
        for model in models
        if not model._meta.proxy
        for row in model.objects.order_by("pk").values()
    ]


def _plain(row: dict[str, object]) -> list[tuple[str, object]]:
    """A row with its bytes as such: PostgreSQL's come as views."""
    return sorted((k, bytes(v) if isinstance(v, memoryview) else v) for k, v in row.items())


def test_no_page_shows_a_superuser_anything_of_visitors_mail_or_an_address(seen):
    assert len(seen.answers) > 60
    for page, answer, _head in seen.answers:
        assert answer.status_code in (200, 302, 403, 404, 405), page
        text = answer.content.decode(errors="replace")
        assert not [word for word in SECRETS if word in text], page
        if "abusereport" not in page.url and "operatormessage" not in page.url:
            assert seen.address not in text, page
    assert sum(answer.status_code == 200 for _page, answer, _head in seen.answers) > 25


def test_the_words_that_are_looked_for_would_be_found(filled):
    from mailboxes.services import reading

    opened = reading.open_by_token(filled.token)
    (item,) = reading.page(opened, limit=5).items
    assert all(
        any(word in str(each) for each in (item.summary, reading.message(opened, item.id).parsed))
        for word in SECRETS
    )


def test_the_find_page_echoes_the_address_to_who_typed_it_and_shows_no_mail(filled):
    text = operators.superuser().post("/admin/find/", {"text": filled.address}).content.decode()
    assert filled.mailbox.public_id in text
    assert not [word for word in SECRETS if word in text]


def test_a_stranger_gets_nothing_but_the_way_to_sign_in(filled):
    for page in admin_pages.every():
        for method in ("get", "post"):
            answer = getattr(Client(), method)(page.url)
            if page.name in OPEN and page.name != "second_factor":
                continue
            assert answer.status_code == 302, (method, page)
            assert answer["Location"].startswith("/admin/login/"), (method, page)


def test_an_account_without_a_role_gets_nothing_but_the_frame(filled):
    client = operators.signed_in(operators.account())
    for page in admin_pages.every():
        if page.name in OF_ALL:
            continue
        answer = client.get(page.url)
        assert answer.status_code in (302, 403, 404, 405), page
        if answer.status_code == 302:
            assert "/change/" in answer["Location"] or answer["Location"] == "/admin/", (
                page,
                answer["Location"],
            )


def test_an_account_that_is_not_of_the_staff_is_sent_to_sign_in(filled):
    client = Client()
    client.force_login(User.objects.create_user("visitor", "", "x"))
    for page in admin_pages.every():
        if page.name not in OPEN:
            assert client.get(page.url).status_code == 302, page


def test_looking_changes_nothing(seen):
    assert seen.before == seen.after


def test_nothing_that_changes_is_done_without_a_csrf_token(filled):
    client = operators.signed_in(
        operators.account(name="root", superuser=True), enforce_csrf_checks=True
    )
    before = snapshot()
    for page in admin_pages.every():
        answer = client.post(
            page.url, {"action": "end", "_selected_action": "1", "confirmed": "yes", "reason": "x"}
        )
        assert answer.status_code in (403, 302, 404), page
    assert snapshot() == before


def test_no_page_is_kept_by_a_browser(seen):
    for page, answer, _head in seen.answers:
        if answer.status_code == 200:
            assert "no-store" in answer["Cache-Control"], page


def test_no_page_has_anything_inline_or_from_elsewhere(seen):
    for page, answer, _head in seen.answers:
        if answer.status_code != 200 or "html" not in answer["Content-Type"]:
            continue
        text = answer.content.decode()
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:", text), page
        assert not re.search(r"<script(?![^>]*(src=|application/json))", text), page
        assert not re.search(r"""(?:src|href|action)=["']?(?:https?:)?//""", text), page


def test_nothing_sealed_is_in_what_a_serializer_of_the_admin_could_show(filled):
    """Fields of bytes are no fields of any form or list."""
    from django.contrib import admin

    for model, shown in admin.site._registry.items():
        sealed = {f.name for f in model._meta.get_fields() if f.__class__.__name__ == "BinaryField"}
        named = {str(name) for name in (*shown.list_display, *(shown.fields or ()))}
        assert not named & sealed, model
