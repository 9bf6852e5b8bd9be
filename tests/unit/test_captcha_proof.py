"""The proof of work: each solution passes once, and only as it was asked for."""

import base64
import json
import os
import time

import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError as RedisAway

from mailboxes.gate import captcha, proof_of_work
from mailboxes.rules.errors import CaptchaFailed, Unavailable
from tests.captcha import payload, solve


@pytest.fixture(autouse=True)
def _altcha(settings, monkeypatch):
    settings.CAPTCHA = "altcha"
    monkeypatch.setattr(proof_of_work, "MAX_NUMBER", 50)


def expired(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(proof_of_work, "LIFETIME", -5)
        return proof_of_work.challenge()


def test_a_solution_passes_once_and_never_again():
    solution = solve(proof_of_work.challenge())
    captcha.verify(solution)
    with pytest.raises(CaptchaFailed):
        captcha.verify(solution)


def test_the_same_solution_in_another_spelling_does_not_pass_again():
    challenge = proof_of_work.challenge()
    solution = solve(challenge)
    captcha.verify(solution)
    respelled = json.loads(base64.b64decode(solution)) | {"took": 5}
    with pytest.raises(CaptchaFailed):
        captcha.verify(base64.b64encode(json.dumps(respelled, indent=3).encode()).decode())


def test_a_wrong_number_does_not_pass():
    challenge = proof_of_work.challenge()
    right = json.loads(base64.b64decode(solve(challenge)))["number"]
    for number in (right + 1, str(right), float(right), True, None):
        with pytest.raises(CaptchaFailed):
            captcha.verify(payload(challenge, number))


def test_a_solution_that_nobody_asked_for_does_not_pass(settings):
    challenge = proof_of_work.challenge()
    settings.SECRET_KEY = "another-key"
    with pytest.raises(CaptchaFailed):
        captcha.verify(solve(challenge))


def test_a_challenge_outlives_a_change_of_the_secret_key(settings):
    challenge = proof_of_work.challenge()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key"
    captcha.verify(solve(challenge))


def test_an_expired_challenge_does_not_pass(monkeypatch):
    with pytest.raises(CaptchaFailed):
        captcha.verify(solve(expired(monkeypatch)))


@pytest.mark.parametrize(
    "forged",
    ["{nonce}?expires=9999999999&{rest}", "{nonce}?expires=9999999999&", "{nonce}?{rest}x=1&"],
)
def test_a_salt_with_another_time_does_not_pass(monkeypatch, forged):
    challenge = expired(monkeypatch)
    solution = json.loads(base64.b64decode(solve(challenge)))
    nonce, _, rest = challenge["salt"].partition("?")
    salt = forged.format(nonce=nonce, rest=rest)
    with pytest.raises(CaptchaFailed):
        captcha.verify(payload(challenge, solution["number"], salt=salt))


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Asia/Tokyo"])
def test_the_clock_of_the_server_may_be_in_any_zone(monkeypatch, zone):
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        captcha.verify(solve(proof_of_work.challenge()))
        with pytest.raises(CaptchaFailed):
            captcha.verify(solve(expired(monkeypatch)))
    finally:
        os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
        time.tzset()


@pytest.mark.parametrize(
    "nonsense",
    ["", "x", "e30=", "W10=", "bnVsbA==", "MQ==", "\x00", "=" * 9, "A" * 5000, "é" * 8]
    + [base64.b64encode(raw).decode() for raw in (b'{"salt": 1}', b"[" * 1500, b'"text"')],
)
def test_nonsense_does_not_pass(nonsense):
    with pytest.raises(CaptchaFailed):
        captcha.verify(nonsense)


@pytest.mark.parametrize("algorithm", ["SHA-1", "SHA-512", "sha-256", 7])
def test_another_algorithm_does_not_pass(algorithm):
    challenge = proof_of_work.challenge()
    solution = json.loads(base64.b64decode(solve(challenge)))
    with pytest.raises(CaptchaFailed):
        captcha.verify(payload(challenge, solution["number"], algorithm=algorithm))


def test_without_redis_nothing_passes(monkeypatch):
    def away(*args):
        raise RedisAway

    solution = solve(proof_of_work.challenge())
    monkeypatch.setattr(cache, "add", away)
    with pytest.raises(Unavailable):
        captcha.verify(solution)
