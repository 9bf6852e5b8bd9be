"""The settings and the keys of an installed server: /etc/tempmail/tempmail.env and secrets.env."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from deploy.server import commands, dns_checks, env_files, files, layout, milters, record
from deploy.server.options import Options
from deploy.server.steps import Step
from tempmail_site import secrets_file

# Through a unix socket the site cannot tell who asks for /metrics: Prometheus shows this.
_TOKEN = "METRICS_TOKEN"  # noqa: S105
PROGRAM = files.Owner(mode=0o755)
_OWNER = files.Owner("root", layout.GROUP, 0o640)
_BEGIN = "# Set by deploy/install.sh: each run writes these lines anew. Set anything else below the last of them."
_END = "# End of what deploy/install.sh sets."


def steps(wanted: Options) -> list[Step]:
    """The settings, then the keys, which are made once."""
    return [
        Step("settings", lambda: _settings_differ(wanted), lambda: _write_settings(wanted)),
        Step("keys", _keys_differ, _make_keys),
    ]


def values(wanted: Options) -> dict[str, str]:
    """Return the settings that follow from the options (docs/configure.md); where things lie says layout.env."""
    found = {
        "SITE_URL": wanted.site.rstrip("/"),
        "ALLOWED_HOSTS": wanted.site_host,
        "SMTP_HOSTNAME": wanted.mx_host,
        "DJANGO_SETTINGS_MODULE": "tempmail_site.settings",
    }
    if public := dns_checks.public_addresses():
        found["PUBLIC_ADDRESSES"] = ",".join(public)
    return found | (milters.settings(wanted) if wanted.with_authentication else {})


def for_role(release: Path = layout.CURRENT) -> dict[str, str]:
    """Return the environment of manage.py as the units have it. PostgreSQL knows the role by the user (peer)."""
    sources = (release / "deploy" / "systemd" / "layout.env", layout.SETTINGS, layout.SECRETS)
    found = {name: value for path in sources for name, value in env_files.read(path).items()}
    return {**found, "DATABASE_URL": f"postgres:///{layout.DATABASE}?host={layout.DATABASE_SOCKET}"}


def manage(*words: str | Path, release: Path = layout.CURRENT, user: str = layout.OWNER) -> str:
    """Run manage.py of a release as a user; return what it printed. Raises CommandFailed."""
    python = release / ".venv" / "bin" / "python"
    env = for_role(release)
    return commands.run(
        python, "-B", release / "manage.py", *words, user=user, env=env, cwd=release
    )


def text(wanted: Mapping[str, str], old: str) -> str:
    """Return the settings file: our lines, and what the administrator has set below them."""
    ours = "".join(f"{name}={value}\n" for name, value in wanted.items())
    _, _, theirs = old.partition(f"{_END}\n")
    return f"{_BEGIN}\n{ours}{_END}\n{theirs}"


def _wanted_text(wanted: Options) -> str:
    old = layout.SETTINGS.read_text(encoding="utf-8") if layout.SETTINGS.is_file() else ""
    return text(values(wanted), old)


def _settings_differ(wanted: Options) -> str:
    return files.differs(layout.SETTINGS, _wanted_text(wanted), _OWNER)


def _write_settings(wanted: Options) -> None:
    record.owe("restart-tempmail")
    files.write(layout.SETTINGS, _wanted_text(wanted), _OWNER)


def _keys_differ() -> str:
    if not layout.SECRETS.is_file():
        return f"{layout.SECRETS} is not there"
    if _TOKEN not in env_files.read(layout.SECRETS):
        return f"no {_TOKEN} in {layout.SECRETS}"
    return files.owner_differs(layout.SECRETS, _OWNER)


def _make_keys() -> None:
    secrets_file.ensure(layout.SECRETS)
    found = layout.SECRETS.read_text(encoding="ascii")
    if _TOKEN not in env_files.read(layout.SECRETS):
        found += f"{_TOKEN}={secrets.token_urlsafe(32)}\n"
    files.write(layout.SECRETS, found, _OWNER)
