"""What `make bench` reads of the machine: CPU times, mounts; and what it makes of our master.cf."""

from pathlib import Path

import pytest

from postfix import render
from tests.benchmarks import cpu, filesystems, letters, master_cf, peers
from tests.benchmarks.cpu import Stat
from tests.benchmarks.rounds import Round

# proc(5): pid (comm) state ppid pgrp session tty tpgid flags minflt cminflt majflt cmajflt utime stime cutime cstime
LINE = "42 (a (strange) name) S 7 42 42 0 -1 4194304 1 2 3 4 11 22 100 200 20 0 1 0 99 1 2"


def test_a_process_is_read_whatever_its_name_holds():
    assert cpu.parse_stat(LINE) == Stat(42, "a (strange) name", 7, own=33, children=300)


def test_what_is_no_process_is_refused():
    with pytest.raises(ValueError, match="stat"):
        cpu.parse_stat("42 (x) S 7")


def test_a_tree_counts_its_living_and_what_has_ended_in_it():
    processes = {
        1: Stat(1, "init", 0, 1000, 1000),
        10: Stat(10, "master", 1, 5, 50),
        11: Stat(11, "pipe", 10, 7, 30),
        12: Stat(12, "script", 11, 2, 0),
        20: Stat(20, "other", 1, 9, 9),
    }
    assert cpu.tree(processes, 10) == {10, 11, 12}
    assert cpu.tree_seconds(processes, 10) * cpu.TICKS == pytest.approx(94)
    assert cpu.tree_seconds(processes, 99) == 0


def test_a_tree_loses_nothing_when_a_process_of_it_ends():
    before = {10: Stat(10, "master", 1, 5, 50), 11: Stat(11, "pipe", 10, 7, 30)}
    after = {10: Stat(10, "master", 1, 5, 87)}
    assert cpu.tree_seconds(before, 10) == cpu.tree_seconds(after, 10)


def test_the_machine_is_busy_or_idle():
    busy, idle = cpu.machine_seconds("cpu  10 1 20 300 40 2 3 4 0 0\ncpu0 1 2 3\n")
    assert (busy * cpu.TICKS, idle * cpu.TICKS) == (pytest.approx(40), pytest.approx(340))


def test_this_process_is_seen():
    assert cpu.tree_seconds(cpu.snapshot(), 1) >= 0
    assert cpu.machine()[0] > 0


MOUNTS = r"""
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:20 / /dev/shm rw,nosuid - tmpfs tmpfs rw,size=1k
24 22 0:21 / /var/with\040space rw - xfs /dev/vdb rw,nobarrier
25 22 0:22 / /over rw - overlay overlay rw
""".strip()


@pytest.mark.parametrize(
    ("path", "kind", "journaled"),
    [
        ("/var/lib/x", "ext4", True),
        ("/dev/shm/x", "tmpfs", False),
        ("/dev/shmoo", "ext4", True),
        ("/var/with space/x", "xfs", False),
        ("/over", "overlay", False),
    ],
)
def test_a_directory_lies_on_the_nearest_mount(path, kind, journaled):
    mount = filesystems.mount_of(Path(path), filesystems.parse(MOUNTS))
    assert (mount.kind, mount.is_journaled) == (kind, journaled)


def test_of_two_mounts_on_one_place_the_last_counts():
    mounts = filesystems.parse("1 0 0:1 / / rw - rootfs none rw\n2 1 0:2 / / rw - ext4 /dev/a rw")
    assert filesystems.mount_of(Path("/x"), mounts).kind == "ext4"


@pytest.fixture
def rendered() -> str:
    return render.render(peers.values(Path("/var/lib/tempmail-local/x"), 2525, "tempmail"))[
        "master.cf"
    ]


def test_the_command_of_our_transport_is_found_in_our_master_cf(rendered):
    words = master_cf.argv(rendered)
    assert words[0].endswith("python3")
    assert words[-2:] == ["${sender}", "${recipient}"]
    assert peers.interpreter_of(rendered) == ["/usr/bin/python3", "-I", "-S", "-E"]


def test_a_peer_takes_the_place_of_our_transport_and_of_nothing_else(rendered):
    changed = master_cf.replaced(rendered, "pipe user=nobody argv=/bin/true")
    ours, theirs = rendered.splitlines(), changed.splitlines()
    assert "tempmail unix - n n - 20 pipe user=nobody argv=/bin/true" in theirs
    assert "deliver.py" not in "".join(line for line in theirs if not line.startswith("#"))
    assert set(theirs) - set(ours) == {"tempmail unix - n n - 20 pipe user=nobody argv=/bin/true"}
    assert [line for line in ours if line.startswith("tempmail-lmtp")] == [
        line for line in theirs if line.startswith("tempmail-lmtp")
    ]


def test_a_master_cf_without_our_transport_is_refused():
    with pytest.raises(ValueError, match="tempmail"):
        master_cf.replaced("smtp inet n - n - - smtpd\n", "discard")


@pytest.mark.parametrize("size", [5120, 20480])
def test_a_letter_has_its_size_and_no_line_is_too_long(size):
    text = letters.letter(size)
    assert len(text.encode("ascii")) == size
    assert text == letters.letter(size)
    assert max(map(len, text.splitlines())) < 100
    assert "482913" in text


def test_a_letter_has_room_for_its_frame():
    with pytest.raises(ValueError, match="too few"):
        letters.letter(500)


def test_a_round_gives_rates_and_milliseconds_a_message():
    one = Round(200, 2.0, {"postfix": 0.5, "worker": 0.3, "load": 0.1}, others=0.0)
    assert one.rate == 100
    assert one.milliseconds("postfix") == pytest.approx(2.5)
    assert one.milliseconds("dovecot") == 0
    assert one.all_milliseconds == pytest.approx(4.0)
