"""What import-linter cannot say: which of our modules may read settings."""

import ast
from pathlib import Path

import pytest

import mailboxes

ROOT = Path(mailboxes.__file__).parent
EDGES = [
    path
    for folder in ("web", "api", "admin", "models", "rules", "tasks.py")
    for path in ([ROOT / folder] if folder.endswith(".py") else (ROOT / folder).rglob("*.py"))
]


@pytest.mark.parametrize("path", EDGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_services_gate_and_wiring_read_settings(path: Path) -> None:
    imported = {
        node.module
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
    }
    assert "django.conf" not in imported
