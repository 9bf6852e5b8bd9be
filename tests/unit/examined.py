"""What the doctor says of one thing, for its tests."""

from tempmail_site.doctor import checks, findings, runner
from tempmail_site.doctor.findings import Finding, Level

FAULT, WARNING, OK, SKIPPED = Level.FAULT, Level.WARNING, Level.OK, Level.SKIPPED


def findings_of(id_: str) -> list[Finding]:
    """Everything that this check finds now."""
    checks.load()
    return runner._look(findings.ALL[id_])


def level_of(id_: str) -> Level:
    """The worst that this check finds now."""
    checks.load()
    return runner.Result(findings.ALL[id_], findings_of(id_), 0).level


def words_of(id_: str, level: Level) -> str:
    """What it finds of this level, and what to do about it; there has to be something."""
    found = [one for one in findings_of(id_) if one.level is level]
    assert found, findings_of(id_)
    assert all(one.remedy for one in found) or level in (OK, SKIPPED)
    return "\n".join(f"{one.words} | {one.remedy}" for one in found)
