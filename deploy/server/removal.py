"""`--uninstall`: takes away what the installer has put here, gives files of others back, and says what stays."""

import shutil
from collections.abc import Callable
from pathlib import Path

from deploy.server import accounts, commands, database, files, layout, milters, record, services

Say = Callable[[str], None]
_PLACES = (Path("/etc/nginx/tempmail"), layout.STATE, layout.LOGS, layout.REDIS_SOCKET.parent)
_STOPPED = ("nginx", "postfix", "fail2ban", *milters.SERVICES)
_OTHERS_LOGS = {
    "/var/log/redis": "redis-server-tempmail.log*",
    "/var/log/nginx": "tempmail.access*",
}


def run(*, purge_data: bool, say: Say) -> None:
    """Remove the service. Data and keys stay unless `purge_data`; packages stay, as others may use them by now."""
    if not layout.RECORD.is_file():
        say("nothing is installed here")
        return
    _stop(say)
    packages = record.listed("packages")
    if purge_data:
        _drop_database(say)
    _remove_files(say)
    _remove_places(purge_data, say)
    if purge_data:
        _remove_users(say)
    _say_what_stays(packages, purge_data, say)


def _stop(say: Say) -> None:
    units = services.our_units() if layout.CURRENT.exists() else []
    if units and services.systemd_runs():
        sockets_last = sorted(units, key=lambda name: name.endswith(".socket"))
        commands.attempt("systemctl", "stop", *sockets_last, "redis-server@tempmail")
    if units:
        commands.attempt("systemctl", "disable", *services.installable(), "redis-server@tempmail")
    # without our files they would serve others'
    for name in _STOPPED:
        services.stop_packaged(name)
    commands.succeeds("nft", "delete", "table", "inet", "tempmail")  # nobody is shut out any more
    say(f"disabled and stopped the units; stopped {', '.join(_STOPPED)}; opened the firewall")


def _drop_database(say: Say) -> None:
    if database.answers():
        database.drop()
        say(f"dropped the database {layout.DATABASE}")
    else:
        say(f"PostgreSQL does not answer: the database {layout.DATABASE} stays")


def _remove_files(say: Say) -> None:
    for name in record.listed("files"):
        path, kept = Path(name), record.kept_file(Path(name))
        path.unlink(missing_ok=True)
        if kept.is_file():
            files.write(
                path, kept.read_text(encoding="utf-8", errors="surrogateescape"), files.Owner()
            )
            say(f"gave {path} back as it was")
        elif path.parent.name.endswith(".service.d") and not any(path.parent.iterdir()):
            path.parent.rmdir()
    for directory, pattern in _OTHERS_LOGS.items():
        for log in Path(directory).glob(pattern):
            log.unlink()
    services.daemon_reload()


def _remove_places(purge_data: bool, say: Say) -> None:
    places = [*_PLACES, layout.OPT, layout.SOCKETS]
    if purge_data:
        places += [layout.ETC, layout.DATA]
    for place in places:
        shutil.rmtree(place, ignore_errors=True)
    if not purge_data:
        record.forget_all_but("packages", "options")
        for place in (
            layout.TLS,
            layout.REPLACED,
            layout.STATIC,
        ):  # a later installation makes these anew
            shutil.rmtree(place, ignore_errors=True)
    say(f"removed {', '.join(map(str, places))}")


def _remove_users(say: Say) -> None:
    for user in reversed(accounts.USERS):
        commands.attempt("userdel", user)
        commands.attempt("groupdel", user)
    say("removed the users")


def _say_what_stays(packages: list[str], purge_data: bool, say: Say) -> None:
    if not purge_data:
        say(
            f"stays: the database {layout.DATABASE}, {layout.DATA}, {layout.ETC} (settings, keys), the users"
        )
        say("stays: what Postfix had queued. --uninstall --purge-data removes all of it")
    else:
        say(f"stays: {layout.QUEUE} (postsuper -d ALL empties it), /etc/letsencrypt")
        say(f"stays: {layout.BACKUPS}, where there are backups")
    if packages:
        say(
            f"stays: packages; to remove those that came with it: apt-get purge {' '.join(packages)}"
        )
