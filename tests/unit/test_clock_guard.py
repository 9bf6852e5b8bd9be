"""A clock that has jumped: nothing is purged by it until it is right again, or somebody says that it is."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from mailboxes import tasks
from mailboxes.management.commands import purge
from mailboxes.models.mailboxes import Mailbox
from mailboxes.models.records import ClockReading, PurgeRecord
from mailboxes.services import clock, clock_guard, creation, ending, reading, retention
from mailboxes.services.clock_guard import ClockJumped

pytestmark = pytest.mark.django_db
BEGIN = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Machine:
    """A machine whose clock and whose time since boot the test moves."""

    def __init__(self) -> None:
        self.clock, self.uptime, self.boot = BEGIN, 1000.0, "one"

    def passes(self, **time: float) -> None:
        self.clock += timedelta(**time)
        self.uptime += timedelta(**time).total_seconds()

    def jumps(self, **time: float) -> None:
        self.clock += timedelta(**time)

    def reboots(self, **off: float) -> None:
        self.clock += timedelta(**off)
        self.uptime, self.boot = 20.0, self.boot + "'"

    def read(self) -> ClockReading:
        return ClockReading(database_time=self.clock, boot_id=self.boot, uptime=self.uptime)


@pytest.fixture
def machine(monkeypatch):
    machine = Machine()
    monkeypatch.setattr(clock_guard, "_read", machine.read)
    assert clock_guard.now() == BEGIN  # without an earlier reading there is nothing to doubt
    return machine


def held_back() -> bool:
    try:
        clock_guard.now()
    except ClockJumped:
        return True
    return False


def test_time_that_passes_is_believed_however_long_no_purge_ran(machine):
    machine.passes(minutes=1)
    assert clock_guard.now() == machine.clock
    machine.passes(days=3)
    assert clock_guard.now() == machine.clock


def test_a_jump_of_up_to_an_hour_is_believed(machine):
    machine.jumps(minutes=59)
    assert not held_back()
    machine.jumps(minutes=-59)
    assert not held_back()


def test_after_a_jump_nothing_is_purged_until_the_clock_is_set_back(machine):
    machine.jumps(hours=2)
    assert held_back()
    machine.passes(minutes=30)
    assert held_back()
    machine.jumps(hours=-2)
    assert not held_back()
    machine.jumps(hours=2)
    assert held_back()


def test_an_operator_may_vouch_for_the_clock(machine):
    machine.jumps(hours=2)
    assert held_back()
    assert clock_guard.now(is_right=True) == machine.clock
    assert not held_back()


def test_a_clock_that_runs_evenly_for_hours_after_a_jump_is_believed_again(machine):
    machine.jumps(hours=2)
    assert held_back()
    for _ in range(5):
        machine.passes(hours=1)
        assert held_back()
    machine.passes(hours=1)
    assert not held_back()
    assert ClockReading.objects.get().kind == "trusted"


def test_another_jump_begins_the_wait_anew(machine):
    machine.jumps(hours=2)
    assert held_back()
    machine.passes(hours=5)
    machine.jumps(hours=2)
    assert held_back()
    machine.passes(hours=5)
    assert held_back()
    machine.passes(hours=1)
    assert not held_back()


def test_after_a_reboot_no_time_is_known_to_have_passed(machine):
    machine.reboots(minutes=30)
    assert not held_back()
    machine.reboots(hours=5)
    assert held_back()
    machine.passes(hours=6)
    assert not held_back()


def test_a_clock_that_goes_back_holds_nothing_up(machine):
    machine.jumps(days=-3)
    assert not held_back()
    machine.passes(minutes=1)
    assert not held_back()


def test_a_full_disk_is_no_reason_not_to_purge(machine, monkeypatch):
    from django.db import OperationalError

    def full(*args, **kwargs):
        raise OperationalError

    monkeypatch.setattr(type(ClockReading.objects), "bulk_create", full)
    assert not held_back()


def test_of_this_machine_the_readings_agree():
    first, second = clock_guard._read(), clock_guard._read()
    assert first.boot_id == second.boot_id
    assert abs(clock_guard._ahead(second, first)) < timedelta(minutes=1)


@pytest.fixture
def jumped(owner):
    """The clock is two hours ahead: the mailbox, of an hour, seems to be over."""
    clock_guard.now()
    ClockReading.objects.update(database_time=clock.now() - timedelta(hours=2))
    Mailbox.objects.update(ends_at=clock.now() - timedelta(minutes=30))
    nothing = {"messages": 0, "bytes": 0}
    PurgeRecord.objects.create(
        mailbox_public_id="x", purged_at=clock.now() - timedelta(days=2), reason="closed", **nothing
    )
    return owner


def test_while_it_is_held_back_a_task_purges_nothing(jumped):
    assert tasks.purge_ended_mailboxes() == tasks.purge_records() == 0
    assert Mailbox.objects.exists()
    assert PurgeRecord.objects.exists()
    with pytest.raises(ClockJumped):
        retention.purge_records()


def test_reading_goes_by_the_clock_and_comes_back_with_it(jumped):
    with pytest.raises(ending.NotFound):
        reading.open_by_public_id(jumped.mailbox.public_id, jumped.token)
    Mailbox.objects.update(ends_at=clock.now() + timedelta(hours=1, minutes=30))
    assert reading.open_by_public_id(jumped.mailbox.public_id, jumped.token)


def test_what_its_owner_ends_is_gone_all_the_same(jumped, domain):
    created = creation.create()
    ending.end(created.mailbox)
    assert not Mailbox.objects.filter(pk=created.mailbox.pk).exists()


def test_the_command_says_so_by_its_exit_code_and_takes_an_operators_word(jumped):
    with pytest.raises(CommandError) as refused:
        call_command("purge")
    assert refused.value.returncode == purge.HELD_BACK
    assert Mailbox.objects.exists()
    out = StringIO()
    call_command("purge", "--clock-is-right", stdout=out)
    assert out.getvalue() == "mailboxes=1 messages=0 bytes=0 records=1\n"
    assert not Mailbox.objects.exists()
    call_command("purge", stdout=out)
