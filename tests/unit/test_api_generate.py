"""POST /api/generate: who is given an address, by what, and how often."""

import asyncio
import json

import pytest
from django.test import AsyncClient, Client, override_settings

from mailboxes.gate import limits, proof_of_work
from mailboxes.models.access import ApiKey
from mailboxes.models.domains import Domain
from mailboxes.models.mailboxes import Mailbox
from mailboxes.services import api_keys, blocks, creation, domains, pause
from tests import captcha
from tests.unit.problems import assert_problem

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("domain")]

NAMES = override_settings(CUSTOM_LOCAL_PARTS=True)
ALTCHA = override_settings(CAPTCHA="altcha")


@pytest.fixture
def namer() -> str:
    """A key that may choose names."""
    return api_keys.issue(ApiKey(name="namer", may_choose_name=True))


# --- with a CAPTCHA ---


@ALTCHA
def test_a_solved_captcha_gets_an_address_without_a_key(api):
    challenge = api("GET", "captcha")
    assert (challenge.status_code, challenge.data["kind"]) == (200, "altcha")
    assert challenge["Cache-Control"] == "no-store"
    made = api("POST", "generate", body={"captcha": captcha.solve(challenge.data["challenge"])})
    assert made.status_code == 201
    assert not made.cookies
    assert api("GET", f"emails/{made.data['address']}", made.data["token"]).status_code == 200


@ALTCHA
@pytest.mark.parametrize("wrong", ["", "x", "e30=", "A" * 8192])
def test_a_wrong_captcha_gets_none(api, wrong):
    assert_problem(api("POST", "generate", body={"captcha": wrong}), 403, "captcha_failed")
    assert not Mailbox.objects.exists()


@ALTCHA
@pytest.mark.parametrize("wrong", ["\u00e9", "\0", "A" * 8193, 7, ["x"], {}])
def test_what_cannot_be_a_solution_is_invalid(api, wrong):
    assert_problem(api("POST", "generate", body={"captcha": wrong}), 422, "invalid")
    assert not Mailbox.objects.exists()


@ALTCHA
def test_a_solution_counts_once_for_the_api_and_the_site_together(client, api):
    for first, second in (("api", "web"), ("web", "api"), ("api", "api")):
        solved = captcha.solve(proof_of_work.challenge())
        ways = {
            "api": lambda s=solved: api("POST", "generate", body={"captcha": s}).status_code,
            "web": lambda s=solved: client.post("/create", {"captcha": s}).status_code,
        }
        assert ways[first]() in (201, 303)
        assert ways[second]() in (403, 422)


@override_settings(CAPTCHA="recaptcha", RECAPTCHA_SITE_KEY="site-key", RECAPTCHA_SECRET_KEY="s")
def test_with_recaptcha_it_says_which_site_and_action(api):
    expected = {"kind": "recaptcha", "site_key": "site-key", "action": "create"}
    assert api("GET", "captcha").data == expected


def test_with_captcha_off_any_passes_and_none_does_not(api):
    assert api("GET", "captcha").data == {"kind": "off"}
    assert api("POST", "generate", body={"captcha": "any"}).status_code == 201
    for body in ({}, {"captcha": None}):
        answer = api("POST", "generate", body=body)
        assert_problem(answer, 401, "unauthorized")
        assert answer["WWW-Authenticate"] == 'Bearer realm="tempmail"'


@pytest.mark.parametrize(
    "authorization",
    ["", "Bearer", "Bearer x", "Basic eDp5", "Bearer tmk_" + "A" * 43, "Bearer tmt_" + "A" * 43],
)
def test_a_wrong_authorization_is_wrong_also_with_a_captcha(client: Client, authorization):
    answer = client.post(
        "/api/generate",
        {"captcha": "any"},
        "application/json",
        headers={"Authorization": authorization},
    )
    assert answer.status_code == 401
    assert not Mailbox.objects.exists()


@override_settings(CREATIONS_PER_CLIENT="3/h")
def test_the_site_and_captchas_of_the_api_share_a_limit(client, api):
    assert client.post("/create", {}).status_code == 303
    left = [api("POST", "generate", body={"captcha": "x"}) for _ in range(2)]
    assert [answer["RateLimit-Policy"] for answer in left] == ['"creation";q=3;w=3600'] * 2
    assert [answer["RateLimit"].split(";")[1] for answer in left] == ["r=1", "r=0"]
    refused = api("POST", "generate", body={"captcha": "x"})
    assert_problem(refused, 429, "rate_limited")
    assert refused["RateLimit-Policy"] == '"creation";q=3;w=3600'
    assert refused["RateLimit"] == f'"creation";r=0;t={refused["Retry-After"]}'
    assert client.post("/create", {}).status_code == 429


@ALTCHA
def test_while_creation_is_paused_no_solution_is_spent(api):
    solution = captcha.solve(proof_of_work.challenge())
    pause.pause()
    refused = api("POST", "generate", body={"captcha": solution})
    assert_problem(refused, 503, "paused")
    assert int(refused["Retry-After"]) > 0
    pause.resume()
    assert api("POST", "generate", body={"captcha": solution}).status_code == 201


@ALTCHA
def test_for_a_blocked_network_no_solution_is_spent(api):
    solution = captcha.solve(proof_of_work.challenge())
    key = api_keys.create("ci")
    block = blocks.add("network", "127.0.0.1", reason="test")
    for token, body in ((None, {"captcha": solution}), (key, {})):
        assert_problem(api("POST", "generate", token, body), 403, "blocked")
    blocks.remove(block.pk, reason="")
    assert api("POST", "generate", body={"captcha": solution}).status_code == 201


@ALTCHA
def test_attempts_are_counted_before_anything_is_verified(api, monkeypatch):
    monkeypatch.setattr("django.conf.settings.CAPTCHAS_PER_CLIENT", "2/h")
    statuses = [api("POST", "generate", body={"captcha": "x"}).status_code for _ in range(3)]
    assert statuses == [403, 403, 429]


def test_challenges_are_limited(api, monkeypatch):
    monkeypatch.setattr("django.conf.settings.CAPTCHAS_PER_CLIENT", "1/h")
    assert api("GET", "captcha").status_code == 200
    assert_problem(api("GET", "captcha"), 429, "rate_limited")


# --- with a key ---


def test_a_key_says_what_is_left_of_both_its_limits(api):
    key = api_keys.issue(ApiKey(name="ci", creations_per_minute=5, creations_per_day=3))
    answer = api("POST", "generate", key, {})
    assert answer["RateLimit-Policy"] == '"key-minute";q=5;w=60, "key-day";q=3;w=86400'
    assert [part.split(";")[1] for part in answer["RateLimit"].split(", ")] == ["r=4", "r=2"]
    assert [api("POST", "generate", key, {}).status_code for _ in range(3)] == [201, 201, 429]
    refused = api("POST", "generate", key, {})
    assert refused["RateLimit-Policy"] == '"key-day";q=3;w=86400'


def test_keys_are_limited_each_on_its_own(api):
    first, second = (
        api_keys.issue(ApiKey(name=name, creations_per_minute=1)) for name in ("a", "b")
    )
    assert [api("POST", "generate", key, {}).status_code for key in (first, first, second)] == [
        201,
        429,
        201,
    ]


def test_a_key_without_its_scope_is_known_and_refused(api):
    key = api_keys.issue(ApiKey(name="ci", may_create=False))
    answer = api("POST", "generate", key, {})
    assert_problem(answer, 403, "insufficient_scope")
    assert answer["WWW-Authenticate"] == (
        'Bearer realm="tempmail", error="insufficient_scope", scope="create"'
    )


def test_a_key_is_confined_to_its_domains_offered_or_not(api):
    hidden = domains.add("hidden.test")[0]
    hidden.offered = False
    domains.save(hidden)
    key = api_keys.issue(ApiKey(name="ci"), [hidden])
    assert api("POST", "generate", key, {}).data["address"].endswith("@hidden.test")
    assert api("POST", "generate", key, {"domain": "Hidden.test."}).status_code == 201
    other = api("POST", "generate", key, {"domain": "tempmail.test"})
    assert_problem(other, 409, "domain_unavailable")
    anybody = api("POST", "generate", api_keys.create("other"), {"domain": "hidden.test"})
    assert_problem(anybody, 409, "domain_unavailable")


def test_a_key_whose_last_domain_is_gone_gets_no_other(api):
    gone = domains.add("gone.test")[0]
    key = api_keys.issue(ApiKey(name="ci"), [gone])
    Domain.objects.filter(pk=gone.pk).delete()
    assert_problem(api("POST", "generate", key, {}), 409, "domain_unavailable")


def test_a_key_is_used_on_a_day_and_no_more_is_noted(api):
    key = api_keys.create("ci")
    api("POST", "generate", key, {})
    noted = ApiKey.objects.values().get()
    assert not noted["last_used_on"].resolution.seconds
    assert key not in str(noted)
    assert key.removeprefix("tmk_") not in str(noted)


def test_who_guesses_keys_is_cut_off_before_they_are_looked_at(api, monkeypatch):
    monkeypatch.setattr(limits, "_WRONG_TOKENS", "3/h")
    for _ in range(3):
        assert_problem(api("POST", "generate", "tmk_" + "A" * 43, {}), 401, "unauthorized")
    assert_problem(api("POST", "generate", api_keys.create("ci"), {}), 429, "rate_limited")


def test_what_cannot_be_counted_is_not_created(api, monkeypatch):
    def away(*args, **kwargs):
        raise OSError

    monkeypatch.setattr(limits, "get_usage", away)
    for token, body in ((api_keys.create("ci"), {}), (None, {"captcha": "x"})):
        assert_problem(api("POST", "generate", token, body), 503, "unavailable")
    assert not Mailbox.objects.exists()


# --- names ---


@NAMES
def test_a_name_is_chosen_by_a_key_that_may(api, namer):
    made = api("POST", "generate", namer, {"local_part": "Chosen.Name"})
    assert made.data["address"] == "chosen.name@tempmail.test"
    refused = api("POST", "generate", api_keys.create("ci"), {"local_part": "other"})
    assert_problem(refused, 403, "insufficient_scope")
    assert 'scope="choose_name"' in refused["WWW-Authenticate"]


@NAMES
@pytest.mark.parametrize("name", ["postmaster", "a", "", "a b", "x" * 64 + "@", "a@b", "é", "\0ab"])
def test_a_name_that_nobody_may_have_is_refused(api, namer, name):
    answer = api("POST", "generate", namer, {"local_part": name})
    assert answer.status_code in (403, 422)
    assert not Mailbox.objects.exists()


@NAMES
def test_a_name_is_taken_also_long_after_its_end(api, namer):
    creation.create(local_part="chosen")
    Mailbox.objects.all().delete()
    answer = api("POST", "generate", namer, {"local_part": "chosen"})
    assert_problem(answer, 409, "address_taken")


@NAMES
@pytest.mark.parametrize("with_key", [True, False])
def test_who_tries_names_that_are_taken_soon_learns_nothing_more(api, namer, monkeypatch, with_key):
    monkeypatch.setattr(limits, "_TAKEN", "2/h")
    creation.create(local_part="chosen")

    def ask(name: str) -> int:
        body = {"local_part": name} | ({} if with_key else {"captcha": "x"})
        return api("POST", "generate", namer if with_key else None, body).status_code

    assert [ask("chosen") for _ in range(4)] == [409, 409, 429, 429]
    assert ask("free") == 429  # the same answer for both, or it would tell
    assert api("POST", "generate", namer, {}).status_code == 201


@NAMES
def test_names_tried_on_the_site_and_by_the_api_are_counted_together(client, api, monkeypatch):
    monkeypatch.setattr(limits, "_TAKEN", "1/h")
    creation.create(local_part="chosen")
    assert client.post("/create", {"local_part": "chosen"}).status_code == 409
    answer = api("POST", "generate", body={"local_part": "chosen", "captcha": "x"})
    assert_problem(answer, 429, "rate_limited")


@NAMES
def test_a_key_cannot_go_on_trying_names_from_another_network(client, namer, monkeypatch):
    monkeypatch.setattr(limits, "_TAKEN", "1/h")
    creation.create(local_part="chosen")
    statuses = [
        client.generic(
            "POST",
            "/api/generate",
            json.dumps({"local_part": "chosen"}),
            "application/json",
            headers={"Authorization": f"Bearer {namer}"},
            REMOTE_ADDR=f"192.0.2.{number}",
        ).status_code
        for number in range(3)
    ]
    assert statuses == [409, 429, 429]


# --- what comes back ---


@override_settings(INACTIVITY_LIFETIME=1200)
def test_expires_at_is_when_it_ends_if_nobody_uses_it(api):
    made = api("POST", "generate", api_keys.create("ci"), {"expires_in": 3600})
    (mailbox,) = Mailbox.objects.all()
    assert made.data["expires_at"][:19] == mailbox.ends_at.isoformat()[:19]
    assert mailbox.ends_at < mailbox.expires_at


@override_settings(MAX_LIFETIME=7200)
def test_a_lifetime_that_this_site_does_not_give_is_refused(api):
    answer = api("POST", "generate", api_keys.create("ci"), {"expires_in": 86_400})
    assert_problem(answer, 422, "lifetime_out_of_bounds")


def test_the_asynchronous_server_creates_as_well():
    key = api_keys.create("ci")

    async def create() -> tuple[int, int]:
        client = AsyncClient()
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "one"}
        answers = [
            await client.post("/api/generate", {}, "application/json", headers=headers)
            for _ in range(2)
        ]
        assert answers[0].content == answers[1].content
        return answers[0].status_code, answers[1].status_code

    assert asyncio.run(create()) == (201, 201)
    assert Mailbox.objects.count() == 1
