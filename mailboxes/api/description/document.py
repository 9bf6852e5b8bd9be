"""The OpenAPI 3.1 description of the API: what ninja knows from the code, and what operations.py adds to it."""

from collections.abc import Mapping
from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation as Code

from mailboxes.api import problems
from mailboxes.api.description import calls, failures, headers, operations
from mailboxes.api.description.operation import STREAM, Operation
from mailboxes.gate import site

_JSON = "application/json"
_SCHEMES: dict[str, dict[str, str]] = {
    "ApiKey": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "tmk_...",
        "description": "An API key. The operator gives it out; it creates mailboxes and opens none.",
    },
    "MailboxToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "tmt_...",
        "description": "The token of one mailbox, shown once when it is created; it opens this one.",
    },
}
_MEMBERS = {
    "title": {"description": "For people."},
    "status": {"description": "The status of this answer."},
    "errors": {
        "description": "With `invalid`: where (`loc`) and what (`msg`, `type`), never the value."
    },
}
# Of one server-sent event; OpenAPI 3.1 has no word for a stream of them.
_EVENT: dict[str, Any] = {
    "type": "object",
    "description": "One event of the stream.",
    "properties": {
        "event": {"enum": ["message", "ends", "alive", "ended", "frozen"]},
        "data": {
            "type": "string",
            "contentMediaType": _JSON,
            "description": "`message`: as in the list; `ends`: `at`, the time; otherwise empty.",
        },
        "id": {"type": "string", "description": "Of a `message`: what Last-Event-ID goes on from."},
    },
    "required": ["event", "data"],
}


class Document(OpenAPISchema):
    """A dict; what it holds is OpenAPI 3.1."""

    def __init__(self, api: NinjaAPI, path_prefix: str) -> None:
        super().__init__(api, path_prefix)
        self["servers"] = [{"url": site.url("").rstrip("/")}]
        self["tags"] = [{"name": name, "description": text} for name, text in operations.TAGS]
        self["webhooks"] = calls.WEBHOOKS
        self.schemas["Problem"] = _problem_schema(self.schemas["Problem"])
        self["components"] = {
            "schemas": self.schemas,
            "responses": failures.components(),
            "headers": headers.FIELDS,
            "securitySchemes": _SCHEMES,
        }

    def operation_details(self, operation: Code) -> dict[str, Any]:
        """Return an operation as OpenAPI has it."""
        details: dict[str, Any] = super().operation_details(operation)
        more = operations.OPERATIONS[details["operationId"]]
        details |= {"summary": more.summary, "tags": [more.tag]}
        for parameter in details["parameters"]:
            _complete_parameter(parameter, more)
        if "requestBody" in details:
            named = {name: {"value": value} for name, value in more.requests.items()}
            details["requestBody"]["content"][_JSON]["examples"] = named
        if operation.auth_callbacks and more.without_token:
            details["security"].append({})  # an empty requirement: the token may be left out
        details["responses"] = _responses(details, more)
        return details

    def operation_security(self, operation: Code) -> list[dict[str, list[str]]] | None:
        """Return the scheme that opens an operation, named for clients and not for the class that looks tokens up."""
        if not operation.auth_callbacks:
            return None
        classes = [type(each).__name__ for each in operation.auth_callbacks]
        return [{"MailboxToken" if "Mailbox" in name else "ApiKey": []} for name in classes]


def _complete_parameter(parameter: dict[str, Any], more: Operation) -> None:
    schema = parameter["schema"] = _without_null(parameter["schema"])
    text = schema.pop("description", "") or operations.PARAMETERS[parameter["name"]]
    parameter["description"] = text
    if parameter["name"] in more.parameters:
        parameter["example"] = more.parameters[parameter["name"]]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """What may be left out is None in the code; in a URL or a header there is no null."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) == 1:
        schema = {**kinds[0], **{name: schema[name] for name in schema if name != "anyOf"}}
    rest = {name: value for name, value in schema.items() if name != "title"}
    if rest.get("default", ...) is None:
        del rest["default"]
    return rest


def _responses(details: dict[str, Any], more: Operation) -> dict[str, Any]:
    """Return all responses: those of success completed, those of failure from the one place that makes them."""
    found = details["responses"]
    good = {str(status): _answer(found.get(status, {}), status, more) for status in more.answers}
    bad = {status for status in found if status >= 400}
    return good | failures.responses(bad, "requestBody" in details, dict(more.codes))


def _answer(found: dict[str, Any], status: int, more: Operation) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": more.answers[status],
        "headers": headers.of(status, tuple(more.headers.get(status, ()))),
    }
    if status not in (204, 304):
        schema = found.get("content", {}).get(_JSON, {}).get("schema")
        content: dict[str, Any] = {"schema": schema} if more.media == _JSON and schema else {}
        if more.media == STREAM:
            content = {"schema": _EVENT}
        if status in more.examples:
            content["examples"] = {"usual": {"value": more.examples[status]}}
        answer["content"] = {more.media: content}
    if status in more.links:
        answer["links"] = {name: _link(*link) for name, link in more.links[status].items()}
    return answer


def _link(operation_id: str, parameters: Mapping[str, str], description: str) -> dict[str, Any]:
    return {
        "operationId": operation_id,
        "parameters": dict(parameters),
        "description": description,
    }


def _problem_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Name the codes: they are what a client branches on."""
    code = {"enum": sorted(problems.CODES), "description": "What to branch on."}
    members = {
        name: {**member, **_MEMBERS.get(name, {})} for name, member in schema["properties"].items()
    }
    return {**schema, "properties": members | {"code": {"type": "string", **code}}}
