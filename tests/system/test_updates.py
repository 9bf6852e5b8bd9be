"""Security updates without anybody at hand: what apt, unattended-upgrades and needrestart make of our files."""

import json
import re
import subprocess
from collections.abc import Iterator

import pytest

from tests import documented
from tests.system import chroot, machine

APT = documented.ROOT / "deploy" / "apt"
_EVALUATED = """
use JSON::PP; our %nrconf = (restart => 'l', override_rc => { qr(^dbus) => 0 });
eval do { local(@ARGV, $/) = $ARGV[0]; <> }; die $@ if $@;
my $rc = $nrconf{override_rc};
my @kept = grep { my $unit = $_; grep { $unit =~ $_ && !$rc->{$_} } keys %$rc } @ARGV[1..$#ARGV];
print encode_json({ restart => $nrconf{restart}, kept => \\@kept });
"""


def test_needrestart_restarts_all_of_ours_but_what_runs_for_a_moment() -> None:
    """It evaluates files of conf.d/ as Perl (needrestart(1)), one after the other."""
    machine.needs_programs("perl")
    units = [f"{path.name}" for path in (documented.ROOT / "deploy/systemd").glob("*.service")]
    command = ["perl", "-we", _EVALUATED, str(APT / "tempmail-needrestart.conf"), *units, "dbus"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    said = json.loads(done.stdout)
    assert said["restart"] == "a"
    assert set(said["kept"]) == {"tempmail-backup.service", "tempmail-purge.service", "dbus"}


@pytest.fixture(scope="module")
def bare() -> Iterator[chroot.Chroot]:
    machine.needs_bare_machine()
    with chroot.bare() as running:
        running.run(
            "apt-get", "install", "-q", "-y", "--no-install-recommends", "unattended-upgrades"
        )
        target = running.path("/etc/apt/apt.conf.d/50tempmail-unattended")
        target.write_text((APT / target.name).read_text())
        yield running


def test_unattended_upgrades_takes_security_fixes_and_asks_nobody(bare: chroot.Chroot) -> None:
    done = bare.run("unattended-upgrade", "--dry-run", "--debug", check=False)
    said = done.stdout + done.stderr
    (origins,) = re.findall(r"Allowed origins are: (.*)", said)
    assert "codename=bookworm-security,label=Debian-Security" in origins
    configuration = bare.run("apt-config", "dump").stdout
    for name, value in {
        "APT::Periodic::Unattended-Upgrade": "1",
        "APT::Periodic::Update-Package-Lists": "1",
        "Unattended-Upgrade::Automatic-Reboot": "false",
        "Unattended-Upgrade::Mail": "",
    }.items():
        assert f'{name} "{value}";' in configuration
    assert {"--force-confdef", "--force-confold"} <= set(re.findall(r"--force-\w+", configuration))
