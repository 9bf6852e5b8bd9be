"""Starts and reloads services: by systemd, or where it does not run (a chroot) Debian's alone, by service(8)."""

import time
from collections.abc import Callable
from pathlib import Path

from deploy.server import commands, layout, milters, record
from deploy.server.steps import Refused, Step

SECONDS = 60.0
_WORKER = "tempmail-worker.service"
OURS, UPGRADE = "restart-tempmail", "upgrade-tempmail"


def systemd_runs() -> bool:
    """Tell whether systemd is PID 1 here (sd_booted(3))."""
    return Path("/run/systemd/system").is_dir()


def start_packaged(name: str) -> None:
    """Start a service of Debian's. Raises CommandFailed."""
    if systemd_runs():
        commands.run("systemctl", "start", name)
    else:
        commands.run("service", name, "start")


def stop_packaged(name: str) -> None:
    """Stop a service of Debian's, if it runs."""
    words = ("systemctl", "stop", name) if systemd_runs() else ("service", name, "stop")
    commands.succeeds(*words)


def wait_until(ready: Callable[[], bool], what: str) -> None:
    """Wait until something answers. Raises Refused."""
    deadline = time.monotonic() + SECONDS
    while not ready():
        if time.monotonic() > deadline:
            raise Refused(f"{what} does not answer after {SECONDS:.0f} s")
        time.sleep(0.2)


def enable_step(units: list[str]) -> Step:
    """Have units enabled, so that they start with the machine."""
    return Step(
        "enabled units",
        lambda: ", ".join(_disabled(units)),
        lambda: _enable(_disabled(units)),
    )


def disable_step(units: list[str]) -> Step:
    """Have the units disabled and stopped that came with a package and that nobody needs: ours has its own instance."""
    return Step(
        "unneeded units",
        lambda: ", ".join(unit for unit in units if enabled(unit) and _came_with_us()),
        lambda: _disable(units),
    )


def reload_step() -> Step:
    """Do what earlier steps owe: reload what changed, and nothing else."""
    return Step("reload", lambda: ", ".join(record.owed()), _reload)


def enabled(unit: str) -> bool:
    """Tell whether a unit is enabled; also where systemd does not run."""
    return commands.succeeds("systemctl", "is-enabled", "--quiet", unit)


def our_units(place: Path = layout.CURRENT) -> list[str]:
    """Return the names of the units that a release brings."""
    directory = place / "deploy" / "systemd"
    kinds = {".service", ".socket", ".timer", ".target", ".path", ".slice"}
    return sorted(path.name for path in directory.glob("*") if path.suffix in kinds)


def installable(place: Path = layout.CURRENT) -> list[str]:
    """Return those of them that can be enabled: they say what wants them."""
    directory = place / "deploy" / "systemd"
    return [name for name in our_units(place) if "\n[Install]\n" in (directory / name).read_text()]


def _disabled(units: list[str]) -> list[str]:
    return [unit for unit in units if not enabled(unit)]


def _enable(units: list[str]) -> None:
    commands.run("systemctl", "enable", *units)


def _came_with_us() -> bool:
    return "redis-server" in record.listed("packages")


def _disable(units: list[str]) -> None:
    commands.run("systemctl", "disable", *units)
    for unit in units:
        stop_packaged(unit)


def _reload() -> None:
    # ours last but for what sends to them: their servers are there by then
    if {"daemon-reload", UPGRADE} <= set(record.owed()):
        record.owe(OURS)  # a unit has changed: a reload would not be enough
    if OURS in record.owed():
        record.done(UPGRADE)
    for action in sorted(record.owed(), key=_rank):
        if action in _ACTIONS:  # else an older release owed it, and this one does not know it
            _ACTIONS[action]()
        record.done(action)


def _rank(action: str) -> int:
    return _ORDER.index(action) if action in _ORDER else len(_ORDER)


def _restart_ours() -> None:
    """What listens is socket-activated: the kernel keeps new connections until the new process takes them."""
    if not systemd_runs():
        return
    commands.run("systemctl", "daemon-reload")
    sockets_and_timers = [unit for unit in installable() if not unit.endswith(".service")]
    commands.run("systemctl", "start", *sockets_and_timers)
    running = [unit for unit in our_units() if unit.endswith(".service") and _is_daemon(unit)]
    commands.run("systemctl", "restart", *running)


def _upgrade_ours() -> None:
    """New code, the same settings: the delivery worker's old processes answer Postfix until the new ones do."""
    if not systemd_runs():
        return
    daemons = [unit for unit in our_units() if unit.endswith(".service") and _is_daemon(unit)]
    commands.run("systemctl", "reload-or-restart", *(unit for unit in daemons if unit == _WORKER))
    commands.run("systemctl", "restart", *(unit for unit in daemons if unit != _WORKER))


def _is_daemon(unit: str) -> bool:
    path = layout.CURRENT / "deploy" / "systemd" / unit
    return "Type=oneshot" not in path.read_text()


def daemon_reload() -> None:
    """Have systemd read its units again, where it runs."""
    if systemd_runs():
        commands.run("systemctl", "daemon-reload")


def _packaged(name: str, verb: str = "reload") -> Callable[[], None]:
    def act() -> None:
        if systemd_runs():
            commands.run("systemctl", f"{verb}-or-restart" if verb == "reload" else verb, name)
        elif not commands.succeeds("service", name, "status") or verb == "restart":
            commands.run("service", name, "restart")
        else:
            commands.run("service", name, verb)

    return act


def _redis() -> None:
    if systemd_runs():
        commands.run("systemctl", "restart", "redis-server@tempmail")


def _milters() -> None:
    for name in milters.SERVICES:
        _packaged(name, "restart")()


def _firewall() -> None:
    if systemd_runs():
        commands.run("systemctl", "restart", "nftables")


def _fail2ban() -> None:
    if systemd_runs():
        commands.run("systemctl", "reload-or-restart", "fail2ban")


# Mail and requests come in last, when there is somebody to take them.
_ORDER = [
    *(
        "nothing",
        "daemon-reload",
        "restart-postgresql",
        "restart-redis",
        "restart-milters",
        OURS,
        UPGRADE,
    ),
    *("reload-nginx", "reload-postfix", "reload-firewall", "reload-fail2ban"),
]
_ACTIONS: dict[str, Callable[[], None]] = {
    OURS: _restart_ours,
    UPGRADE: _upgrade_ours,
    "daemon-reload": daemon_reload,
    "reload-nginx": _packaged("nginx"),
    "reload-postfix": _packaged("postfix"),
    "restart-postgresql": _packaged("postgresql", "restart"),
    "restart-redis": _redis,
    "restart-milters": _milters,
    "reload-firewall": _firewall,
    "reload-fail2ban": _fail2ban,
}
