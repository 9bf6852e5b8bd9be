"""docs/configure.md names every setting with its default, and no other."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.documented import ROOT

ROWS = [
    [cell.strip() for cell in line.strip("|").split(" |")]
    for line in (ROOT / "docs" / "configure.md").read_text().splitlines()
    if re.match(r"\| `[A-Z]", line)
]
DOCUMENTED = {
    name: default for names, default, *_ in ROWS for name in re.findall(r"`(\w+)`", names)
}
KEYS = {"SECRET_KEY", "ADDRESS_DIGEST_KEY", "OPERATOR_KEY", "RECEIPT_KEY"}
# Of programs that are no Django process: where each reads it.
BESIDE = {
    "DATA_DIR": "tempmail_site/paths.py",
    "LISTEN_ADDRESS": "deploy/local/run.py",
    "WEB_CONCURRENCY": "deploy/gunicorn.conf.py",
}


def calls() -> Iterator[tuple[str, ast.expr | None]]:
    """Each name that the settings ask the environment for, and the default that it has."""
    for node in ast.walk(ast.parse((ROOT / "tempmail_site" / "settings.py").read_text())):
        if isinstance(node, ast.Call) and re.match(r"env(\.\w+)?$", ast.unparse(node.func)):
            if not (node.args and isinstance(node.args[0], ast.Constant)):
                continue
            default = [each.value for each in node.keywords if each.arg == "default"]
            yield str(node.args[0].value), default[0] if default else None


def of_the_script() -> dict[str, str]:
    """What the backup reads, with its defaults."""
    text = (ROOT / "deploy" / "backup" / "backup.sh").read_text()
    return dict(re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", text))


SETTINGS = dict(calls())


def test_every_setting_is_documented_and_no_other() -> None:
    for name, path in BESIDE.items():
        assert f'"{name}"' in (ROOT / path).read_text()
    assert set(DOCUMENTED) == {*SETTINGS, *KEYS, *BESIDE, *of_the_script()}
    assert len(DOCUMENTED) == sum(len(re.findall(r"`\w+`", names)) for names, *_ in ROWS)


def written(value: object) -> str:
    """A default as the page has it."""
    if value in ("", []):
        return "none"
    if isinstance(value, list):
        value = ",".join(value)
    return f"`{str(value).lower()}`" if isinstance(value, bool) else f"`{value}`"


@pytest.mark.parametrize("name", SETTINGS)
def test_defaults_are_those_of_the_code(name: str) -> None:
    default = SETTINGS[name]
    try:
        value = ast.literal_eval(default) if default is not None else None
    except ValueError:  # it is worked out, and the page says how
        value = None
    if value is not None and name != "DATABASE_URL":
        shown = DOCUMENTED[name].replace("`5`", "`5.0`")
        assert shown == written(value)


def test_defaults_of_the_backup_are_those_of_the_script() -> None:
    for name, default in of_the_script().items():
        if name != "DATABASE_URL":
            shown = default.replace("$configuration", "/etc/tempmail").replace(
                "${DATABASE_URL:-", "DATABASE_URL"
            )
            assert DOCUMENTED[name] == f"`{shown}`"


def test_every_row_says_what_it_means_and_who_reads_it() -> None:
    for names, _default, _unit, meaning, readers in ROWS:
        assert meaning.strip(), names
        assert set(readers.removeprefix("`backup.sh`")) <= set("STWPR "), names
