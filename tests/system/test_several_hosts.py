"""What is shipped for several hosts: the units' drop-in is understood by systemd, and opens no more than it says."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.system import machine

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
DROP_IN = DEPLOY / "several-hosts" / "network.conf"
UNITS = sorted(
    path.name
    for path in (DEPLOY / "systemd").glob("tempmail-*.service")
    if "\nPrivateNetwork=yes" in path.read_text() and "DATABASE_URL" in path.read_text()
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root directory with our units, each with the drop-in, and a stub for each program."""
    machine.needs_programs("systemd-analyze")
    units = tmp_path / "etc" / "systemd" / "system"
    shutil.copytree(DEPLOY / "systemd", units)
    shutil.copytree("/lib/systemd/system", tmp_path / "usr/lib/systemd/system", symlinks=True)
    (tmp_path / "lib").symlink_to("usr/lib")
    for name in UNITS:
        (units / f"{name}.d").mkdir(exist_ok=True)
        shutil.copyfile(DROP_IN, units / f"{name}.d" / "network.conf")
    texts = "\n".join(path.read_text() for path in units.glob("*.service"))
    for program in re.findall(r"^Exec\w+=[-+!@]*(/\S+)", texts, re.MULTILINE):
        stub = tmp_path / program.removeprefix("/")
        stub.parent.mkdir(parents=True, exist_ok=True)
        stub.touch(0o755)
    return tmp_path


def test_the_drop_in_names_each_unit_that_needs_it() -> None:
    listed = re.sub(r"\n# ", " ", DROP_IN.read_text()).partition("\n")[0]
    assert UNITS
    assert [
        name
        for name in UNITS
        if name.removeprefix("tempmail").removesuffix(".service") not in listed
    ] == []


def test_systemd_understands_it(root: Path) -> None:
    done = _analyze(root, "verify", "--man=no", *UNITS)
    assert (done.stderr, done.returncode) == ("", 0)


@pytest.mark.parametrize("name", UNITS)
def test_what_it_opens_is_the_network_and_nothing_else(root: Path, name: str) -> None:
    """3.0 instead of 2.0, where 10 is a unit that is not shut in at all."""
    done = _analyze(root, "security", "--offline=true", "--threshold=30", name)
    assert done.returncode == 0, done.stdout


def _analyze(root: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = ["systemd-analyze", *words, f"--root={root}", "--no-pager"]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
