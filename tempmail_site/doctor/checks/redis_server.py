"""Redis: limits, live pages and tasks. It keeps nothing on a disk, and never drops a task to make room."""

import time
from collections.abc import Iterator, Mapping

import redis
from django.conf import settings
from redis.exceptions import RedisError, ResponseError

from mailboxes.rules import redis_urls
from tempmail_site.doctor import looking
from tempmail_site.doctor.findings import CannotLook, Finding, check, fault, ok, warning

_LOWEST = (6, 2)
_TIMEOUT = 2.0  # seconds
_SLOW = 0.1
# volatile-*: what has no time of its own, as the list of due tasks, is never dropped.
_KEEPS_TASKS = ("volatile-ttl", "volatile-lru", "volatile-lfu", "volatile-random")
_QUIET = {
    "loglevel": ("notice", "warning"),
    "crash-log-enabled": ("no",),
    "crash-memcheck-enabled": ("no",),
    "slowlog-max-len": ("0",),
}


@check(
    "redis.reachable",
    "Without it no address is given out, and no task runs; mail and reading go on.",
)
def reachable() -> Iterator[Finding]:
    """Asked once, with the time it took."""
    began = time.monotonic()
    try:
        with _client() as client:
            client.ping()
    except (RedisError, OSError, ValueError) as error:
        words = f"Redis does not answer ({type(error).__name__})"
        yield fault(words, "Start it, or correct REDIS_URL.")
        return
    took = time.monotonic() - began
    if took > _SLOW:
        yield warning(f"Redis needs {took:.2f} s for nothing", "Look at its load and the network.")
    else:
        yield ok(f"answers in {took * 1000:.1f} ms")


@check("redis.version", "Older ones lack what the limits are made of.")
def version() -> Iterator[Finding]:
    """6.2 and later."""
    text = str(_info()["redis_version"])
    if tuple(int(part) for part in text.split(".")[:2] if part.isdigit()) < _LOWEST:
        yield fault(f"Redis {text}", "Upgrade it: 6.2 or later is needed.")
    else:
        yield ok(f"Redis {text}")


@check(
    "redis.persistence",
    "What is in it must not outlive it: fingerprints of clients, and who waits.",
)
def persistence() -> Iterator[Finding]:
    """Neither snapshots nor an append-only file."""
    info, config = _info(), _config("save")
    saves = config.get("save", "")
    on = []
    if saves:
        on.append(f"save {saves!r}")
    if info.get("aof_enabled"):
        on.append("appendonly yes")
    if on:
        words = f"Redis writes what it holds to a disk: {', '.join(on)}"
        yield fault(words, 'Set save "" and appendonly no, and delete dump.rdb and the .aof files.')
    else:
        yield ok("it writes nothing to a disk")


@check(
    "redis.memory",
    "At its limit Redis drops keys: that must not be tasks, and not grow without end.",
)
def memory() -> Iterator[Finding]:
    """A limit, a policy that spares what has no time of its own, and room below it."""
    info = _info()
    limit, used = int(info["maxmemory"]), int(info["used_memory"])
    policy = str(info["maxmemory_policy"])
    remedy = "Set maxmemory 256mb and maxmemory-policy volatile-ttl."
    if not limit:
        yield warning("it has no limit of memory", remedy)
    if policy.startswith("allkeys"):
        yield fault(f"maxmemory-policy is {policy}: due tasks may be dropped", remedy)
    elif policy not in _KEEPS_TASKS and limit:
        yield warning(f"maxmemory-policy is {policy}: at its limit nothing works", remedy)
    if limit and used > 0.9 * limit:
        words = f"{used >> 20} of {limit >> 20} MiB are used"
        yield warning(words, "Raise maxmemory, or see who fills it: redis-cli --bigkeys")
    if int(info.get("evicted_keys", 0)):
        words = f"{info['evicted_keys']} keys were dropped for lack of room since it was started"
        yield warning(words, "Raise maxmemory.")
    yield ok(f"maxmemory {limit >> 20} MiB, {policy}, {used >> 10} KiB used")


@check("redis.log", "Commands hold fingerprints of clients and ids of mailboxes (G6).")
def quiet() -> Iterator[Finding]:
    """As in docs/logs.md."""
    config = _config(*_QUIET)
    if not config:
        raise CannotLook("this Redis does not tell its configuration")
    loud = [f"{name} {value}" for name, value in config.items() if value not in _QUIET[name]]
    if loud:
        words = f"it may log what it is asked: {', '.join(loud)}"
        yield warning(words, "Set what docs/logs.md lists under Redis.")
    else:
        yield ok("it logs nothing of what it is asked")


@check("redis.access", "Who can reach Redis can run tasks and lift limits.")
def access() -> Iterator[Finding]:
    """A unix socket, loopback, or a password."""
    url = settings.REDIS_URL
    if redis_urls.is_near(url) or redis_urls.has_password(url):
        yield ok("by a unix socket" if url.startswith("unix:") else "by TCP")
    else:
        words = "Redis is on another host, and REDIS_URL has no password"
        yield fault(
            words, "Set requirepass there, rediss://:PASSWORD@... here, and close its port."
        )


def _client() -> redis.Redis:
    return looking.redis_client()


def _info() -> Mapping[str, int | str]:
    """Raises CannotLook while Redis is away: `redis.reachable` says so."""
    try:
        with _client() as client:
            found: Mapping[str, int | str] = client.info()
    except (RedisError, OSError) as error:
        raise CannotLook(f"Redis does not answer ({type(error).__name__})") from None
    return found


def _config(*names: str) -> dict[str, str]:
    """What it is configured with; nothing where CONFIG is forbidden, as by those who rent it out."""
    try:
        with _client() as client:
            return {name: str(client.config_get(name).get(name, "")) for name in names}
    except ResponseError:
        return {}
    except (RedisError, OSError) as error:
        raise CannotLook(f"Redis does not answer ({type(error).__name__})") from None
