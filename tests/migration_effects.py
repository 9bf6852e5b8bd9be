"""What a migration does to code of the release before, which serves while it runs and for a while after.

Additive is: a new table, a new column that old code need not know (NULL or a default of the database's own), a wider
one, words that no database keeps. All else either breaks a statement of old code, or holds up its writes.
"""

from collections.abc import Iterable

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import models
from django.db.migrations import Migration, operations
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models.fields import NOT_PROVIDED

UNKNOWN_COLUMN = "old code inserts rows without it"
GONE = "old code asks for what is gone"
LOCKED = "writes wait while an index is built or rows are checked"
CHANGED = "old code may write what is refused, or misread what is there"
OWN_WORDS = "what it does must be said"

_HARMLESS = (
    operations.CreateModel,
    operations.AlterModelOptions,
    operations.AlterModelManagers,
    operations.RemoveIndex,
    operations.RemoveConstraint,
    operations.AlterModelTableComment,
    AddIndexConcurrently,
    RemoveIndexConcurrently,
)
_GONE = (
    operations.DeleteModel,
    operations.RemoveField,
    operations.RenameField,
    operations.RenameModel,
    operations.AlterModelTable,
)
_LOCKED = (
    operations.AddIndex,
    operations.AddConstraint,
    operations.AlterUniqueTogether,
    operations.AlterIndexTogether,
)


def of(migration: Migration, before: ProjectState) -> list[str]:
    """Return what hurts old code, an empty list where nothing does; `before` is the state that it is applied to."""
    state, found = before.clone(), []
    for operation in migration.operations:
        effect = _of(operation, state, migration.app_label)
        found += [f"{operation.describe()}: {effect}"] if effect else []
        operation.state_forwards(migration.app_label, state)
    return found


def _of(operation: Operation, state: ProjectState, label: str) -> str:
    if isinstance(operation, _HARMLESS):
        return ""
    if isinstance(operation, _GONE):
        return GONE
    if isinstance(operation, _LOCKED):
        return LOCKED
    if isinstance(operation, operations.AddField):
        return _of_new(operation.field)
    if isinstance(operation, operations.AlterField):
        old = state.models[label, operation.model_name_lower].fields[operation.name]
        return _of_change(old, operation.field)
    return OWN_WORDS


def _of_new(field: models.Field) -> str:
    if field.many_to_many:
        return ""
    if not field.null and field.db_default is NOT_PROVIDED:
        return UNKNOWN_COLUMN  # Django drops its own default from the column again
    return LOCKED if field.db_index or field.unique else ""


def _of_change(old: models.Field, new: models.Field) -> str:
    before, after = _in_database(old), _in_database(new)
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    if type(old) is not type(new):
        return CHANGED
    if {"db_index", "unique", "db_constraint"} & changed and not _is_loosened(old, new):
        return LOCKED
    harmless = {"db_index", "unique", "db_default", "null", "max_length"}
    if changed - harmless or (old.null and not new.null):
        return CHANGED
    return "" if _is_as_wide(old, new) else CHANGED


def _in_database(field: models.Field) -> dict[str, object]:
    """Return the arguments of a field that its column depends on."""
    *_names, arguments = field.deconstruct()
    return {name: value for name, value in arguments.items() if name not in _not_kept(field)}


def _not_kept(field: models.Field) -> Iterable[str]:
    also = {"default", "auto_now", "auto_now_add", "validators", "upload_to"}
    return ({*field.non_db_attrs} | also) - {"db_column"}


def _is_loosened(old: models.Field, new: models.Field) -> bool:
    return (old.db_index or not new.db_index) and (old.unique or not new.unique)


def _is_as_wide(old: models.Field, new: models.Field) -> bool:
    if old.max_length == new.max_length or not isinstance(old, models.CharField):
        return True
    return new.max_length is None or (old.max_length or 0) <= new.max_length
