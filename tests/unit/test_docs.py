"""What docs/ says is there: each block of commands has a test that runs it or says why none does; names exist."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import documented
from tests.documented import ROOT, Block

PAGES = documented.pages()
ALSO = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "deploy/clients/python/README.md"]
BLOCKS = [block for page in [*PAGES, "README.md"] for block in documented.blocks_of(page)]
# Files that are made, and do not come with the checkout.
MADE = re.compile(r"var/|.*[<>*{…]|deploy/clients/python/dist")
PLACES = ("delivery", "deploy", "docs", "mailboxes", "postfix", "tempmail_site", "tests")


def prose(page: str) -> str:
    """A page without its blocks."""
    return re.sub(r"^ *```.*?^ *```", "", (ROOT / page).read_text(), flags=re.DOTALL | re.MULTILINE)


def asked_for() -> Iterator[tuple[str, str]]:
    """Which tests ask for the blocks of which pages: file and page."""
    for path in (ROOT / "tests").rglob("test_*.py"):
        text = path.read_text()
        if "documented" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "documented.blocks":
                file, page = node.args[:2]
                assert ast.unparse(file) == "__file__", path
                yield str(path.relative_to(ROOT)), ast.literal_eval(page)


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_every_block_says_what_it_is_and_who_runs_it(block: Block) -> None:
    assert block.language in documented.COMMANDS | documented.DATA, "a fence has one language"
    if block.run_by or block.not_run:
        assert bool(block.run_by) != bool(block.not_run), "run, or not run"
    else:
        assert block.language in documented.DATA, "by which test is it run? docs/README.md"


def test_every_test_that_is_named_asks_for_those_blocks_and_no_test_asks_in_vain() -> None:
    assert set(asked_for()) == {(block.run_by, block.page) for block in BLOCKS if block.run_by}


@pytest.mark.parametrize("page", PAGES)
def test_no_commands_are_hidden_in_indented_text(page: str) -> None:
    assert not re.findall(r"(?m)^\n {4,}\S.*$", prose(page))


@pytest.mark.parametrize("page", [*PAGES, *ALSO])
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        path = (ROOT / page).parent / file if file else ROOT / page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), target


def anchors(path: Path) -> set[str]:
    """The anchors that a page's headings have on common forges."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each).strip().lower().replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", [*PAGES, *ALSO])
def test_files_that_are_named_are_there(page: str) -> None:
    for path in re.findall(rf"`((?:{'|'.join(PLACES)})/[^`\s:]*)`", prose(page)):
        assert MADE.match(path) or any(ROOT.glob(path.rstrip("/"))), path


@pytest.mark.parametrize("page", [*PAGES, *ALSO])
def test_targets_and_units_that_are_named_are_there(page: str) -> None:
    text = (ROOT / page).read_text()
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = re.findall(r"(?:`|sudo |^)make ([a-z-]+)", text, re.MULTILINE)
    assert set(named) <= set(targets)
    units = set(re.findall(r"\b(tempmail-[a-z-]+\.(?:service|socket|timer|path))\b", text))
    assert units <= {path.name for path in (ROOT / "deploy" / "systemd").glob("*")}


def test_every_page_is_in_the_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text()
    pages = {page for page in PAGES if page.count("/") == 1} - {"docs/README.md"}
    assert {page for page in pages if f"]({page.removeprefix('docs/')})" not in index} == set()
