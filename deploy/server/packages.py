"""Debian packages: which are needed and there; installs the rest, without letting anything start half set up."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from deploy.server import commands, files, record
from deploy.server.steps import Step

BASE = (
    "age",  # which backups are encrypted with
    "ca-certificates",
    "certbot",
    "fail2ban",
    "iproute2",
    "logrotate",
    "needrestart",
    "nftables",
    "nginx",
    "openssl",
    "postfix",
    "postgresql",
    "procps",  # kill(1), which systemd runs to reload
    "python3-systemd",  # with which fail2ban reads the journal of sshd(8)
    "python3-venv",
    "redis-server",
    "unattended-upgrades",
)
_MAIL_SERVERS = (
    "exim4-daemon-light",
    "exim4-daemon-heavy",
    "sendmail-bin",
    "opensmtpd",
    "masqmail",
    "nullmailer",
)
_POLICY = Path("/usr/sbin/policy-rc.d")
# nginx's own file is one of ours: a later version of the package leaves it, and asks nobody.
_KEEP = ("-o", "Dpkg::Options::=--force-confdef", "-o", "Dpkg::Options::=--force-confold")
_APT = ("apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Use-Pty=0", *_KEEP)
_QUIET = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_MODE": "l"}


def step(wanted: tuple[str, ...]) -> Step:
    """Have these packages installed."""
    return Step("packages", lambda: ", ".join(_absent(wanted)), lambda: _install(wanted))


def is_installed(package: str) -> bool:
    """Tell whether a package is installed, and set up."""
    return package not in _absent((package,))


def other_mail_servers() -> list[str]:
    """Return the packages of other mail servers that are installed."""
    return [name for name in _MAIL_SERVERS if is_installed(name)]


def _absent(wanted: tuple[str, ...]) -> list[str]:
    done = commands.attempt("dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\\n", *wanted)
    there = {line.split()[0] for line in done.stdout.splitlines() if line.endswith(" installed")}
    return [name for name in wanted if name not in there]


def _install(wanted: tuple[str, ...]) -> None:
    missing = _absent(wanted)
    record.note_in("packages", missing)
    # Postfix's own first configuration is that of a mail client; ours follows before it starts.
    commands.run("debconf-set-selections", text=_ANSWERS)
    with _nothing_starts():
        commands.attempt("dpkg", "--configure", "-a", env=_QUIET)  # what an interrupted run left
        # a mirror that is away for a moment is no reason to stop while all that is needed can be had
        commands.attempt(*_APT, "update", env=_QUIET)
        commands.run(*_APT, "install", "--no-install-recommends", *missing, env=_QUIET)


_ANSWERS = "postfix postfix/main_mailer_type select No configuration\n"


@contextlib.contextmanager
def _nothing_starts() -> Iterator[None]:
    """No service starts with its default configuration: policy-rc.d is what Debian asks (invoke-rc.d(8))."""
    kept = _POLICY.with_name("policy-rc.d.tempmail-kept")
    if _POLICY.exists() and "tempmail" not in _POLICY.read_text():
        _POLICY.replace(kept)
    files.write(
        _POLICY,
        "#!/bin/sh\n# tempmail: while install.sh installs\nexit 101\n",
        files.Owner(mode=0o755),
    )
    try:
        yield
    finally:
        if kept.exists():
            kept.replace(_POLICY)
        else:
            _POLICY.unlink(missing_ok=True)
