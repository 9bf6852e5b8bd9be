"""`--rollback`: back to the release before, whose code still reads the tables (docs/upgrade.md)."""

from collections.abc import Callable

from deploy.server import (
    config_groups,
    configurations,
    layout,
    options,
    record,
    releases,
    services,
    static_files,
)
from deploy.server.options import Options
from deploy.server.steps import Refused, Step, carry_out


def run(say: Callable[[str], None]) -> None:
    """Let `current` lead to the release before, with its units and its static files; migrations are not undone."""
    noted = options.noted()
    if not noted:
        raise Refused("nothing is installed here")
    before = releases.previous()
    wanted = Options(**noted)  # type: ignore[arg-type]
    carry_out(_steps(wanted, before), say)
    say(
        f"release {before} serves; {record.read().get('previous')} stays, and --rollback leads back to it"
    )


def _steps(wanted: Options, release: str) -> list[Step]:
    place = layout.RELEASES / release
    front = (configurations.postfix(wanted, place), configurations.nginx(wanted, place))
    return [
        static_files.step(release),
        config_groups.tried_step(front),
        releases.switch_step(release),
        configurations.units(place).step(),
        *(group.step() for group in front),
        services.reload_step(),
    ]
