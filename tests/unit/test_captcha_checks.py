"""What `manage.py check` says about the gate."""

import pytest
from django.core.checks import run_checks
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django_recaptcha.constants import TEST_PRIVATE_KEY, TEST_PUBLIC_KEY

from mailboxes import checks
from mailboxes.models.mailboxes import Mailbox


def found(*, deploy):
    ids = {each.id for each in run_checks(include_deployment_checks=deploy)}
    return {each for each in ids if each and each.startswith("mailboxes.E")}


@pytest.mark.parametrize("kind", ["", "Altcha", "hcaptcha"])
def test_an_unknown_captcha_is_an_error_everywhere(settings, kind):
    settings.CAPTCHA = kind
    assert checks.UNKNOWN in found(deploy=False)


def test_an_unknown_captcha_lets_nobody_through(settings, domain):
    settings.CAPTCHA = "altcah"
    with pytest.raises(ImproperlyConfigured):
        Client().post("/create")
    assert not Mailbox.objects.exists()


@pytest.mark.parametrize(
    "rate", ["30", "30/", "x/h", "0/h", "-1/h", "30/y", "", "30 / h", "1/0h", "1/2d"]
)
def test_a_limit_that_is_no_rate_is_an_error_everywhere(settings, rate):
    settings.CREATIONS_PER_CLIENT = rate
    assert found(deploy=False) == {checks.RATE}


@pytest.mark.parametrize("rate", ["1/s", "30/h", "1000/2h", "5/10m", "9/24h", "9/d"])
def test_a_limit_that_is_a_rate_is_fine(settings, rate):
    settings.CREATIONS_PER_CLIENT = settings.CREATIONS_PER_SESSION = rate
    assert found(deploy=False) == set()


def test_off_is_refused_in_production_only(settings):
    settings.CAPTCHA = "off"
    assert found(deploy=False) == set()
    assert found(deploy=True) == {checks.OFF}


@pytest.mark.parametrize(
    ("site_key", "secret_key", "expected"),
    [
        ("", "", {checks.KEY_MISSING}),
        ("site", "", {checks.KEY_MISSING}),
        ("", "secret", {checks.KEY_MISSING}),
        (TEST_PUBLIC_KEY, "secret", {checks.TEST_KEYS}),
        ("site", TEST_PRIVATE_KEY, {checks.TEST_KEYS}),
        ("site", "secret", set()),
    ],
)
def test_recaptcha_in_production_needs_real_keys(settings, site_key, secret_key, expected):
    settings.CAPTCHA = "recaptcha"
    settings.RECAPTCHA_SITE_KEY, settings.RECAPTCHA_SECRET_KEY = site_key, secret_key
    assert found(deploy=True) == expected


def test_the_default_is_fine_in_production(settings):
    settings.CAPTCHA = "altcha"
    assert found(deploy=True) == set()
