"""The second factor of operators: set up before anything else is open, recovery codes, and how it is taken away."""

import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from mailboxes import checks
from mailboxes.models.abuse import ModerationRecord
from mailboxes.services import second_factor
from tests.run_all import PRODUCTION
from tests.unit import operators
from tests.unit.operators import account, code_of, is_in, sign_in, signed_in, with_factor

pytestmark = pytest.mark.django_db
FACTOR, INDEX = "/admin/second-factor/", "/admin/"


@pytest.fixture(autouse=True)
def _many(settings):
    settings.SIGN_INS_PER_CLIENT = "1000/h"


# --- must have one ---


@pytest.fixture
def required(settings):
    settings.ADMIN_REQUIRES_TOTP = True


def offer_of(page):
    return re.search(r'name="offer" value="([^"]+)"', page.content.decode())[1]


def set_up(client, user):
    page = client.get(FACTOR)
    offered = offer_of(page)
    key = second_factor.signing.loads(offered, salt="tempmail.second-factor")["key"]
    return client.post(
        FACTOR, {"offer": offered, "code": f"{totp(bytes.fromhex(key)):06}"}
    ), offered


@pytest.mark.usefixtures("required")
def test_where_it_must_be_nothing_is_open_before_it_is_set_up():
    user = account("operator")
    client = Client()
    sign_in(client)
    assert client.get(INDEX, follow=True).redirect_chain[-1][0] == FACTOR
    assert client.post("/admin/pause/", {"to": "paused", "reason": "x"}).status_code == 302
    assert not ModerationRecord.objects.filter(act="pause").exists()
    before = client.session.session_key
    page, _offered = set_up(client, user)
    assert len(re.findall(r"<code>\w{5}-\w{5}</code>", page.content.decode())) == 10
    assert is_in(client)
    assert client.session.session_key != before


@pytest.mark.usefixtures("required")
def test_a_session_from_before_is_not_admitted_once_there_is_a_second_factor(settings):
    settings.ADMIN_REQUIRES_TOTP = False
    user = account("operator")
    old, new = signed_in(user), signed_in(user)
    assert is_in(old)
    set_up(new, user)
    assert is_in(new)
    assert not is_in(old)
    assert old.get(FACTOR).status_code == 302  # nor may it take it away


@pytest.mark.usefixtures("required")
def test_who_waits_for_a_second_factor_can_sign_out():
    client = Client()
    account("operator")
    sign_in(client)
    client.post("/admin/logout/")
    assert not Session.objects.exists()


def test_an_offered_key_is_for_one_account_and_not_for_one_that_has_one():
    user, other = account("operator"), account("moderator")
    client = signed_in(user)
    offered = offer_of(client.get(FACTOR))
    key = second_factor.signing.loads(offered, salt="tempmail.second-factor")["key"]
    code = f"{totp(bytes.fromhex(key)):06}"
    stranger = signed_in(other)
    assert stranger.post(FACTOR, {"offer": offered, "code": code}).status_code == 200
    assert stranger.post(FACTOR, {"offer": "made-up", "code": code}).status_code == 200
    assert not TOTPDevice.objects.exists()
    client.post(FACTOR, {"offer": offered, "code": code})
    assert TOTPDevice.objects.get().user == user
    assert second_factor.set_up(user, offered, code_of(user, 1)) is None
    assert TOTPDevice.objects.count() == 1


def test_looking_at_the_offer_keeps_nothing():
    client = signed_in(account("operator"))
    before = dict(client.session)
    client.get(FACTOR)
    assert dict(client.session) == before
    assert not TOTPDevice.objects.exists()


# --- recovery codes ---


def test_a_recovery_code_opens_once_and_is_kept_as_a_digest():
    user = with_factor()
    codes = second_factor.make_codes(user)
    kept = {token.token for token in StaticToken.objects.all()}
    assert not kept & {code.replace("-", "") for code in codes}
    client = Client()
    sign_in(client, code=codes[0].upper())
    assert is_in(client)
    assert second_factor.codes_left(user) == 9
    again = Client()
    sign_in(again, code=codes[0])
    assert not is_in(again)
    assert ModerationRecord.objects.filter(act="use-code", actor="operator").count() == 1


def test_new_recovery_codes_end_the_old_ones():
    user = with_factor()
    old = second_factor.make_codes(user)
    second_factor.make_codes(user)
    client = Client()
    sign_in(client, code=old[0])
    assert not is_in(client)


def test_it_is_taken_away_with_a_code_only():
    user = with_factor()
    client = Client()
    sign_in(client, code=code_of(user))
    client.post(FACTOR, {"act": "remove", "code": ""})
    client.post(FACTOR, {"act": "remove", "code": "abcde-fghij"})
    assert second_factor.is_set_up(user)
    client.post(FACTOR, {"act": "remove", "code": code_of(user, 1)})
    assert not second_factor.is_set_up(user)


def test_a_superuser_takes_it_from_who_has_lost_it_with_a_reason():
    user = with_factor()
    client = operators.superuser()
    chosen = {"action": "remove_factor", "_selected_action": user.pk, "confirmed": "yes"}
    client.post("/admin/auth/user/", chosen)
    assert second_factor.is_set_up(user)
    client.post("/admin/auth/user/", {**chosen, "reason": "lost the phone"})
    assert not second_factor.is_set_up(user)
    record = ModerationRecord.objects.get(act="remove-factor")
    assert (record.subject, record.actor, record.reason) == ("operator", "root", "lost the phone")


def test_a_command_takes_it_from_the_last_superuser_who_has_lost_it(capsys):
    user = with_factor()
    call_command("remove_second_factor", "operator", "--reason", "lost the phone")
    call_command("remove_second_factor", "operator")
    assert capsys.readouterr().out == "removed\nthere was none\n"
    assert not second_factor.is_set_up(user)
    record = ModerationRecord.objects.get(act="remove-factor")
    assert (record.subject, record.actor, record.reason) == ("operator", "", "lost the phone")
    with pytest.raises(CommandError) as refused:
        call_command("remove_second_factor", "nobody")
    assert refused.value.returncode == 3


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_of_many_who_send_one_code_at_once_one_gets_in(kind):
    user = User.objects.create_user("operator", "", "x", is_staff=True)
    TOTPDevice.objects.create(user=user, confirmed=True)
    code = code_of(user) if kind == "app" else second_factor.make_codes(user)[0]
    together = threading.Barrier(6)

    def send(_number):
        together.wait(30)
        try:
            return second_factor.verify(user, code) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(send, range(6))) == [False] * 5 + [True]


@pytest.mark.parametrize(
    ("env", "needed"),
    [(PRODUCTION, "True"), ({**PRODUCTION, "ADMIN_REQUIRES_TOTP": "off"}, "False")],
)
def test_on_https_every_operator_needs_one_unless_a_setting_says_otherwise(env, needed, tmp_path):
    code = "from tempmail_site import settings; print(settings.ADMIN_REQUIRES_TOTP)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), **env},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == needed


@pytest.mark.parametrize("needed", [True, False])
def test_production_without_a_second_factor_is_warned_of(settings, needed):
    settings.ADMIN_REQUIRES_TOTP = needed
    found = {each.id for each in run_checks(include_deployment_checks=True)}
    assert (checks.ONE_FACTOR in found) is not needed
