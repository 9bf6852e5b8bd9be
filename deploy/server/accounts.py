"""Users and directories, made by systemd-sysusers(8) and systemd-tmpfiles(8) from the release's files, and our own."""

import pwd
from collections.abc import Iterator
from pathlib import Path

from deploy.server import commands, files, layout
from deploy.server.files import Owner
from deploy.server.steps import Step

USERS = (layout.OWNER, *layout.SERVICE_USERS, layout.SCRIPT_USER)
_SYSUSERS = Path("/etc/sysusers.d/tempmail.conf")
_OURS = {
    layout.OPT: Owner(mode=0o755),
    layout.RELEASES: Owner(mode=0o755),
    layout.ETC: Owner(mode=0o755),
    layout.TLS: Owner(mode=0o700),
}
_STATIC = {layout.STATIC: Owner(layout.OWNER, layout.GROUP, 0o755)}


def places_step() -> Step:
    """Have root's own directories, before anything else."""
    return Step("places", lambda: _wrong(_OURS), lambda: _make(_OURS))


def steps() -> list[Step]:
    """Users, then the directories that belong to them."""
    return [
        Step("users", lambda: ", ".join(_absent()), lambda: _run("systemd-sysusers", _SYSUSERS)),
        Step("directories", lambda: _wrong(_listed()), _make_listed),
        Step("static files' directory", lambda: _wrong(_STATIC), lambda: _make(_STATIC)),
    ]


def _absent() -> Iterator[str]:
    for name in USERS:
        try:
            pwd.getpwnam(name)
        except KeyError:
            yield name


def _run(program: str, *words: str | Path) -> None:
    commands.run(program, *words)


def _listed() -> dict[Path, Owner]:
    """What the tmpfiles say: `d PATH MODE USER GROUP` (tmpfiles.d(5)); nothing else is used there."""
    lines = (line for path in _temporary() for line in path.read_text().splitlines())
    words = [line.split() for line in lines if line.startswith("d ")]
    return {Path(each[1]): Owner(each[3], each[4], int(each[2], 8) & 0o7777) for each in words}


def _temporary() -> list[Path]:
    return sorted(Path("/etc/tmpfiles.d").glob("tempmail*.conf"))


def _make_listed() -> None:
    _run("systemd-tmpfiles", "--create", *_temporary())


def _wrong(wanted: dict[Path, Owner]) -> str:
    what = (files.directory_differs(path, owner) for path, owner in wanted.items())
    return next((each for each in what if each), "")


def _make(wanted: dict[Path, Owner]) -> None:
    for path, owner in wanted.items():
        files.make_directory(path, owner)
