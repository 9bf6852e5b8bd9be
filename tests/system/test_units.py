"""The systemd units: systemd finds no fault with any, and each is shut in as far as systemd can tell."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.system import machine

UNITS = Path(__file__).resolve().parents[2] / "deploy" / "systemd"
KINDS = (".service", ".socket", ".timer", ".target", ".path")
DEBIAN = Path("/lib/systemd/system")
LIMIT = 2.0  # of systemd-analyze security: 0 is shut in, 10 is not


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root directory with our units, Debian's, and a stub for each program that ours start."""
    machine.needs_programs("systemd-analyze")
    units = tmp_path / "etc" / "systemd" / "system"
    shutil.copytree(UNITS, units)
    shutil.copytree(DEBIAN, tmp_path / "usr" / "lib" / "systemd" / "system", symlinks=True)
    (tmp_path / "lib").symlink_to("usr/lib")
    texts = [path.read_text() for path in units.glob("*.service")]
    for program in re.findall(r"^Exec\w+=[-+!@]*(/\S+)", "\n".join(texts), re.MULTILINE):
        stub = tmp_path / program.removeprefix("/")
        stub.parent.mkdir(parents=True, exist_ok=True)
        stub.touch(0o755)
    return tmp_path


def analyze(root: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run systemd-analyze without a systemd."""
    command = ["systemd-analyze", *words, f"--root={root}", "--no-pager"]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)


def names() -> list[str]:
    """Return all units of ours."""
    return sorted(path.name for path in UNITS.iterdir() if path.suffix in KINDS)


def test_systemd_finds_no_fault(root: Path) -> None:
    assert len(names()) >= 15
    done = analyze(root, "verify", "--man=no", *names())
    # it exits with 0 for a key that it does not know
    assert (done.stderr, done.returncode) == ("", 0)


def test_systemd_would_have_found_a_fault(root: Path) -> None:
    unit = root / "etc" / "systemd" / "system" / "tempmail-site.service"
    unit.write_text(unit.read_text().replace("ProtectSystem=strict", "ProtectSystm=strict"))
    assert "ProtectSystm" in analyze(root, "verify", "--man=no", unit.name).stderr


@pytest.mark.parametrize(
    "name", ["redis-server@tempmail.service", "postfix@-.service", "postgresql@15-main.service"]
)
def test_what_we_add_to_debians_units_is_understood(root: Path, name: str) -> None:
    template = f"{name.partition('@')[0]}@.service"
    if not (DEBIAN / template).exists():
        pytest.skip(f"not installed here: Debian's {template}")
    text = (DEBIAN / template).read_text()
    for program in re.findall(r"^Exec\w+=(/\S+)", text, re.MULTILINE):
        (root / program.removeprefix("/")).parent.mkdir(parents=True, exist_ok=True)
        (root / program.removeprefix("/")).touch(0o755)
    done = analyze(root, "verify", "--man=no", name)
    ours = [line for line in done.stderr.splitlines() if "tempmail" in line]
    assert [line for line in ours if "RuntimeDirectory" not in line] == []


def test_each_service_is_shut_in(root: Path) -> None:
    services = [name for name in names() if name.endswith(".service")]
    done = analyze(root, "security", "--offline=true", *services)
    found = re.findall(r"exposure level for (\S+): ([\d.]+)", done.stdout)
    levels = {name: float(level) for name, level in found}
    assert set(levels) == set(services), done.stderr
    assert {name: level for name, level in levels.items() if level > LIMIT} == {}


@pytest.mark.parametrize("name", [name for name in names() if name.endswith(".service")])
def test_nothing_of_a_service_reaches_swap_or_a_core_dump(name: str) -> None:
    lines = (UNITS / name).read_text().splitlines()
    assert {"LimitCORE=0", "MemorySwapMax=0"} <= set(lines)


@pytest.mark.parametrize("program", ["site", "streams", "worker", "tasks", "beat"])
def test_a_service_comes_back_however_often_it_ends(program: str) -> None:
    lines = (UNITS / f"tempmail-{program}.service").read_text().splitlines()
    assert {"Restart=always", "StartLimitIntervalSec=0"} <= set(lines)
    # one that required the database or Redis would be stopped with it, and not be started again
    assert not [
        line for line in lines if re.match(r"(Requires|BindsTo)=.*(postgresql|redis)", line)
    ]


def test_users_and_directories_are_understood(tmp_path: Path) -> None:
    machine.needs_root()
    machine.needs_programs("systemd-sysusers", "systemd-tmpfiles")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "passwd").write_text("root:x:0:0::/root:/bin/sh\n")
    (tmp_path / "etc" / "group").write_text("root:x:0:\nwww-data:x:33:\n")
    for program, file, option in (
        ("systemd-sysusers", "tempmail.sysusers", ()),
        ("systemd-tmpfiles", "tempmail.tmpfiles", ("--create",)),
    ):
        command = [program, f"--root={tmp_path}", *option, str(UNITS / file)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
    accounts = {
        line.split(":")[0]: line.strip().split(":")[5:]
        for line in (tmp_path / "etc" / "passwd").read_text().splitlines()
        if line.startswith("tempmail")
    }
    users = {"tempmail", *(f"tempmail-{name}" for name in ("site", "worker", "tasks", "script"))}
    assert set(accounts) == users
    assert {shell for _, shell in accounts.values()} == {"/usr/sbin/nologin"}
    groups = (tmp_path / "etc" / "group").read_text()
    assert "tempmail-script" in groups
    mail_log = tmp_path / "run" / "tempmail" / "mail-log"
    assert mail_log.stat().st_mode & 0o7777 == 0o700
    assert (tmp_path / "run" / "tempmail" / "metrics").stat().st_mode & 0o7777 == 0o2770


def test_memory_is_no_disk(tmp_path: Path) -> None:
    """What holds addresses lies below /run, which is memory (file-hierarchy(7))."""
    layout = dict(
        line.split("=", 1)
        for line in (UNITS / "layout.env").read_text().splitlines()
        if "=" in line and not line.startswith("#")
    )
    assert layout["MAIL_LOG"].startswith("/run/")
    assert layout["STATE_DIR"].startswith("/run/")
    assert not layout["QUEUE_DIRECTORY"].startswith("/run/")
