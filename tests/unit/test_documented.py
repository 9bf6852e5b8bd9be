"""How marks of blocks are read: an unmarked block is not taken for one that is run."""

import pytest

from tests import documented
from tests.documented import Block

PAGE = """\
<!-- run by tests/unit/test_a.py -->
```sh
one
```

<!-- run by tests/unit/test_a.py -->

```sh
two
```
- in a list
  ```bash
  # not run here: it asks
  three
  ```
```sh
# it says: not run here: no
four
```
```javascript
// not run here: why
five
```
```sh extra
six
```
"""


@pytest.fixture
def blocks() -> list[Block]:
    return list(documented._read("docs/x.md", PAGE.splitlines()))


def test_each_block_has_its_text_and_its_mark(blocks: list[Block]) -> None:
    assert [(each.code.split()[-1], each.run_by, each.not_run) for each in blocks] == [
        ("one", "tests/unit/test_a.py", ""),
        ("two", "", ""),  # the mark is on the line above, or it is of something else
        ("three", "", "it asks"),
        ("four", "", ""),
        ("five", "", "why"),
        ("six", "", ""),
    ]
    assert [each.language for each in blocks] == [
        "sh",
        "sh",
        "bash",
        "sh",
        "javascript",
        "sh extra",
    ]
    assert blocks[2].code == "# not run here: it asks\nthree\n"
    assert str(blocks[1]) == "docs/x.md:8"


def test_a_test_gets_what_names_it_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        documented, "blocks_of", lambda page: documented._read(page, PAGE.splitlines())
    )
    asking, read = str(documented.ROOT / "tests" / "unit" / "test_a.py"), documented.blocks
    assert read(asking, "docs/x.md") == ["one\n"]
    assert read(asking, "docs/x.md", "python") == []
    assert read(__file__, "docs/x.md") == []
