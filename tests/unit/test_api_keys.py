"""API keys in the hands of operators: a key is shown once, limited, revoked; by the admin and by commands."""

import re
from io import StringIO

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from mailboxes.models.access import ApiKey
from mailboxes.rules.errors import UnknownToken
from mailboxes.services import api_keys, domains

pytestmark = pytest.mark.django_db

ADD = "/admin/mailboxes/apikey/add/"
LIST = "/admin/mailboxes/apikey/"
WISH = {
    "name": "ci",
    "may_create": "on",
    "any_domain": "on",
    "creations_per_minute": 5,
    "creations_per_day": 50,
}


@pytest.fixture
def operator(db) -> Client:
    user = get_user_model().objects.create_superuser("root", "", "x")
    client = Client()
    client.force_login(user)
    return client


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def is_known(key: str) -> bool:
    try:
        return bool(api_keys.authenticate(key))
    except UnknownToken:
        return False


# --- the admin ---


def shown(page) -> str:  # type: ignore[no-untyped-def]
    return re.search(r"tmk_[\w-]{43}", page.content.decode())[0]


def test_a_key_is_on_the_page_that_answers_its_making_and_nowhere_else(operator, caplog):
    page = operator.post(ADD, WISH)
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    key = shown(page)
    assert page.content.decode().count(key) == 1
    row = api_keys.authenticate(key).row
    assert (row.name, row.creations_per_minute, row.creations_per_day) == ("ci", 5, 50)
    assert "messages" not in page.cookies
    assert key not in str(operator.session.items())
    assert key not in str(LogEntry.objects.values())
    assert key not in caplog.text
    for path in (LIST, f"{LIST}{row.pk}/change/", f"{LIST}{row.pk}/history/", ADD):
        assert "tmk_" not in operator.get(path).content.decode()
    assert bytes(row.digest).hex() not in operator.get(f"{LIST}{row.pk}/change/").content.decode()


def test_sending_the_form_again_makes_no_second_key(operator):
    operator.post(ADD, WISH)
    again = operator.post(ADD, WISH)
    assert "tmk_" not in again.content.decode()
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("more", ["_addanother", "_continue"])
def test_the_key_is_shown_whatever_is_to_follow(operator, more):
    assert shown(operator.post(ADD, {**WISH, more: "x"}))


def test_a_key_for_some_domains_is_for_these_alone(operator, domain):
    other = domains.add("other.test")[0]
    wish = {**WISH, "domains": [other.pk]}
    refused = operator.post(ADD, wish)
    assert "Choose domains, or any domain." in refused.content.decode()
    assert not ApiKey.objects.exists()
    wish.pop("any_domain")
    row = api_keys.authenticate(shown(operator.post(ADD, wish))).row
    assert api_keys.domains_of(row) == [other]


@pytest.mark.parametrize("limit", ["creations_per_minute", "creations_per_day"])
@pytest.mark.parametrize("value", [0, -1, ""])
def test_a_limit_is_at_least_one(operator, limit, value):
    assert "tmk_" not in operator.post(ADD, {**WISH, limit: value}).content.decode()
    assert not ApiKey.objects.exists()


def test_limits_and_scopes_change_and_the_key_stays(operator):
    key = shown(operator.post(ADD, WISH))
    change = f"{LIST}{ApiKey.objects.get().pk}/change/"
    answer = operator.post(change, {**WISH, "name": "other", "creations_per_day": 7})
    assert answer.status_code == 302
    row = api_keys.authenticate(key).row
    assert (row.name, row.creations_per_day) == ("ci", 7)


def test_keys_are_revoked_in_the_list(operator):
    keys = [api_keys.create(name) for name in ("a", "b", "c")]
    chosen = ApiKey.objects.filter(name__in="ab").values_list("pk", flat=True)
    wish = {"action": "revoke", "_selected_action": list(chosen)}
    assert operator.post(LIST, wish).status_code == 200  # asks for the reason
    assert all(is_known(key) for key in keys)
    answer = operator.post(LIST, {**wish, "confirmed": "yes", "reason": "left"})
    assert answer.status_code == 302
    assert [is_known(key) for key in keys] == [False, False, True]


def test_who_may_only_look_makes_and_revokes_none(db):
    from django.contrib.auth.models import Permission

    user = get_user_model().objects.create_user("looker", "", "x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_apikey"))
    client = Client()
    client.force_login(user)
    key = api_keys.create("a")
    assert client.get(LIST).status_code == 200
    assert client.post(ADD, WISH).status_code == 403
    wish = {"action": "revoke", "_selected_action": [ApiKey.objects.get().pk]}
    client.post(LIST, {**wish, "confirmed": "yes", "reason": "x"})
    assert is_known(key)
    assert ApiKey.objects.count() == 1


# --- commands ---


def test_a_command_makes_a_key_with_limits_scopes_and_domains(domain):
    key = run(
        "create_api_key", "ci", "--choose-names", "--domain", "Tempmail.Test",
        "--per-minute", "3", "--per-day", "9",
    ).removesuffix("\n")  # fmt: skip
    row = api_keys.authenticate(key).row
    assert (row.creations_per_minute, row.creations_per_day) == (3, 9)
    assert api_keys.scopes(row) == ["create", "choose_name"]
    assert api_keys.domains_of(row) == [domain]


@pytest.mark.parametrize(
    "words",
    [
        ("ci", "--per-minute", "0"),
        ("ci", "--per-day", "-1"),
        ("ci", "--domain", "not.here"),
        ("ci", "--domain", "x y"),
        ("x" * 101,),
        ("",),
    ],
)
def test_a_command_with_wrong_words_makes_none(domain, words):
    with pytest.raises(CommandError):
        run("create_api_key", *words)
    assert not ApiKey.objects.exists()


def test_the_list_says_all_but_the_key(domain):
    key = run("create_api_key", "ci", "--domain", "tempmail.test")
    run("create_api_key", "old")
    run("revoke_api_key", "old")
    ci, old = run("list_api_keys").splitlines()
    assert ci.split("\t") == [
        "ci", "valid", "create", "tempmail.test", "60/minute", "10000/day", "never used",
    ]  # fmt: skip
    assert old.split("\t")[1].startswith("revoked 2")
    assert key.strip() not in ci
    assert "tmk_" not in ci + old


def test_a_revoked_key_is_unknown_and_keeps_its_day():
    key = run("create_api_key", "ci").strip()
    assert is_known(key)
    assert run("revoke_api_key", "ci") == "revoked\n"
    revoked_at = ApiKey.objects.get().revoked_at
    assert run("revoke_api_key", "ci") == "it was revoked already\n"
    assert ApiKey.objects.get().revoked_at == revoked_at
    assert not is_known(key)
    with pytest.raises(CommandError) as unknown:
        run("revoke_api_key", "never")
    assert unknown.value.returncode == 3
