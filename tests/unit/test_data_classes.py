"""Nothing is kept that the table of data classes does not name, and nothing is named that is not there."""

import ast
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client, override_settings

import mailboxes
from delivery import rates
from deploy.local import mail_log
from mailboxes import data_classes
from mailboxes.web import times
from tempmail_site.celery import app as celery

ROOT = Path(mailboxes.__file__).parent
DEPLOY = ROOT.parent / "deploy"
COVERED = [name for each in data_classes.ALL for name in each.covers]
# Which cookies a module gives: a further call has to be named here, and its cookie in the table.
COOKIES = {
    "web/cookies.py": ["cookie:mailbox"],
    "web/report.py": ["cookie:report"],
    "web/receipt.py": ["cookie:receipt"],
    "gate/visitor.py": ["cookie:visitor"],
}
# Which keys or channels of Redis a module uses.
REDIS = {
    "live.py": "redis:tempmail:mailbox:*",
    "services/domain_use.py": "redis:tempmail:domains:*",
    "services/exclusive.py": "redis:tempmail:running:*",
    "services/samples.py": "redis:tempmail:samples",
    "services/heartbeats.py": "redis:tempmail:ran:*",
    "services/timeline_store.py": "redis:tempmail:timeline:*",
    "services/webhook_limits.py": "redis:tempmail:webhooks:*",
    "gate/places.py": "redis:tempmail:open:*",
    "gate/single_use.py": "redis:tempmail:*:used:*",
    "gate/client_key.py": "redis:tempmail:*:client-key",
    "gate/limits.py": "redis:tempmail:*:rl:*",
}


def fields() -> set[str]:
    """Every column of ours, and every model of others."""
    found = set()
    for model in apps.get_models(include_auto_created=True):
        if model._meta.app_label == "mailboxes":
            columns = {field.name for field in model._meta.local_concrete_fields if field.column}
            found |= {f"{model.__name__}.{name}" for name in columns}
        elif not model._meta.auto_created:
            found.add(model._meta.label)
    return found


def modules() -> list[tuple[str, ast.Module]]:
    """Our modules by path, parsed."""
    return [
        (str(path.relative_to(ROOT)), ast.parse(path.read_text())) for path in ROOT.rglob("*.py")
    ]


def calls(tree: ast.Module, *names: str) -> int:
    """How often methods of these names are called."""
    return sum(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in names
        for node in ast.walk(tree)
    )


def imported(tree: ast.Module) -> set[str]:
    """What a module imports, by full name."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{each.name}" for each in node.names}
    return names


def test_every_field_has_one_class_and_every_class_fields_that_exist():
    named = [name for name in COVERED if name[0].isupper() or name.split(".")[0] in OTHERS]
    assert sorted(named) == sorted(fields())


OTHERS = {"auth", "admin", "contenttypes", "sessions", "otp_totp", "otp_static"}


def test_every_cookie_has_a_class():
    given = {path: calls(tree, "set_cookie", "set_signed_cookie") for path, tree in modules()}
    assert {path: count for path, count in given.items() if count} == {
        path: len(cookies) for path, cookies in COOKIES.items()
    }
    ours = {cookie for cookies in COOKIES.values() for cookie in cookies}
    djangos = {"cookie:csrf", "cookie:session", "cookie:messages"}
    assert {name for name in COVERED if name.startswith("cookie:")} == ours | djangos


def test_every_use_of_redis_has_a_class():
    clients = {
        "redis",
        "redis.asyncio",
        "mailboxes.redis_clients",
        "django.core.cache.cache",
        "django_ratelimit.core.get_usage",
    }
    users = {path for path, tree in modules() if imported(tree) & clients}
    assert users - {"redis_clients.py"} == set(REDIS)
    assert set(REDIS.values()) <= set(COVERED)


def test_every_log_handler_has_a_class():
    handlers = {
        f"log:{name}"
        for name, handler in settings.LOGGING["handlers"].items()
        if handler["class"] != "logging.NullHandler"
    }
    assert handlers == {name for name in COVERED if name.startswith("log:")}


def test_nothing_is_in_two_classes():
    assert len(COVERED) == len(set(COVERED))


def test_every_task_that_is_named_runs_by_beat():
    run = {entry["task"] for entry in celery.conf.beat_schedule.values()}
    assert {each.task for each in data_classes.ALL if each.task} <= run


@pytest.mark.parametrize("each", data_classes.ALL, ids=lambda each: str(each.name))
def test_each_class_says_what_for_how_long_and_what_removes_it(each):
    assert str(each.purpose).endswith((".", "…"))
    assert ("%(time)s" in str(each.kept.words)) is (each.kept.seconds is not None)
    assert str(each.removed_by)
    assert each.covers
    if each.kept.seconds:
        assert each.kept.seconds() > 0


def test_numbers_of_programs_beside_this_one_are_theirs():
    assert data_classes.MAIL_LOG_SECONDS == 2 * mail_log.SECONDS
    assert data_classes.RATE_SECONDS == rates.SLICE_SECONDS * rates.SLICES
    jails = (DEPLOY / "fail2ban" / "jail.d" / "tempmail.conf").read_text()
    hours = re.findall(r"^bantime = (\d+)h$", jails, re.M)
    assert max(map(int, hours)) * 3600 == data_classes.BAN_SECONDS
    rotation = (DEPLOY / "nginx" / "tempmail-nginx.logrotate").read_text()
    assert f"daily\n    maxsize 50M\n    rotate {data_classes.WEB_LOG_DAYS - 1}\n" in rotation


@pytest.mark.django_db
def test_every_class_is_on_the_privacy_page():
    page = Client().get("/privacy").content.decode().replace("&#x27;", "'")
    for each in data_classes.ALL:
        assert str(each.cookie() if each.cookie else each.name) in page
        assert str(each.purpose) in page


@pytest.mark.django_db
@override_settings(LOG_RETENTION_DAYS=3)
def test_retentions_on_the_page_follow_the_settings():
    assert "3 days at the longest" in Client().get("/privacy").content.decode()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (600, "10 minutes"),
        (70, "2 minutes"),
        (3600, "1 hour"),
        (3601, "2 hours"),
        (172_800, "48 hours"),
        (172_801, "3 days"),
        (14 * 86_400, "14 days"),
    ],
)
def test_a_retention_is_never_shown_shorter_than_it_is(seconds, words):
    assert times.period(seconds) == words
