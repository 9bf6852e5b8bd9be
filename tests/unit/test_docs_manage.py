"""The `manage.py` commands of the operators' pages, each as it stands there, one after the other."""

import shlex
from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import call_command

from mailboxes.models.access import ApiKey
from mailboxes.models.domains import Domain
from mailboxes.services import second_factor
from tempmail_site.doctor import checks, findings, runner
from tempmail_site.doctor.findings import Finding, check, ok
from tests import documented
from tests.unit import operators

pytestmark = pytest.mark.django_db


def run(commands: list[str]) -> list[str]:
    """Run each line of the blocks; return what each printed."""
    printed = []
    for line in "".join(commands).splitlines():
        words = shlex.split(line, comments=True)
        if not words:
            continue
        program = next(each for each in ("manage.py", "tempmail-manage") if each in words)
        name, *arguments = words[words.index(program) + 1 :]
        out = StringIO()
        call_command(name, *arguments, stdout=out)
        printed.append(out.getvalue())
    return printed


def test_admin() -> None:
    user = operators.with_factor()
    user.username = "NAME"
    user.save()
    assert run(documented.blocks(__file__, "docs/admin.md")) == ["removed\n"]
    assert not second_factor.is_set_up(user)


def test_api_keys() -> None:
    Domain.objects.create(name="shop.example")
    created, _other, listed, _revoked = run(documented.blocks(__file__, "docs/api-keys.md"))
    assert created.startswith("tmk_")
    assert "ci of shop" in listed
    assert ApiKey.objects.get(name="shop").revoked_at


def test_demo() -> None:
    made, removed = run(documented.blocks(__file__, "docs/demo.md"))
    assert "/open#tmt_" in made
    assert removed.startswith("removed: mailboxes=")


@pytest.fixture
def healthy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two checks of the names that are documented; what the real ones find: tests/journey/test_doctor.py."""
    checks.load()
    monkeypatch.setattr(findings, "ALL", {})
    monkeypatch.setattr(runner.connection, "close", lambda: None)  # the test's transaction goes on
    for name in ("postfix.rendered", "queue.waiting"):

        @check(name, "It may be ill.")
        def fine() -> Iterator[Finding]:
            yield ok("fine")


def test_doctor(healthy: None) -> None:
    everything, some, brief, as_json, listed = run(documented.blocks(__file__, "docs/doctor.md"))
    assert everything.count("fine") == some.count("fine") == 2
    assert "fine" not in brief
    assert as_json.startswith("{")
    assert "queue.waiting: It may be ill." in listed


def test_operate(healthy: None) -> None:
    well, keys, added, checked, paused, resumed, purged, again = run(
        documented.blocks(__file__, "docs/operate.md")
    )
    assert (well.count("fine"), keys) == (0, "")
    assert "mail.example" in added
    assert "mail.example" in checked
    assert paused == "creation is paused\n"
    assert resumed
    assert purged.startswith("mailboxes=0")
    assert again.startswith("mailboxes=0")
