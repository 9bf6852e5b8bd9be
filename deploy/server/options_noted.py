"""The step that notes the options of this run for the next one."""

from deploy.server import options, record
from deploy.server.options import Options
from deploy.server.steps import Step


def step(wanted: Options) -> Step:
    """Have the options noted."""
    return Step(
        "options", lambda: _missing(wanted), lambda: record.note(options=options.as_noted(wanted))
    )


def _missing(wanted: Options) -> str:
    return "" if record.read().get("options") == options.as_noted(wanted) else "not noted"
