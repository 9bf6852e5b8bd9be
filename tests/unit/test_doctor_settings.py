"""The doctor and settings: each value that does not fit is named, with what to set instead."""

from pathlib import Path

import pytest
from django.test import override_settings

from mailboxes.models.domains import Domain
from mailboxes.models.records import KeyFingerprint
from mailboxes.services import domains
from tests.unit.examined import FAULT, OK, SKIPPED, WARNING, level_of, words_of

HTTPS = {
    "SITE_URL": "https://mail.kestrel.org",
    "SECURE": True,
    "ALLOWED_HOSTS": ["mail.kestrel.org"],
    "TRUSTED_PROXIES": ["127.0.0.1"],
}


@override_settings(**HTTPS)
@pytest.mark.parametrize(
    "id_", ["site_url", "allowed_hosts", "trusted_proxies", "lifetimes", "debug"]
)
def test_a_server_that_is_set_up_well_is_well(id_: str) -> None:
    assert level_of(f"settings.{id_}") is OK


@pytest.mark.parametrize(
    ("id_", "level", "changed", "words"),
    [
        ("debug", FAULT, {"DEBUG": True}, "Unset DEBUG"),
        ("debug", WARNING, {"DEBUG": True, "SITE_URL": "http://localhost:8000"}, "Unset DEBUG"),
        ("site_url", FAULT, {"SITE_URL": "mail.kestrel.org"}, "https://"),
        ("site_url", FAULT, {"SITE_URL": "https://mail.kestrel.org/x"}, "more than"),
        ("site_url", FAULT, {"SITE_URL": "https://[nonsense"}, "no address"),
        ("site_url", FAULT, {"SITE_URL": "http://mail.kestrel.org"}, "in clear"),
        ("site_url", WARNING, {"SITE_URL": "http://127.0.0.1:8000"}, "this machine only"),
        ("allowed_hosts", FAULT, {"ALLOWED_HOSTS": ["*"]}, "ALLOWED_HOSTS=mail.kestrel.org"),
        ("allowed_hosts", FAULT, {"ALLOWED_HOSTS": ["localhost"]}, "mail.kestrel.org"),
        ("trusted_proxies", FAULT, {"TRUSTED_PROXIES": []}, "one client"),
        ("trusted_proxies", FAULT, {"TRUSTED_PROXIES": ["0.0.0.0/0"]}, "any address"),
        ("trusted_proxies", FAULT, {"TRUSTED_PROXIES": ["::/0"]}, "any address"),
        ("trusted_proxies", FAULT, {"TRUSTED_PROXIES": ["nginx"]}, "no network"),
        ("lifetimes", FAULT, {"DEFAULT_LIFETIME": 400_000}, "DEFAULT_LIFETIME"),
        ("lifetimes", FAULT, {"QUEUE_LIFETIME": 3600}, "given up"),
        ("lifetimes", FAULT, {"MAILBOX_MAX_BYTES": 1000}, "MESSAGE_SIZE_LIMIT"),
        ("checks", FAULT, {"CAPTCHA": "riddle"}, "mailboxes.E001"),
    ],
)
def test_a_value_that_does_not_fit_is_named(
    id_: str, level: object, changed: dict[str, object], words: str
) -> None:
    with override_settings(**{**HTTPS, **changed}):
        assert level_of(f"settings.{id_}") is level
        assert words in words_of(f"settings.{id_}", level)


@override_settings(TRUSTED_PROXIES=["unix"], **{k: HTTPS[k] for k in ("SITE_URL", "SECURE")})
def test_a_unix_socket_is_a_proxy_too() -> None:
    assert level_of("settings.trusted_proxies") is OK


@override_settings(**HTTPS)
def test_deployment_checks_are_made_for_a_site_on_https() -> None:
    with override_settings(SESSION_COOKIE_SECURE=False):
        assert "security.W01" in words_of("settings.checks", WARNING)
    with override_settings(SECURE=False, SESSION_COOKIE_SECURE=False):
        assert level_of("settings.checks") is not FAULT


@pytest.mark.parametrize("name", ["SMTP_HOSTNAME", "OPERATOR_CONTACT", "OPERATOR_NAME"])
@pytest.mark.parametrize("value", ["mx.example.com", "abuse@mail.example", "CHANGE-ME", "mx.test"])
def test_examples_are_noticed(name: str, value: str) -> None:
    with override_settings(**HTTPS):
        assert level_of("names.placeholders") is OK
        with override_settings(**{name: value}):
            assert name in words_of("names.placeholders", FAULT)


def test_names_that_only_look_like_examples_are_not() -> None:
    for value in ("mx.testing.org", "example-mail.org", "counterexample.net"):
        with override_settings(**HTTPS, SMTP_HOSTNAME=value):
            assert level_of("names.placeholders") is OK


def test_an_operator_without_a_name_and_a_host_without_one() -> None:
    assert "OPERATOR_NAME" in words_of("names.operator", WARNING)
    with override_settings(OPERATOR_NAME="Kestrel"):
        assert level_of("names.operator") is OK
    for value, level in (("", WARNING), ("localhost", FAULT), ("-x.org", FAULT), ("mx.a.org", OK)):
        with override_settings(SMTP_HOSTNAME=value):
            assert level_of("names.smtp_hostname") is level


@pytest.mark.django_db
def test_without_a_domain_there_is_no_service() -> None:
    assert "no domain takes mail" in words_of("names.domains", FAULT)
    domains.add("tempmail.test")
    assert "tempmail.test is an example" in words_of("names.domains", WARNING)
    domains.add("mail.kestrel.org")
    Domain.objects.filter(name="tempmail.test").delete()
    assert level_of("names.domains") is OK
    Domain.objects.update(offered=False)
    assert "no domain is offered" in words_of("names.domains", FAULT)


def test_keys_that_are_short_or_serve_twice() -> None:
    good = [f"{letter * 42}A=" for letter in "BCD"]
    names = ("ADDRESS_DIGEST_KEY", "OPERATOR_KEY", "RECEIPT_KEY")
    secret = {"SECRET_KEY": "".join(map(chr, range(40, 100)))}
    with override_settings(**dict(zip(names, good, strict=True)), **secret):
        assert level_of("keys.values") is OK
        with override_settings(OPERATOR_KEY=good[0]):
            assert "the same as ADDRESS_DIGEST_KEY" in words_of("keys.values", FAULT)
        with override_settings(RECEIPT_KEY="c2hvcnQ="):
            said = words_of("keys.values", FAULT)
            assert "RECEIPT_KEY is not 32 bytes" in said
            assert "c2hvcnQ" not in said
        with override_settings(SECRET_KEY="short"):
            assert "SECRET_KEY" in words_of("keys.values", WARNING)


def test_a_file_of_keys_that_others_may_read(tmp_path: Path) -> None:
    with override_settings(DATA_DIR=tmp_path):
        assert "environment" in words_of("keys.file", OK)
        file = tmp_path / "secrets.env"
        file.write_text("SECRET_KEY=x")
        for mode, level in ((0o600, OK), (0o640, OK), (0o644, FAULT), (0o660, FAULT)):
            file.chmod(mode)
            assert level_of("keys.file") is level
        assert f"chmod 600 {file}" in words_of("keys.file", FAULT)


@pytest.mark.django_db
def test_another_key_than_the_database_knows() -> None:
    from mailboxes.services import key_guard

    KeyFingerprint.objects.all().delete()
    assert level_of("keys.fingerprint") is OK
    fingerprint = bytes.fromhex(key_guard.fingerprint()) + bytes(10)
    KeyFingerprint.objects.create(name=key_guard.NAME, fingerprint=fingerprint)
    assert key_guard.WORDS in words_of("keys.fingerprint", FAULT)
    assert key_guard.fingerprint() not in words_of("keys.fingerprint", FAULT)


def test_packages_in_other_versions_than_those_tried(tmp_path: Path) -> None:
    assert level_of("versions.python") is OK
    with override_settings(BASE_DIR=tmp_path):
        assert level_of("versions.packages") is SKIPPED
        pins = tmp_path / "requirements.txt"
        pins.write_text("Django==1.0\n# a comment\nnh3\n")
        assert "not 1.0" in words_of("versions.packages", WARNING)
        pins.write_text("kestrel[fast]==1.0\n")
        assert "kestrel 1.0 is missing" in words_of("versions.packages", FAULT)
