"""`make audit`: bandit over our code, pip-audit over the packages that are installed.

What was found and accepted stands in the tables of docs/audit.md, with the reason: what stands there no more, or is
found and does not stand there, fails. Where pip-audit's data cannot be reached it says so, and that is no failure.
"""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "audit.md"
BIN = Path(sys.executable).parent
PLACES = ("delivery", "deploy", "mailboxes", "manage.py", "postfix", "tempmail_site")
# Programs are started from fixed lists of words, without a shell; pyproject.toml ignores ruff's S603, S607 likewise.
NOT_ASKED = "B404,B603,B606,B607"
Found = Counter[tuple[str, str]]


def main() -> int:
    """Look at both; return the exit status."""
    page = PAGE.read_text()
    code = _differences("bandit", findings(), accepted(page))
    packages = _packages(vulnerabilities(), {name for name, _ in known_vulnerabilities(page)})
    return 1 if code or packages else 0


def findings() -> Found:
    """Return what bandit finds: how often each test fails in each file."""
    command = [BIN / "bandit", "-q", "-r", *PLACES, "-s", NOT_ASKED, "-f", "json"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    told = json.loads(done.stdout)
    if told["errors"]:
        raise SystemExit(f"bandit could not read {told['errors']}")
    return Counter(
        (each["test_id"], each["filename"].removeprefix("./")) for each in told["results"]
    )


def accepted(page: str) -> Found:
    """Return what docs/audit.md accepts."""
    rows = re.findall(r"^\| (B\d+)[^|]* \| `([^`]+)` \| (\d+) \|", page, re.MULTILINE)
    return Counter({(test, path): int(times) for test, path, times in rows})


def known_vulnerabilities(page: str) -> list[tuple[str, str]]:
    """Return the vulnerabilities that docs/audit.md accepts, and of which package they are."""
    return re.findall(r"^\| ((?:GHSA|PYSEC|CVE)-[\w-]+) \| ([\w.-]+) \|", page, re.MULTILINE)


def vulnerabilities(*more: str) -> dict[str, Any] | str:
    """Return what is known of the installed packages, or in words why nobody can be asked."""
    command = [BIN / "pip-audit", "--local", "-s", "osv", "-f", "json", "--progress-spinner", "off"]
    done = subprocess.run([*command, *more], check=False, capture_output=True, text=True)
    try:
        told: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
    return told


def _differences(name: str, found: Found, known: Found) -> bool:
    new, gone = found - known, known - found
    for (test, path), times in sorted(new.items()):
        print(f"{name}: {path}: {test}, {times} more than docs/audit.md accepts")
    for (test, path), times in sorted(gone.items()):
        print(
            f"{name}: {path}: {test} is found {times} times less than docs/audit.md says: take it out"
        )
    print(f"{name}: {found.total()} findings, {(found & known).total()} of them accepted")
    return bool(new or gone)


def _packages(told: dict[str, Any] | str, known: set[str]) -> bool:
    """Print what is known of packages; tell whether that is too much."""
    if isinstance(told, str):
        print(f"pip-audit: NOT LOOKED AT, its data cannot be reached: {told}")
        return False
    new = [
        f"{each['name']} {each['version']}: {one['id']}, fixed in {one['fix_versions'] or 'nothing'}"
        for each in told["dependencies"]
        for one in each.get("vulns", ())
        if not known & {one["id"], *one.get("aliases", ())}
    ]
    # pip-audit itself ends well where nothing is known of a package, not even that it exists.
    skipped = [each["name"] for each in told["dependencies"] if "skip_reason" in each]
    _say("pip-audit", new)
    if skipped:
        print(f"pip-audit: NOT LOOKED AT: {', '.join(skipped)}")
    print(
        f"pip-audit: {len(told['dependencies']) - len(skipped)} packages, {len(new)} vulnerabilities"
    )
    return bool(new)


def _say(name: str, lines: Sequence[str]) -> None:
    for line in lines:
        print(f"{name}: {line}")


if __name__ == "__main__":
    sys.exit(main())
