"""A service for the client's tests that answers as the API does, and fails when it is told to."""

import base64
import hashlib
import json
import uuid
from collections.abc import Callable
from typing import Any

import httpx

from tempmail_client import Client

KEY, TOKEN = "tmk_key-of-the-tests", "tmt_token-of-the-tests"
TIME = "2026-11-20T12:00:00Z"
Behaviour = Callable[[httpx.Request], httpx.Response | None]


class Service:
    """Holds one mailbox. What stands in `next` answers the next calls; None in there: as usual."""

    def __init__(self) -> None:
        self.calls: list[httpx.Request] = []
        self.next: list[Behaviour] = []
        self.mails: list[dict[str, Any]] = []
        self.captcha: dict[str, Any] = {"kind": "off"}
        self.when_waited: Callable[[], None] = lambda: None
        self.ended = False
        self.count = 0

    def client(self, api_key: str | None = KEY, **options: Any) -> Client:
        return Client("https://mail.test", api_key, transport=httpx.MockTransport(self), **options)

    def add(self, subject: str = "Hello", **changed: Any) -> str:
        """Let a mail arrive; return its id."""
        self.count += 1
        mail = {
            "number": self.count,
            "id": str(uuid.uuid4()),
            "from": {"name": "Alice", "address": "alice@example.org"},
            "subject": subject,
            "preview": "",
            "received_at": TIME,
            "size": 100,
            "seen": False,
            "has_attachments": False,
            "codes": ["482913"],
            "auth": {"spf": {"result": "pass", "domain": "example.org"}, "dmarc": None},
            "text": "Hello.",
            "html": "",
            "headers": [["Subject", subject]],
            "links": [],
            "attachments": [],
            "partial": False,
        }
        self.mails.insert(0, mail | changed)
        return str(mail["id"])

    def paths(self) -> list[str]:
        return [f"{call.method} {call.url.path}" for call in self.calls]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request)
        behaviour = self.next.pop(0) if self.next else None
        return (behaviour and behaviour(request)) or self._answer(request)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api/")
        if path == "captcha":
            return httpx.Response(200, json=self.captcha)
        if path == "generate":
            return httpx.Response(201, json=self._mailbox() | {"token": TOKEN})
        if self.ended or request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return problem(401, "unauthorized")
        if path == "emails/me":
            return self._emptied(request) if request.method == "DELETE" else self._listed(request)
        if path == "addresses/me":
            return httpx.Response(200, json=self._mailbox())
        return self._one(request, path.split("/")[1:])

    def _mailbox(self) -> dict[str, Any]:
        times = dict.fromkeys(("created_at", "expires_at", "max_expires_at"), TIME)
        return {"address": "a@mail.test", "inbox_url": "https://mail.test/m/x/", **times}

    def _emptied(self, request: httpx.Request) -> httpx.Response:
        count, self.mails = len(self.mails), []
        self.ended = request.url.params.get("close") == "true"
        return httpx.Response(200, json={"deleted": count, "receipt": {}})

    def _listed(self, request: httpx.Request) -> httpx.Response:
        asked = request.url.params
        found = self._fitting(asked)
        if not found and "wait" in asked:
            self.when_waited()
            found = self._fitting(asked)
        limit, start = int(asked["limit"]), int(asked.get("cursor", 0))
        more = str(start + limit) if len(found) > start + limit else None
        page = {"items": found[start : start + limit], "total": len(self.mails), "unread": 0}
        page |= {"expires_at": TIME, "next_cursor": more, "position": str(self.count)}
        return httpx.Response(200, json=page)

    def _fitting(self, asked: httpx.QueryParams) -> list[dict[str, Any]]:
        newer = [mail for mail in self.mails if mail["number"] > int(asked.get("after", 0))]
        return [mail for mail in newer if asked.get("subject", "") in mail["subject"]]

    def _one(self, request: httpx.Request, words: list[str]) -> httpx.Response:
        found = [mail for mail in self.mails if mail["id"] == words[0]]
        if not found:
            return problem(404, "not_found")
        if request.method == "DELETE":
            self.mails.remove(found[0])
            return httpx.Response(204)
        if len(words) > 1:
            return httpx.Response(200, content=b"bytes")
        return httpx.Response(200, json=found[0])


def problem(status: int, code: str, **headers: str) -> httpx.Response:
    """An error as the API gives it."""
    body = {"type": "about:blank", "title": "Refused", "status": status, "code": code}
    return httpx.Response(status, json=body, headers=headers | {"X-Request-ID": "0123456789abcdef"})


def refusing(status: int, code: str, retry_after: str = "") -> Behaviour:
    """Answer once with an error."""
    headers = {"Retry-After": retry_after} if retry_after else {}
    return lambda request: problem(status, code, **headers)


def breaking(error: type[httpx.TransportError]) -> Behaviour:
    """Break the connection once."""

    def behaviour(request: httpx.Request) -> httpx.Response:
        raise error("broken", request=request)

    return behaviour


def challenge(number: int, most: int = 1000) -> dict[str, Any]:
    """A proof of work whose answer is `number`."""
    salt = "0011?expires=1&"
    return {
        "algorithm": "SHA-256",
        "challenge": hashlib.sha256(f"{salt}{number}".encode()).hexdigest(),
        "maxnumber": most,
        "salt": salt,
        "signature": "ab",
    }


def solution(request: httpx.Request) -> dict[str, Any]:
    """What was sent as `captcha`."""
    loaded: dict[str, Any] = json.loads(base64.b64decode(json.loads(request.content)["captcha"]))
    return loaded
