"""Reading the description for people: references followed, schemas as lists of fields."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from mailboxes.api.description.parts import Answer, Body, Call, Field, Group

_METHODS = ("get", "post", "put", "patch", "delete")
_BOUNDS = (
    ("minimum", "at least {}"),
    ("maximum", "at most {}"),
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
    ("maxItems", "at most {} of them"),
    ("default", "{} if left out"),
)
_DEPTH = 4


def marked(text: str) -> SafeString:
    """Return a text with what stands between backticks as code."""
    parts = text.split("`")
    words = (format_html("<code>{}</code>" if at % 2 else "{}", p) for at, p in enumerate(parts))
    return format_html_join("", "{}", ((word,) for word in words))


class Reader:
    """Reads one OpenAPI document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document

    def groups(self) -> list[Group]:
        """Return the operations by tag, in the order of the tags; a tag without any is left out."""
        calls = [
            (operation["tags"][0], self._call(path, method, operation))
            for path, methods in self.document["paths"].items()
            for method, operation in sorted(methods.items(), key=lambda m: _METHODS.index(m[0]))
        ]
        groups = (
            Group(
                tag["name"],
                marked(tag["description"]),
                tuple(call for name, call in calls if name == tag["name"]),
            )
            for tag in self.document["tags"]
        )
        return [group for group in groups if group.calls]

    def shared(self) -> list[Answer]:
        """Return the answers that operations share, in the order of their statuses."""
        references = {
            status: response
            for methods in self.document["paths"].values()
            for operation in methods.values()
            for status, response in operation["responses"].items()
            if "$ref" in response
        }
        return [
            self._answer(status, self._followed(response))
            for status, response in sorted(references.items())
        ]

    def fields_of(self, name: str) -> tuple[Field, ...]:
        """Return the members of a schema of the document."""
        return tuple(self._fields(self.document["components"]["schemas"][name]))

    def _call(self, path: str, method: str, operation: Mapping[str, Any]) -> Call:
        return Call(
            name=operation["operationId"],
            method=method.upper(),
            path=path,
            summary=operation["summary"],
            text=marked(operation.get("description", "")),
            schemes=tuple(name for each in operation.get("security", ()) for name in each or ("",)),
            parameters=tuple(map(self._parameter, operation["parameters"])),
            bodies=self._bodies(operation.get("requestBody", {})),
            answers=tuple(
                self._answer(str(status), response)
                for status, response in operation["responses"].items()
            ),
        )

    def _parameter(self, parameter: Mapping[str, Any]) -> Field:
        place, required = parameter["in"], parameter.get("required", False)
        return self._field(
            parameter["name"], parameter["schema"], parameter["description"], place, required
        )

    def _answer(self, status: str, response: Mapping[str, Any]) -> Answer:
        if "$ref" in response:
            text = marked(self._followed(response)["description"])
            return Answer(status, text, (), (), f"error-{status}")
        headers = (
            (name, self._followed(header)) for name, header in response.get("headers", {}).items()
        )
        return Answer(
            status,
            marked(response["description"]),
            tuple(
                self._field(name, header["schema"], header["description"], "header", True)
                for name, header in headers
            ),
            self._bodies(response),
        )

    def _bodies(self, holder: Mapping[str, Any]) -> tuple[Body, ...]:
        return tuple(
            Body(
                media,
                tuple(self._fields(content.get("schema", {}))),
                tuple(
                    (name, _text(example["value"]))
                    for name, example in content.get("examples", {}).items()
                ),
            )
            for media, content in holder.get("content", {}).items()
        )

    def _fields(
        self, schema: Mapping[str, Any], prefix: str = "", depth: int = 0
    ) -> Iterator[Field]:
        schema, suffix = self._object(schema)
        required = schema.get("required", ())
        for name, member in schema.get("properties", {}).items():
            path = f"{prefix}{suffix}.{name}" if prefix else name
            text = member.get("description") or self._object(member)[0].get("description", "")
            yield self._field(path, member, text, "", name in required)
            if depth < _DEPTH:
                yield from self._fields(member, path, depth + 1)

    def _object(self, schema: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
        """Return the object that a schema is, or is a list of, or may be beside null; and [] for a list."""
        schema = self._followed(schema)
        for kind in schema.get("anyOf", ()):
            if kind != {"type": "null"}:
                return self._object(kind)
        if schema.get("type") == "array" and "items" in schema:
            return self._object(schema["items"])[0], "[]"
        return schema, ""

    def _field(
        self, name: str, schema: Mapping[str, Any], text: str, place: str, required: bool
    ) -> Field:
        bounds = tuple(words.format(_json(schema[key])) for key, words in self._bounds(schema))
        return Field(name, self._kind(schema), place, required, bounds, marked(text))

    def _bounds(self, schema: Mapping[str, Any]) -> list[tuple[str, str]]:
        return [(key, words) for key, words in _BOUNDS if schema.get(key) not in (None, "", [])]

    def _kind(self, schema: Mapping[str, Any]) -> str:
        schema = self._followed(schema)
        if "anyOf" in schema:
            return " or ".join(map(self._kind, schema["anyOf"]))
        if "enum" in schema:
            return " or ".join(map(_json, schema["enum"]))
        if "const" in schema:
            return _json(schema["const"])
        kind = schema.get("format") or schema.get("type", "")
        return f"array of {self._kind(schema['items'])}" if "items" in schema else str(kind)

    def _followed(self, thing: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what a reference points at."""
        while "$ref" in thing:
            found: Any = self.document
            for name in thing["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            thing = found
        return thing


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _text(example: Any) -> str:
    return (
        example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)
    )
