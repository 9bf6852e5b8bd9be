"""Makes the checks, in order; one that fails by itself stops none of the others."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db import Error, connection

from tempmail_site.doctor import findings
from tempmail_site.doctor.findings import CannotLook, Check, Finding, Level


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found, and how long it took."""

    check: Check
    findings: list[Finding]
    seconds: float

    @property
    def level(self) -> Level:
        """The worst of it."""
        order = list(Level)
        return max((one.level for one in self.findings), key=order.index, default=Level.OK)


def chosen(words: Iterable[str]) -> list[Check]:
    """Return the checks of these groups and ids, all of them for none. Raises KeyError for an unknown word."""
    wanted = set(words)
    known = {name for each in findings.ALL.values() for name in (each.id, each.group)}
    if unknown := sorted(wanted - known):
        raise KeyError(", ".join(unknown))
    return [e for e in findings.ALL.values() if not wanted or {e.id, e.group} & wanted]


def run(checks: Iterable[Check]) -> Iterator[Result]:
    """Yield what each check found."""
    for each in checks:
        began = time.monotonic()
        found = _look(each)
        yield Result(each, found, time.monotonic() - began)
    connection.close()


def _look(check: Check) -> list[Finding]:
    found: list[Finding] = []
    try:
        found.extend(check.look())
    except CannotLook as reason:
        found.append(Finding(Level.SKIPPED, str(reason)))
    except Error as error:
        words = f"the database did not answer ({type(error).__name__})"
        found.append(Finding(Level.SKIPPED, words))
        connection.close()  # the next one may have more luck
    except Exception as error:  # noqa: BLE001 - a doctor who faints helps nobody
        # its text may hold anything
        words = f"the check itself failed ({type(error).__name__})"
        found.append(findings.warning(words, "Report this as a fault of the program."))
    return found or [findings.ok("nothing to find fault with")]
