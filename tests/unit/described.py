"""Holding an answer of the API against its description: status, media type, header fields, body."""

import json
import re
from functools import cache
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from jsonschema import Draft202012Validator

from mailboxes.api.endpoints import api

CHECKED = Draft202012Validator.FORMAT_CHECKER
# Set by a middleware that calls of a view alone do not pass.
OF_MIDDLEWARE = {"X-Request-ID"}


@cache
def document() -> dict[str, Any]:
    """The description as clients get it."""
    described: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema()))
    return described


def followed(thing: dict[str, Any]) -> dict[str, Any]:
    """What a reference points at."""
    while "$ref" in thing:
        found: Any = document()
        for name in thing["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        thing = found
    return thing


def operation(method: str, path: str) -> dict[str, Any] | None:
    """The operation that a request is for; None where it is for none."""
    asked = path.partition("?")[0]
    for template, methods in document()["paths"].items():
        if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)), asked):
            found: dict[str, Any] | None = methods.get(method.lower())
            if found is not None:
                return found
    return None


def faults_of(schema: dict[str, Any], value: object) -> list[str]:
    """What a schema of the description finds wrong with a value."""
    whole = {**schema, "components": document()["components"]}
    return [
        f"{error.json_path}: {error.message}"
        for error in Draft202012Validator(whole, format_checker=CHECKED).iter_errors(value)
    ]


def assert_described(method: str, path: str, response: HttpResponseBase) -> None:
    """Fail unless the description says that this can be answered. What is no operation is not looked at."""
    asked = operation(method, path)
    if asked is None:
        return
    status = str(response.status_code)
    assert status in asked["responses"], f"{method} {path}: {status} is not described"
    answer = followed(asked["responses"][status])
    required = {name for name, field in answer["headers"].items() if followed(field)["required"]}
    missing = required - OF_MIDDLEWARE - set(response.headers)
    assert not missing, f"{method} {path}: {status} without {missing}"
    media = response.headers.get("Content-Type", "").partition(";")[0]
    contents = answer.get("content", {})
    assert media in contents or not contents, f"{method} {path}: {status} as {media!r}"
    if "json" in media and isinstance(response, HttpResponse) and contents:
        faults = faults_of(contents[media]["schema"], json.loads(response.content))
        assert not faults, f"{method} {path}: {status}: {faults}"
