"""Counts by reason, taken from Postfix's log before it is thrown away: what is counted names nobody.

Senders decide on parts of a line (HELO names, addresses, Message-IDs), never on where it begins: postlogd(8) writes the
time, the host and the daemon, and no line end of a stranger. So patterns are anchored at the beginning, and what stands
behind an address is looked for from the end. Standard library only: the launcher runs it.
"""

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

FILE = "mail-counts.json"  # in DATA_DIR
MAX_LINE = 4096  # characters; postlogd(8) writes less

_LINE = re.compile(
    r"\w{3} [ \d]\d \d\d:\d\d:\d\d \S{1,255} postfix[\w-]{0,50}/(?:[\w-]{1,50}/)?([\w-]{1,50})\[\d+\]: (.*)"
)
_CLIENT = r"[^\s\[\]]{1,255}\[[^\s\[\]]{1,64}\]"
_REJECT = re.compile(
    rf"\w{{1,32}}: (?:milter-)?reject: [A-Z-]{{2,20}} from {_CLIENT}(?::\d+)?: (\d{{3}}) (\d\.\d{{1,3}}\.\d{{1,3}}) "
)
_DISCONNECT = re.compile(rf"disconnect from {_CLIENT}((?: [a-z]+=\d+(?:/\d+)?){{0,30}})$")
_LOST = re.compile(
    rf"(lost connection|timeout|too many errors) after [A-Z-]{{2,20}}.{{0,40}} from {_CLIENT}$"
)
_LIMIT = re.compile(
    r"warning: (Connection concurrency|Connection rate|Recipient address rate|Message delivery request rate)"
    r" limit exceeded: "
)
_STATUS = re.compile(
    r"(\S{1,300}), (?:conn_use=\d+, )?delay=[\d.]+, delays=[\d./]+, dsn=\d\.\d+\.\d+, status=(\w{1,20}) "
)
_COMPLAINT = re.compile(r"(warning|error|fatal|panic): ")

REASONS = {
    "550 5.1.1": "unknown",
    "452 4.2.2": "full",
    "554 5.7.1": "refused",  # not ours to take, or a network that is blocked
    "550 5.7.1": "blocked",
    "450 4.7.1": "slowed",
    "421 4.7.0": "cut_off",
    "451 4.3.0": "temporary",
    "452 4.3.1": "queue_full",
    "552 5.3.4": "too_big",
    "452 4.5.3": "too_many_recipients",
    "503 5.5.0": "protocol",
    "501 5.1.7": "protocol",
    "501 5.1.3": "protocol",
}
_SUMS = {"data": "messages", "rcpt": "recipients", "starttls": "tls"}
_WORDS = {"lost connection": "lost", "timeout": "timeout", "too many errors": "too_many_errors"}


def count(lines: Iterable[str]) -> Counter[str]:
    """Return how often each thing happened, by names from a fixed list; a line that says nothing counts nothing."""
    counts: Counter[str] = Counter()
    for line in lines:
        if match := _LINE.match(line[:MAX_LINE].rstrip("\n")):
            daemon, text = match.groups()
            counter = _COUNTERS.get(daemon, _complaint)
            counts.update(counter(text))
    return counts


def _smtpd(text: str) -> dict[str, int]:
    if text.startswith("connect from "):
        return {"connects": 1}
    if match := _DISCONNECT.match(text):
        return _session(match[1])
    if match := _REJECT.match(text):
        return {_rejection(match[1], match[2]): 1}
    if match := _LOST.match(text):
        return {f"sessions:{_WORDS[match[1]]}": 1}
    if match := _LIMIT.match(text):
        return {f"limited:{match[1].split()[0].lower()}_{match[1].split()[-1]}": 1}
    return _complaint(text)


def _session(statistics: str) -> dict[str, int]:
    """Sums of a session's commands: `rcpt=2/5` is two accepted of five."""
    found = {"sessions": 1}
    for word in statistics.split():
        name, _, numbers = word.partition("=")
        accepted, _, total = numbers.partition("/")
        if name in _SUMS and len(numbers) <= 20:
            found[f"{_SUMS[name]}:accepted"] = int(accepted)
            found[f"{_SUMS[name]}:refused"] = int(total or accepted) - int(accepted)
    return {name: number for name, number in found.items() if number > 0}


def _rejection(code: str, status: str) -> str:
    reply = f"{code} {status}"
    if reply in REASONS:
        return f"rejected:{REASONS[reply]}:{reply}"
    return f"rejected:other:{code[0]}xx" if code[0] in "45" else "rejected:other"


def _delivery(text: str) -> dict[str, int]:
    """`ID: to=<...>, relay=...`: an address may hold `>, relay=` too; behind the last one nothing is a stranger's."""
    _, found, rest = text.rpartition(">, relay=")
    match = _STATUS.match(rest) if found else None
    if not match:
        return _complaint(text)
    relay, status = match.groups()
    if status == "sent":
        return {"deliveries:stored" if not relay.startswith("none") else "deliveries:dropped": 1}
    return {f"deliveries:{status}": 1} if status in {"deferred", "bounced", "expired"} else {}


def _outbound(text: str) -> dict[str, int]:
    """Whatever smtp(8) and its like try or complain of: nothing may leave, and there is no such service at all."""
    return {**(_complaint(text) or {}), "outbound": 1}


def _cleanup(text: str) -> dict[str, int]:
    if re.match(r"(?:warning: )?\w{1,32}: queue file size limit exceeded", text):
        return {"rejected:too_big:552 5.3.4": 1}
    if match := _REJECT.match(text):
        return {_rejection(match[1], match[2]): 1}
    return _complaint(text)


def _complaint(text: str) -> dict[str, int]:
    match = _COMPLAINT.match(text)
    return {f"complaints:{match[1]}": 1} if match else {}


_COUNTERS: dict[str, Callable[[str], dict[str, int]]] = {
    "smtpd": _smtpd,
    "cleanup": _cleanup,
    **dict.fromkeys(("smtp", "local"), _outbound),
    **dict.fromkeys(("pipe", "lmtp", "discard", "error", "retry", "virtual"), _delivery),
}


def read(path: Path) -> dict[str, int]:
    """Return the sums since the file was made; none where there is no file, or one that cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(name): value for name, value in found.items() if isinstance(value, int)}


def add(
    path: Path, counts: Counter[str], give: Callable[[Path], object] = lambda made: None
) -> None:
    """Add to the sums in a file, as its one writer; readers see the old or the new one. `give` sets its owner.

    Raises OSError.
    """
    sums = Counter(read(path)) + counts
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    # O_EXCL: whoever owns the directory may not be who writes
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        json.dump(dict(sorted(sums.items())), file, indent=1)
    give(fresh)
    fresh.replace(path)
