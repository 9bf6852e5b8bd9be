"""The code of docs/: which test runs a block, and which blocks say that nothing here runs them.

A block of commands stands below the line `<!-- run by tests/.../test_x.py -->`, or begins with `# not run here: why`.
The test that runs it gets its text from `blocks`, and nothing else: tests/unit/test_docs.py holds both ends together.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = frozenset({"bash", "sh", "python", "javascript"})
DATA = frozenset(
    {"text", "json", "yaml", "ini", "conf", "http", "html", "dns", "diff", "sql", "toml", "nginx"}
)
_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\S*)(?P<rest>.*)$")
_RUN_BY = re.compile(r"<!-- run by (\S+) -->")
_NOT_RUN = re.compile(r"(?:#|//) not run here: (.*\S)")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block of a page; `line` is that of its fence."""

    page: str
    line: int
    language: str
    code: str
    run_by: str  # a test file, or nothing
    not_run: str  # why, or nothing

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """Return the pages of docs/, by their path from the root of the checkout."""
    return sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md"))


def blocks(test_file: str, page: str, language: str = "") -> list[str]:
    """Return what a page says that this test (its `__file__`) runs: all of it, or what is in one language."""
    name = str(Path(test_file).resolve().relative_to(ROOT))
    found = [each for each in blocks_of(page) if each.run_by == name]
    return [each.code for each in found if language in ("", each.language)]


def blocks_of(page: str) -> list[Block]:
    """Return every fenced block of a page."""
    return list(_read(page, (ROOT / page).read_text().splitlines()))


def _read(page: str, lines: list[str]) -> Iterator[Block]:
    rest = iter(enumerate(lines, 1))
    before = ""
    for number, line in rest:
        if fence := _FENCE.match(line):
            code = "".join(f"{each}\n" for each in _inside(rest, fence["indent"]))
            mark, excuse = _RUN_BY.search(before), _NOT_RUN.match(code)
            yield Block(
                page,
                number,
                fence["language"] + fence["rest"],
                code,
                mark[1] if mark else "",
                excuse[1] if excuse else "",
            )
        before = line


def _inside(rest: Iterator[tuple[int, str]], indent: str) -> Iterator[str]:
    for _number, line in rest:
        if line.strip() == "```":
            return
        yield line.removeprefix(indent)
