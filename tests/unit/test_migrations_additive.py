"""Migrations since the first release leave code of the release before in peace, or say in so many words why not."""

import importlib

import pytest
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

from tests import migration_effects
from tests.migration_effects import CHANGED, GONE, LOCKED, OWN_WORDS, UNKNOWN_COLUMN

# Nobody runs code from before it: it is what the first release brings.
FIRST_RELEASE = "0010"

STATE = ProjectState()
STATE.add_model(
    ModelState(
        "app",
        "Thing",
        [
            ("id", models.BigAutoField(primary_key=True)),
            ("name", models.CharField(max_length=10, choices=[("a", "b")])),
            ("spare", models.CharField(max_length=10, null=True)),
            ("number", models.IntegerField(db_index=True)),
        ],
    )
)
TEXT = models.CharField


def after(*operations: object) -> list[str]:
    """What these do to old code; only the last words."""
    migration = type("Migration", (migrations.Migration,), {"operations": list(operations)})
    return [each.rpartition(": ")[2] for each in migration_effects.of(migration("m", "app"), STATE)]


def altered(name: str, field: models.Field) -> list[str]:
    return after(migrations.AlterField("thing", name, field))


def added(field: models.Field) -> list[str]:
    return after(migrations.AddField("thing", "new", field))


def test_what_old_code_need_not_know_is_additive() -> None:
    assert not after(
        migrations.CreateModel("Other", [("id", models.BigAutoField(primary_key=True))])
    )
    assert not added(models.IntegerField(null=True))
    assert not added(models.IntegerField(db_default=0))
    assert not altered(
        "name", TEXT(max_length=20, choices=[("c", "d")], help_text="x", default="a")
    )
    assert not altered("spare", TEXT(max_length=10, null=True, db_default="x"))
    assert not altered("name", TEXT(max_length=10, null=True))
    assert not altered("number", models.IntegerField())
    index = models.Index(fields=["name"], name="by_name")
    assert not after(AddIndexConcurrently("thing", index))
    assert not after(migrations.AlterModelOptions("thing", {"ordering": ("name",)}))


@pytest.mark.parametrize("default", [{}, {"default": 0}])
def test_a_column_that_must_be_filled_is_not(default: dict[str, int]) -> None:
    """Django fills it with the default for rows that are there, and then takes the default from the column."""
    assert added(models.IntegerField(**default)) == [UNKNOWN_COLUMN]


def test_what_takes_something_away_or_narrows_it_is_not() -> None:
    assert after(migrations.RemoveField("thing", "spare")) == [GONE]
    assert after(migrations.RenameField("thing", "spare", "other")) == [GONE]
    assert after(migrations.DeleteModel("thing")) == [GONE]
    assert altered("name", TEXT(max_length=5)) == [CHANGED]
    assert altered("name", models.IntegerField()) == [CHANGED]
    assert altered("spare", TEXT(max_length=10)) == [CHANGED]
    assert altered("name", TEXT(max_length=10, db_column="other")) == [CHANGED]


def test_what_holds_up_writes_is_not() -> None:
    index = models.Index(fields=["name"], name="by_name")
    assert after(migrations.AddIndex("thing", index)) == [LOCKED]
    assert altered("name", TEXT(max_length=10, db_index=True)) == [LOCKED]
    assert altered("name", TEXT(max_length=10, unique=True)) == [LOCKED]
    assert added(models.IntegerField(null=True, db_index=True)) == [LOCKED]


def test_what_only_its_author_knows_must_be_said() -> None:
    assert after(migrations.RunPython(migrations.RunPython.noop)) == [OWN_WORDS]
    assert after(migrations.RunSQL("SELECT 1")) == [OWN_WORDS]


def test_each_migration_since_the_first_release_is_additive_or_says_why_not() -> None:
    loader = MigrationLoader(None)
    ours = sorted(key for key in loader.graph.nodes if key[0] == "mailboxes")
    assert [name for _app, name in ours if name.startswith(FIRST_RELEASE)]
    for key in ours:
        if key[1][:4] <= FIRST_RELEASE:
            continue
        before = loader.project_state(key, at_end=False)
        found = migration_effects.of(loader.graph.nodes[key], before)
        said = getattr(importlib.import_module(f"mailboxes.migrations.{key[1]}"), "OLD_CODE", "")
        assert bool(found) == bool(said), f"{key[1]}: {found or said}"
