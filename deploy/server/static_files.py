"""Static files of a release: collected beside those of the one before, which still serves while this one starts."""

import json
from pathlib import Path

from deploy.server import environment, layout, record
from deploy.server.steps import Step

MANIFEST = layout.STATIC / "staticfiles.json"


def step(release: str) -> Step:
    """Have the files of this release collected. Their names hold digests, so that both releases' lie side by side."""
    place = layout.RELEASES / release
    return Step("static files", lambda: _missing(release), lambda: collect(place))


def collect(place: Path) -> None:
    """Collect them, as the owner of the tables. Raises CommandFailed."""
    environment.manage("collectstatic", "--noinput", "--verbosity", "0", release=place)
    record.note(static=place.name)


def _missing(release: str) -> str:
    if record.read().get("static") != release:
        return "not those of this release"
    try:
        paths = json.loads(MANIFEST.read_text())["paths"].values()
    except (OSError, ValueError, KeyError):
        return f"{MANIFEST} cannot be read"
    return next(
        (f"{name} is missing" for name in paths if not (layout.STATIC / name).is_file()), ""
    )
