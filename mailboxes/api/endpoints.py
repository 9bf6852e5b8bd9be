"""The API: its operations put together. Every rule lives in services; the operations only translate."""

from functools import lru_cache
from typing import Any

from ninja import NinjaAPI
from ninja.operation import Operation

from mailboxes.api import (
    addresses,
    captchas,
    creation,
    events,
    mailbox,
    message,
    problems,
    webhooks,
)
from mailboxes.api.description.document import Document
from mailboxes.api.reference import ReferencePage, described
from mailboxes.gate import site

_PARTS = (creation, captchas, addresses, mailbox, message, events, webhooks)
_INTRODUCTION = (
    "Get an address, wait for its mail, read it, delete it. Errors are RFC 9457 problems with a stable `code`; "
    "times are RFC 3339 in UTC, sizes are bytes. The token of a mailbox opens that mailbox and nothing else."
)


class Api(NinjaAPI):
    """Ninja with our description."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> Document:
        """Return the description; it is made once."""
        return _document(self, path_prefix or self.get_root_path(path_params or {}), site.url(""))

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """Return the name of its function: there is one of each."""
        return operation.view_func.__name__


@lru_cache(maxsize=8)
def _document(api: Api, path_prefix: str, base_url: str) -> Document:
    return Document(api, path_prefix)


api = Api(
    title="Disposable e-mail",
    version="1",
    description=_INTRODUCTION,
    docs=ReferencePage(),
    docs_url="docs",
    docs_decorator=described,
    openapi_url="openapi.json",
    urls_namespace="api",
)
problems.install(api)
for _part in _PARTS:
    api.add_router("", _part.router)
