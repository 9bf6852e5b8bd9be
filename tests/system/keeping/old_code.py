"""Applies our migrations one by one, and after each writes, reads, changes and deletes with the models from before it.

Prints a JSON object: for each migration the statements of old code that the database refused.
"""

import datetime
import json
import uuid
from typing import Any

import django

django.setup()

from django.apps.registry import Apps  # noqa: E402
from django.db import Error, connection, models, transaction  # noqa: E402
from django.db.migrations.executor import MigrationExecutor  # noqa: E402

NOW = datetime.datetime(2026, 11, 20, tzinfo=datetime.UTC)
VALUES: dict[type[models.Field], Any] = {
    models.CharField: "x",
    models.TextField: "x",
    models.BinaryField: b"x",
    models.UUIDField: uuid.UUID(int=1),
    models.DateTimeField: NOW,
    models.DateField: NOW.date(),
    models.JSONField: [],
    models.BooleanField: True,
    models.FloatField: 1.0,
    models.IntegerField: 1,
}


class Undone(Exception):
    """Ends a transaction that is to leave nothing."""


def value(field: models.Field, made: dict[str, models.Model]) -> Any:
    """Something that the column takes."""
    if field.is_relation:
        return made[field.related_model._meta.label]
    return next(found for kind, found in VALUES.items() if isinstance(field, kind))


def insert(model: type[models.Model], made: dict[str, models.Model]) -> models.Model:
    """A row with a value in each column that old code knows, as Django's INSERT has them all."""
    for field in model._meta.concrete_fields:
        if field.is_relation and field.related_model._meta.label not in made:
            insert(field.related_model, made)
    fields = [
        each for each in model._meta.concrete_fields if not isinstance(each, models.AutoField)
    ]
    row = model(**{each.name: value(each, made) for each in fields if each.name != "pk"})
    row.save(force_insert=True)
    made[model._meta.label] = row
    return row


def refused(model: type[models.Model]) -> str:
    """The first statement of old code that does not work, or nothing. Leaves no row."""
    step = "insert"
    try:
        with transaction.atomic():
            row = insert(model, {})
            step = "update"
            row.save(force_update=True)
            step = "select"
            assert len(model._default_manager.filter(pk=row.pk)) == 1
            step = "delete"
            assert model._default_manager.filter(pk=row.pk).delete()[0] == 1
            raise Undone
    except Undone:
        return ""
    except (Error, AssertionError):
        return f"{model.__name__}: {step}"


def apps_before(executor: MigrationExecutor, key: tuple[str, str]) -> Apps:
    apps: Apps = executor.loader.project_state(key, at_end=False).apps
    return apps


executor = MigrationExecutor(connection)
plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
found = {}
for migration, _backwards in plan:
    key = (migration.app_label, migration.name)
    executor = MigrationExecutor(connection)
    executor.migrate([key])
    if key[0] == "mailboxes":
        old = apps_before(executor, key)
        tried = [refused(model) for model in old.get_models() if model._meta.app_label == key[0]]
        found[key[1]] = [each for each in tried if each]
print(json.dumps(found))
