"""Our rendered master.cf (master(5)): the command of our pipe(8) transport read, or replaced by a peer's."""

import re

TRANSPORT = "tempmail"
LMTP_TRANSPORT = "tempmail-lmtp"
_SERVICE = re.compile(rf"^{TRANSPORT}[ \t].*\n(?:[ \t].*\n|#.*\n(?=[ \t]))*", re.MULTILINE)


def argv(text: str) -> list[str]:
    """Return the words that pipe(8) would run, macros as they stand. Raises ValueError without our transport."""
    words = service(text).split()
    for number, word in enumerate(words):
        if word.startswith("argv="):
            return [word.removeprefix("argv="), *words[number + 1 :]]
    raise ValueError("our transport runs no program")


def service(text: str) -> str:
    """Return the lines of our transport. Raises ValueError when it is not there."""
    match = _SERVICE.search(text)
    if match is None:
        raise ValueError(f"master.cf has no service {TRANSPORT}")
    return match[0]


def replaced(text: str, command: str) -> str:
    """Return master.cf with another program behind our transport's name, so that every setting of it stays.

    The service's columns stay but for the command: it has as many processes as ours. Raises ValueError.
    """
    ours = service(text)
    columns = ours.split()[:7]
    return text.replace(ours, f"{' '.join(columns)} {command}\n", 1)
