"""When a message entered Postfix's queue, as its long queue id says (global/mail_queue.h of Postfix)."""

# Base 52: no vowels, so that no id is a word. At least six digits are seconds, four are microseconds, then comes a "z",
# which the base 51 of the inode number behind it has not.
_DIGITS = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
_VALUES = {digit: value for value, digit in enumerate(_DIGITS)}
_SECONDS, _MICROSECONDS = 6, 4
_LONGEST = 32


def arrived_at(queue_id: str) -> float | None:
    """Return it in seconds since 1970, by the clock of the mail server; None for an id that is not a long one."""
    moment, separator, inode = queue_id[:_LONGEST].rpartition("z")
    if not separator or not inode or len(moment) < _SECONDS + _MICROSECONDS:
        return None
    if not set(moment + inode) <= _VALUES.keys():
        return None
    seconds, micro = _number(moment[:-_MICROSECONDS]), _number(moment[-_MICROSECONDS:])
    return seconds + micro / 1e6 if micro < 1_000_000 else None


def made(at: float, inode: int) -> str:
    """Return the id that a message gets that comes at this time, into a file with this number."""
    seconds, rest = divmod(round(at * 1_000_000), 1_000_000)
    return f"{_written(seconds, _SECONDS, 52)}{_written(rest, _MICROSECONDS, 52)}z{_written(inode, 1, 51)}"


def _written(number: int, width: int, base: int) -> str:
    digits = ""
    while number or len(digits) < width:
        number, digit = divmod(number, base)
        digits = _DIGITS[digit] + digits
    return digits


def _number(text: str) -> int:
    number = 0
    for digit in text:
        number = number * len(_DIGITS) + _VALUES[digit]
    return number
