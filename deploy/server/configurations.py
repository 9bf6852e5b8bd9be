"""Which configuration files there are, of which programs, and what they are made from."""

from collections.abc import Mapping
from pathlib import Path

from deploy.server import certificates, database, layout, postfix_files, rendering, validators
from deploy.server.config_groups import Group, Texts
from deploy.server.options import Options


def values(wanted: Options) -> dict[str, str]:
    """Return what stands for @NAME@ in the templates."""
    return {
        "SITE_HOST": wanted.site_host,
        "MAIL_DOMAIN": wanted.domain,
        "MX_HOST": wanted.mx_host,
        "ADMIN_EMAIL": wanted.email,
        "CERTIFICATE": str(certificates.FULL),
        "CERTIFICATE_KEY": str(certificates.KEY),
        "MTA_STS_HOSTS": f"mta-sts.{wanted.domain}",
        "SSH_PORT": str(wanted.ssh_port),
    }


def units(place: Path) -> Group:
    """The systemd units of a release, and its drop-ins for units of others."""

    def texts() -> Texts:
        directory = place / "deploy" / "systemd"
        found = unit_files(place)
        return {
            layout.UNIT_DIRECTORY / path.relative_to(directory): path.read_text() for path in found
        }

    return Group("systemd units", texts, validators.units, "daemon-reload")


def unit_files(place: Path) -> list[Path]:
    """Return the unit files that a release brings, and the drop-ins (systemd.unit(5))."""
    kinds = {".service", ".socket", ".timer", ".target", ".path", ".slice"}
    directory = place / "deploy" / "systemd"
    drop_ins = directory.glob("*.d/*.conf")
    return sorted([*drop_ins, *(path for path in directory.glob("*.*") if path.suffix in kinds)])


def accounts(place: Path) -> list[Group]:
    """Users and directories, for systemd-sysusers(8) and systemd-tmpfiles(8)."""
    units_directory, edge = place / "deploy" / "systemd", place / "deploy" / "nginx"
    temporary = {Path("/etc/tmpfiles.d") / "tempmail.conf": units_directory / "tempmail.tmpfiles"}
    if (edge / "tempmail-edge.tmpfiles").is_file():
        temporary[Path("/etc/tmpfiles.d/tempmail-edge.conf")] = edge / "tempmail-edge.tmpfiles"
    users = {Path("/etc/sysusers.d/tempmail.conf"): units_directory / "tempmail.sysusers"}
    return [
        Group("users' file", lambda: _copies(users), validators.nothing, "nothing"),
        Group("directories' file", lambda: _copies(temporary), validators.nothing, "nothing"),
    ]


def servers(place: Path) -> list[Group]:
    """What the database and Redis read, before they are started."""
    deploy = place / "deploy"
    redis = {Path("/etc/redis/redis-tempmail.conf"): deploy / "redis" / "redis-tempmail.conf"}
    return [
        Group(
            "PostgreSQL", lambda: _postgresql(deploy), validators.postgresql, "restart-postgresql"
        ),
        # for everybody, as there is no secret in it: with the drop-in's Group= Redis is not in group redis
        Group("Redis", lambda: _copies(redis), validators.redis, "restart-redis"),
    ]


def postfix(wanted: Options, place: Path) -> Group:
    """Postfix's files, which know the first domain: after the migrations."""
    return Group(
        "Postfix", lambda: postfix_files.texts(wanted, place), validators.postfix, "reload-postfix"
    )


def nginx(wanted: Options, place: Path) -> Group:
    """nginx's files; again once there is a certificate."""
    return Group(
        "nginx", lambda: _nginx(wanted, place / "deploy"), validators.nginx, "reload-nginx"
    )


def others(wanted: Options, place: Path) -> list[Group]:
    """Firewall, bans, logs, security updates."""
    deploy = place / "deploy"
    logs = {
        Path("/etc/logrotate.d/tempmail"): deploy / "logrotate" / "tempmail-server.conf",
        Path("/etc/logrotate.d/tempmail-nginx"): deploy / "nginx" / "tempmail-nginx.logrotate",
    }
    updates = {
        Path("/etc/apt/apt.conf.d/50tempmail-unattended"): deploy / "apt" / "50tempmail-unattended",
        Path("/etc/needrestart/conf.d/tempmail.conf"): deploy / "apt" / "tempmail-needrestart.conf",
    }
    authentication = [_milters(wanted, deploy)] if wanted.with_authentication else []
    return [
        *authentication,
        Group(
            "fail2ban",
            lambda: _below(deploy / "fail2ban", _FAIL2BAN, wanted),
            validators.fail2ban,
            "reload-fail2ban",
        ),
        Group(
            "firewall", lambda: _firewall(wanted, deploy), validators.nftables, "reload-firewall"
        ),
        Group("logrotate", lambda: _copies(logs), validators.logrotate, "nothing"),
        Group("security updates", lambda: _copies(updates), validators.apt, "nothing"),
    ]


def _copies(wanted: Mapping[Path, Path]) -> Texts:
    return {
        target: source.read_text(encoding="utf-8")
        for target, source in wanted.items()
        if source.is_file()
    }


def _below(directory: Path, target: Path, wanted: Options) -> Texts:
    """Every file below a directory, those that end in .in rendered."""
    found = {}
    for path in sorted(directory.rglob("*")):
        if path.is_file() and path.suffix not in _NOT_THEIRS:
            name = path.relative_to(directory)
            place = target / (name.with_suffix("") if path.suffix == ".in" else name)
            found[place] = (
                rendering.render(path, values(wanted)) if path.suffix == ".in" else path.read_text()
            )
    return found


def _nginx(wanted: Options, deploy: Path) -> Texts:
    found = dict(_below(deploy / "nginx", _NGINX, wanted))
    main = found.pop(_NGINX / "nginx.conf", "")
    return {**found, Path("/etc/nginx/nginx.conf"): main} if main else found


def _milters(wanted: Options, deploy: Path) -> Group:
    return Group(
        "authentication",
        lambda: _below(deploy / "milters" / "etc", Path("/etc"), wanted),
        validators.milters,
        "restart-milters",
    )


def _postgresql(deploy: Path) -> Texts:
    sources = sorted((deploy / "postgresql").glob("*.conf"))
    if not sources or not Path("/etc/postgresql").is_dir():
        return {}
    place = database.cluster() / "conf.d"
    return {place / path.name: path.read_text(encoding="utf-8") for path in sources}


def _firewall(wanted: Options, deploy: Path) -> Texts:
    """Our rules in a file of their own, and /etc/nftables.conf with a line that includes it; the rest of it stays."""
    rules = {
        path: text
        for path, text in _below(deploy / "nftables", layout.ETC, wanted).items()
        if path.suffix == ".nft"
    }
    if not rules:
        return {}
    main = Path("/etc/nftables.conf")
    text = (
        main.read_text(encoding="utf-8")
        if main.is_file()
        else "#!/usr/sbin/nft -f\n\nflush ruleset\n"
    )
    lines = "".join(f'include "{path}"\n' for path in rules if f'include "{path}"' not in text)
    return {**rules, main: text + lines}


_NOT_THEIRS = {".py", ".md", ".tmpfiles", ".logrotate"}
_NGINX = Path("/etc/nginx/tempmail")
_FAIL2BAN = Path("/etc/fail2ban")
