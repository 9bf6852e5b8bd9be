"""Numbers of several processes: right totals whoever dies, forks or cannot write; and they break nobody who counts."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from mailboxes.services import metric_files, metric_kinds
from mailboxes.services.metric_files import Store
from mailboxes.services.metric_kinds import CODE, Distribution, Level, Total


@pytest.fixture
def directory(tmp_path, monkeypatch):
    """Where everything is counted from now on, by a process that has counted nothing before."""
    monkeypatch.setattr(metric_kinds, "defined", {})
    before = metric_kinds.store.directory
    metric_kinds.store.use(tmp_path)
    yield tmp_path
    metric_kinds.store.use(before)


def shown(directory: Path) -> dict[str, float]:
    """What /metrics would show, by sample with its labels' values."""
    return {
        " ".join([sample.name, *(sample.labels[name] for name in sorted(sample.labels))]): (
            sample.value
        )
        for metric in metric_kinds.complete(metric_files.read(directory))
        for sample in metric.samples
    }


def in_a_process(work, *, end: int = 0) -> None:
    """Do it in a fork, which ends by that signal, or well."""
    child = os.fork()
    if not child:
        try:
            work()
            if end:
                os.kill(os.getpid(), end)
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def test_a_total_is_that_of_all_processes(directory):
    mails = Total("tempmail_x", "Help.", result=("well", "badly"))
    mails.add(2, result="well")
    for _ in range(3):
        in_a_process(lambda: mails.add(result="well"))
    assert shown(directory)["tempmail_x_total well"] == 5


def test_what_never_happened_is_shown_as_nothing(directory):
    Total("tempmail_x", "Help.", result=("well", "badly"))
    Distribution("tempmail_y_seconds", "Help.", (1.0, 2.0))
    Level("tempmail_z", "Help.", "livesum")
    assert shown(directory) == {
        "tempmail_x_total well": 0,
        "tempmail_x_total badly": 0,
        "tempmail_y_seconds_bucket 1.0": 0,
        "tempmail_y_seconds_bucket 2.0": 0,
        "tempmail_y_seconds_bucket +Inf": 0,
        "tempmail_y_seconds_count": 0,
        "tempmail_y_seconds_sum": 0,
        "tempmail_z": 0,
    }


def test_who_was_killed_keeps_its_part_and_the_next_goes_on_in_its_files(directory):
    mails = Total("tempmail_x", "Help.")
    for _ in range(20):
        in_a_process(mails.add, end=signal.SIGKILL)
    assert shown(directory)["tempmail_x_total"] == 20
    assert len(list(directory.glob("*.db"))) == 1


def test_processes_that_live_at_once_have_files_of_their_own(directory):
    mails = Total("tempmail_x", "Help.")
    mails.add()
    reading, writing = os.pipe()
    children = []
    for _ in range(3):
        child = os.fork()
        if not child:
            os.close(writing)
            mails.add()
            os.read(reading, 1)  # until the parent closes its end
            os._exit(0)
        children.append(child)
    deadline = time.monotonic() + 30
    while shown(directory)["tempmail_x_total"] < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert shown(directory)["tempmail_x_total"] == 4
    assert len(list(directory.glob("*.db"))) == 4
    os.close(writing)
    os.close(reading)
    for child in children:
        os.waitpid(child, 0)


def test_a_level_of_a_process_that_died_is_not_shown(directory):
    flying = Level("tempmail_z", "Help.", "livesum")
    flying.add(2)
    in_a_process(lambda: flying.add(5), end=signal.SIGKILL)
    assert shown(directory)["tempmail_z"] == 2
    flying.add(-2)
    assert shown(directory)["tempmail_z"] == 0


def test_who_takes_over_a_number_does_not_take_over_its_levels(directory):
    flying, mails = Level("tempmail_z", "Help.", "livesum"), Total("tempmail_x", "Help.")
    in_a_process(lambda: flying.add(5), end=signal.SIGKILL)
    mails.add()  # takes the number of the dead one
    flying.add(1)
    assert shown(directory)["tempmail_z"] == 1


def test_of_the_last_times_the_latest_is_shown(directory):
    last = Level("tempmail_t_seconds", "Help.", "max", task=CODE)
    last.set(50.0, task="one")
    in_a_process(lambda: last.set(70.0, task="one"))
    in_a_process(lambda: last.set(60.0, task="two"))
    found = shown(directory)
    assert (found["tempmail_t_seconds one"], found["tempmail_t_seconds two"]) == (70, 60)


def test_a_measurement_is_in_every_bucket_from_its_own_on(directory):
    took = Distribution("tempmail_y_seconds", "Help.", (1.0, 2.0, 5.0))
    for seconds in (0.5, 1.0, 1.5, 9.0):
        took.observe(seconds)
    in_a_process(lambda: took.observe(2.5))
    found = shown(directory)
    buckets = [found[f"tempmail_y_seconds_bucket {bound}"] for bound in ("1.0", "2.0", "5.0")]
    assert buckets == [2, 3, 4]
    assert found["tempmail_y_seconds_bucket +Inf"] == found["tempmail_y_seconds_count"] == 5
    assert found["tempmail_y_seconds_sum"] == 14.5


def test_a_label_holds_nothing_from_outside(directory):
    mails = Total("tempmail_x", "Help.", result=("well",))
    pages = Total("tempmail_p", "Help.", route=CODE)
    for value in ("someone@example.org", "198.51.100.7", 'a"b', "a\nb", ""):
        mails.add(result=value)
        pages.add(route=value)
    for number in range(metric_kinds.MAX_NAMES + 50):
        pages.add(route=f"page-{number}")
    found = shown(directory)
    assert (found["tempmail_x_total well"], found["tempmail_x_total other"]) == (0, 5)
    assert found["tempmail_p_total other"] == 5 + 50
    assert sum(name.startswith("tempmail_p_total") for name in found) == metric_kinds.MAX_NAMES + 1


def test_threads_lose_nothing(directory):
    mails = Total("tempmail_x", "Help.")
    threads = [threading.Thread(target=lambda: [mails.add() for _ in range(500)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shown(directory)["tempmail_x_total"] == 4000


def test_a_lock_that_another_thread_held_at_a_fork_holds_up_nobody(directory):
    mails = Total("tempmail_x", "Help.")
    mails.add()
    with metric_kinds.store._lock:
        in_a_process(mails.add)
    assert shown(directory)["tempmail_x_total"] == 2


def test_without_a_directory_nothing_is_counted_and_nothing_breaks(tmp_path, monkeypatch):
    monkeypatch.setattr(metric_kinds, "store", Store(None))
    Total("tempmail_none", "Help.").add()
    monkeypatch.setattr(metric_kinds, "store", Store(tmp_path / "missing"))
    Total("tempmail_missing", "Help.").add()
    assert metric_files.read(tmp_path / "missing") == []
    assert metric_files.read(None) == []


def test_what_a_full_disk_would_not_take_is_written_with_the_next_one(directory, monkeypatch):
    mails = Total("tempmail_x", "Help.")
    mails.add()
    real = os.pwrite

    def full(descriptor, data, place):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    mails.add()
    monkeypatch.setattr(os, "pwrite", real)
    assert shown(directory)["tempmail_x_total"] == 1
    mails.add()
    assert shown(directory)["tempmail_x_total"] == 3


@pytest.mark.parametrize("rubbish", [b"", b"\xff" * 40, b"\x40\x00\x00\x00" + bytes(20), bytes(8)])
def test_a_file_that_is_none_of_ours_hides_no_other(directory, rubbish):
    mails = Total("tempmail_x", "Help.")
    mails.add()
    (directory / "counter_77.db").write_bytes(rubbish)
    (directory / "counter_x_y_z.db").write_bytes(rubbish)
    (directory / "gauge_livesum_78.db").write_bytes(rubbish)
    assert shown(directory)["tempmail_x_total"] == 1


def test_a_start_forgets_what_was_before(directory):
    mails = Total("tempmail_x", "Help.")
    in_a_process(mails.add)
    metric_files.empty(directory)
    assert list(directory.iterdir()) == []
    assert shown(directory)["tempmail_x_total"] == 0
