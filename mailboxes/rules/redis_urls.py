"""What a REDIS_URL names: one server, or Sentinels that know which server is the master at the moment.

    redis+sentinel://[[USER]:PASSWORD@]HOST[:PORT][,HOST[:PORT]...]/MASTER[/DATABASE][?sentinel_password=PASSWORD]

USER and PASSWORD are those of the Redis server; the Sentinels' own password is asked for apart. Anything else is a URL
as redis-py reads it: unix://, redis://, rediss://.
"""

from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import parse_qs, quote, unquote

SCHEME = "redis+sentinel"
_PORT = 26379
_NEAR = ("127.", "localhost", "[::1]", "::1")


@dataclass(frozen=True, slots=True)
class Sentinels:
    """Whom to ask, and for what. Empty strings: not set."""

    addresses: tuple[tuple[str, int], ...]
    master: str
    database: int
    username: str
    password: str
    sentinel_password: str


def sentinels(url: str) -> Sentinels | None:
    """Return what a URL of Sentinels says, None for one of a server. Raises ValueError where it says too little."""
    parts = _split(url)
    if parts.scheme != SCHEME:
        return None
    username, _, password = parts.user.partition(":")
    master, _, database = parts.path.strip("/").partition("/")
    if not parts.hosts or not master:
        raise ValueError(f"{SCHEME}://HOST[:PORT],.../MASTER is needed")
    return Sentinels(
        addresses=tuple(_address(host) for host in parts.hosts.split(",")),
        master=unquote(master),
        database=int(database or 0),
        username=unquote(username),
        password=unquote(password),
        sentinel_password=parse_qs(parts.query).get("sentinel_password", [""])[0],
    )


def is_near(url: str) -> bool:
    """Tell whether it leads to this machine only."""
    parts = _split(url)
    hosts = parts.hosts.split(",")
    return parts.scheme == "unix" or all(host.startswith(_NEAR) for host in hosts)


def has_password(url: str) -> bool:
    """Tell whether the server is told one."""
    return ":" in _split(url).user


def broker(url: str) -> str:
    """Return the same place as Celery's transport spells it (kombu.transport.redis)."""
    place = sentinels(url)
    if place is None:
        return url.replace("unix://", "redis+socket://", 1)
    login = ""
    if place.password:
        login = f"{quote(place.username, '')}:{quote(place.password, '')}@"
    return ";".join(
        f"sentinel://{login}{_host(host)}:{port}/{place.database}" for host, port in place.addresses
    )


def broker_options(url: str, timeout: float) -> dict[str, object]:
    """Return what Celery's transport is told of Sentinels beside their addresses; nothing for one server."""
    place = sentinels(url)
    if place is None:
        return {}
    asking: dict[str, object] = {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "retry": None,  # by default redis-py asks one that is away four times, with pauses of up to 10 s
    }
    if place.sentinel_password:
        asking["password"] = place.sentinel_password
    return {"master_name": place.master, "sentinel_kwargs": asking}


class _Parts(NamedTuple):
    scheme: str
    user: str
    hosts: str
    path: str
    query: str


def _split(url: str) -> _Parts:
    """Split as urlsplit does, which takes one host only."""
    scheme, _, rest = url.partition("://")
    rest, _, query = rest.partition("?")
    place, _, path = rest.partition("/")
    user, _, hosts = place.rpartition("@")
    return _Parts(scheme, user, hosts, path, query)


def _address(text: str) -> tuple[str, int]:
    if text.startswith("["):  # IPv6 (RFC 3986 3.2.2)
        host, _, port = text[1:].partition("]")
        return host, int(port.removeprefix(":") or _PORT)
    host, _, port = text.partition(":")
    if not host:
        raise ValueError("a Sentinel without a host")
    return host, int(port or _PORT)


def _host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
