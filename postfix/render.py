"""Renders Postfix's configuration from the templates: the same files for `make run`, the tests and a server."""

import dataclasses
import json
import re
import string
from collections.abc import Sequence
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parent / "templates"
FILES = ("main.cf", "master.cf", "delivery_status", "header_checks")

# A word for main.cf and master.cf: no white space, and nothing that they would expand or continue.
_LISTS = frozenset(("listen", "proxy_listen", "tls_chain_file", "unlimited_clients", "milters"))
_NOTE = "# Rendered with: "
# postconf(5). Who says nothing, or something else, is cut off after the timeout (by default 5 s).
_PROXIED = "\n    -o smtpd_upstream_proxy_protocol=haproxy"
_WORD = re.compile(r"[A-Za-z0-9_./:\[\]@%+=-]+")


@dataclasses.dataclass(frozen=True, slots=True)
class Values:
    """What differs between two installations. Sizes are bytes, times are seconds.

    `listen` holds addresses with port as master.cf(5) wants them, `127.0.0.1:2525`; those of `proxy_listen` believe the
    client's address that a load balancer says first (HAProxy's PROXY protocol), so only it may reach them.
    `policy_socket` and `lmtp_socket` are taken relative to `queue_directory` if they are below it. `transport` is what
    virtual_transport is set to.
    Without a `tls_chain_file` (PEM, key first) TLS is not offered. `milters` are separated by spaces, as in
    `inet:127.0.0.1:8891`; `authserv_id` is the name that they write into Authentication-Results, else the `hostname`.
    """

    config_directory: Path
    queue_directory: Path
    data_directory: Path
    log_file: Path
    script: Path
    delivery_socket: Path
    policy_socket: Path
    hostname: str
    origin: str
    listen: tuple[str, ...] = ("127.0.0.1:2525",)
    proxy_listen: tuple[str, ...] = ()
    inet_interfaces: str = "loopback-only"
    inet_protocols: str = "ipv4"
    transport: str = "tempmail"
    delivery_user: str = "nobody:nogroup"
    delivery_processes: int = 20
    delivery_time_limit: int = 120
    python: Path = Path("/usr/bin/python3")
    message_size_limit: int = 26_214_400
    queue_lifetime: int = 259_200
    lmtp_socket: Path = Path("tempmail/lmtp.sock")
    unlimited_clients: str = ""
    tls_chain_file: Path | None = None
    milters: str = ""
    authserv_id: str = ""


def render(values: Values) -> dict[str, str]:
    """Return the text of each configuration file by its name.

    Raises ValueError for a value that Postfix would read as something else (white space, `$`, a comma).
    """
    words = _words(values)
    texts = {name: (TEMPLATES / name).read_text(encoding="ascii") for name in FILES}
    return {name: string.Template(text).substitute(words) for name, text in texts.items()}


def write(values: Values, directory: Path, words: Sequence[str] = ()) -> None:
    """Write the rendered files into `directory`, made if missing. Raises OSError and ValueError.

    `words`, the `name=value` that made these values, are noted at the end of main.cf: with `noted_words` anybody can
    tell later whether the files are still those that would be rendered.
    """
    directory.mkdir(parents=True, exist_ok=True)
    texts = render(values)
    texts["main.cf"] += f"\n{_NOTE}{json.dumps(list(words))}\n"
    for name, text in texts.items():
        path = directory / name
        path.write_text(text, encoding="ascii")
        path.chmod(0o644)


def noted_words(main_cf: str) -> list[str] | None:
    """Return the words that were given to `write`; None for a file that it did not write, or that has lost them."""
    notes = [line for line in main_cf.splitlines() if line.startswith(_NOTE)]
    try:
        words = json.loads(notes[-1].removeprefix(_NOTE)) if notes else None
    except ValueError:
        return None
    return [str(word) for word in words] if isinstance(words, list) else None


def lmtp_transport(values: Values) -> str:
    """Return the `transport` that delivers by LMTP instead of the pipe."""
    return f"tempmail-lmtp:unix:{_below(values.lmtp_socket, values.queue_directory)}"


def log_file(state_dir: Path) -> Path:
    """Return where the mail log of an installation goes: in memory (tmpfs), in a directory of its own.

    Each line of it holds addresses, so it may never reach a disk.
    """
    return Path("/dev/shm") / f"tempmail-{state_dir.name}" / "mail.log"  # noqa: S108 - made 0700 for root


def _words(values: Values) -> dict[str, str]:
    words = {
        field.name: str(getattr(values, field.name))
        for field in dataclasses.fields(values)
        if field.name not in _LISTS
    }
    words["tls_chain_file"] = str(values.tls_chain_file or "")
    words["tls_security_level"] = "may" if values.tls_chain_file else "none"
    words["log_directory"] = str(values.log_file.parent)
    words["queue_minfree"] = str(2 * values.message_size_limit)
    words["authserv_pattern"] = _authserv_pattern(values)
    words["policy_socket"] = _below(values.policy_socket, values.queue_directory)
    words["lmtp_transport"] = lmtp_transport(values)
    for name, word in words.items():
        _check(name, word)
    # Lists: their parts are checked one by one.
    words["unlimited_clients"] = _listed("unlimited_clients", values.unlimited_clients)
    words["milters"] = _listed("milters", values.milters)
    plain = [_listener(address) for address in values.listen]
    proxied = [_listener(address, _PROXIED) for address in values.proxy_listen]
    words["listeners"] = "\n".join(plain + proxied)
    return words


def _listener(address: str, options: str = "") -> str:
    _check("listen", address)
    return f"{address:<15} inet n       -       n      -      -       smtpd{options}"


def _below(path: Path, directory: Path) -> str:
    # a relative path works in a chroot too, and does not count against the 107 bytes of unix(7)
    return str(path.relative_to(directory) if path.is_relative_to(directory) else path)


def _authserv_pattern(values: Values) -> str:
    """The names under which our own results may stand; results of the hostname are never somebody else's."""
    names = dict.fromkeys((values.hostname, values.authserv_id or values.hostname))
    return f"({'|'.join(re.escape(name) for name in names)})"


def _listed(name: str, text: str) -> str:
    words = text.replace(",", " ").split()
    for word in words:
        _check(name, word)
    return ", ".join(words)


def _check(name: str, word: str) -> None:
    if word and name != "authserv_pattern" and not _WORD.fullmatch(word):
        raise ValueError(f"{name} cannot be written into Postfix's configuration: {word!r}")
