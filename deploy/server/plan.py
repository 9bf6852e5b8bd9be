"""All steps of an installation, in order. An upgrade is the same: what is so already is passed over."""

from pathlib import Path

from deploy.server import (
    accounts,
    certificates,
    config_groups,
    configurations,
    database,
    environment,
    layout,
    milters,
    options_noted,
    packages,
    releases,
    services,
    static_files,
    validators,
)
from deploy.server.config_groups import Group
from deploy.server.options import Options
from deploy.server.steps import Step

PACKAGED = ("postgresql", "redis-server@tempmail", "nginx", "postfix", "fail2ban", "nftables")


def steps(wanted: Options, release: str) -> list[Step]:
    """Return the steps that bring this server to a release."""
    place = layout.RELEASES / release
    front = _front(wanted, place)
    return [
        packages.step(_packages(wanted)),
        accounts.places_step(),
        options_noted.step(wanted),
        releases.step(release),
        *_grounds(wanted, layout.SOURCE),
        *database.steps(wanted, place),
        static_files.step(release),
        config_groups.tried_step(front),
        releases.switch_step(release),
        # systemd-analyze looks for the programs that units start: after the switch
        configurations.units(layout.SOURCE).step(),
        *(group.step() for group in front),
        services.enable_step(_services(wanted)),
        services.disable_step(["redis-server"]),
        services.reload_step(),
        releases.clean_step(),
    ]


def _packages(wanted: Options) -> tuple[str, ...]:
    return (*packages.BASE, *(milters.packages() if wanted.with_authentication else ()))


def _services(wanted: Options) -> list[str]:
    debian = [*PACKAGED, *(milters.SERVICES if wanted.with_authentication else ())]
    return [*debian, *services.installable(layout.SOURCE)]


def _grounds(wanted: Options, tree: Path) -> list[Step]:
    """What the new release needs before any of it runs; the old one goes on."""
    return [
        *(group.step() for group in configurations.accounts(tree)),
        *accounts.steps(),
        *environment.steps(wanted),
        *certificates.steps(wanted),
        *(group.step() for group in configurations.servers(tree)),
    ]


def _front(wanted: Options, place: Path) -> list[Group]:
    """Units and what stands before them."""
    manage = {layout.MANAGE: (layout.SOURCE / "deploy" / "server" / "tempmail-manage").read_text()}
    return [
        Group("tempmail-manage", lambda: manage, validators.shell, "nothing", environment.PROGRAM),
        configurations.postfix(wanted, place),
        configurations.nginx(wanted, layout.SOURCE),
        *configurations.others(wanted, layout.SOURCE),
    ]
