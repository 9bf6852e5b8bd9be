"""One line per request, on both kinds of servers, and the id that names it."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import AsyncRequestFactory, Client, RequestFactory
from django.urls import resolve

from tempmail_site.log_format import request_id
from tempmail_site.request_log import request_log

ID = re.compile(r"[0-9a-f]{16}")


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, "tempmail_site.request_log")
    return caplog


def _requests(lines: pytest.LogCaptureFixture) -> list[dict[str, object]]:
    names = ("request_id", "method", "route", "status", "duration_ms")
    return [
        {name: getattr(line, name) for name in names}
        for line in lines.records
        if line.name == "tempmail_site.request_log"
    ]


def _resolved(request: HttpRequest) -> HttpRequest:
    request.resolver_match = resolve("/about")
    return request


@pytest.mark.django_db
def test_a_page_has_a_line_with_its_route_and_no_path(
    client: Client, lines: pytest.LogCaptureFixture
) -> None:
    answer = client.get("/m/kestrel/list?after=3", headers={"user-agent": "Kestrel"})
    (line,) = _requests(lines)
    assert line.pop("duration_ms") >= 0
    assert line == {
        "request_id": answer["X-Request-ID"],
        "method": "GET",
        "route": "web:list",
        "status": 404,
    }


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/m/kestrel/kestrel/kestrel", "/kestrel", "/api/kestrel"])
def test_what_does_not_exist_is_not_told(
    client: Client, lines: pytest.LogCaptureFixture, path: str
) -> None:
    assert client.get(path).status_code == 404
    assert "kestrel" not in str(_requests(lines))


@pytest.mark.django_db
def test_the_id_is_ours_and_another_one_each_time(
    client: Client, lines: pytest.LogCaptureFixture
) -> None:
    ids = [client.get("/livez", headers={"x-request-id": "kestrel"})["X-Request-ID"] for _ in "ab"]
    assert all(ID.fullmatch(id_) for id_ in ids)
    assert len(set(ids)) == 2
    assert [line["request_id"] for line in _requests(lines)] == ids


def test_probes_are_for_debugging(client: Client, lines: pytest.LogCaptureFixture) -> None:
    client.get("/livez")
    assert [line.levelno for line in lines.records] == [logging.DEBUG]


def test_a_method_that_we_do_not_know_is_not_repeated(lines: pytest.LogCaptureFixture) -> None:
    request_log(lambda request: HttpResponse())(RequestFactory().generic("KESTREL", "/"))
    assert _requests(lines)[0]["method"] == "OTHER"


def test_lines_within_a_request_name_it_and_later_ones_do_not() -> None:
    seen = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(request_id.get())
        return HttpResponse()

    before = request_id.get()
    answer = request_log(view)(RequestFactory().get("/"))
    assert seen == [answer["X-Request-ID"]]
    assert request_id.get() == before != seen[0]


def test_requests_at_the_same_time_are_told_apart() -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        before = request_id.get()
        await asyncio.sleep(0.01)
        assert request_id.get() == before
        return HttpResponse(before)

    async def main() -> list[HttpResponse]:
        call = request_log(view)
        requests = [AsyncRequestFactory().get("/") for _ in range(20)]
        return await asyncio.gather(*(asyncio.create_task(call(each)) for each in requests))

    answers = asyncio.run(main())
    assert all(answer.content.decode() == answer["X-Request-ID"] for answer in answers)
    assert len({answer["X-Request-ID"] for answer in answers}) == 20


@pytest.mark.django_db
def test_a_stream_has_its_line_at_its_end(lines: pytest.LogCaptureFixture) -> None:
    call = request_log(lambda request: StreamingHttpResponse(iter([b"a", b"b"])))
    answer = call(_resolved(RequestFactory().get("/")))
    assert list(answer) == [b"a", b"b"]
    assert _requests(lines) == []
    answer.close()
    answer.close()
    (line,) = _requests(lines)
    assert line["request_id"] == answer["X-Request-ID"]
    assert (line["route"], line["status"]) == ("web:about", 200)


@pytest.mark.django_db
def test_a_stream_of_asgi_has_its_line_at_its_end(lines: pytest.LogCaptureFixture) -> None:
    async def events() -> AsyncIterator[bytes]:
        yield b"a"

    async def view(request: HttpRequest) -> StreamingHttpResponse:
        return StreamingHttpResponse(events())

    async def main() -> None:
        answer = await request_log(view)(AsyncRequestFactory().get("/"))
        assert [part async for part in answer] == [b"a"]
        assert _requests(lines) == []
        await sync_to_async(answer.close)()

    async_to_sync(main)()
    assert [line["status"] for line in _requests(lines)] == [200]


def test_a_client_that_goes_away_while_it_waits_has_a_line(
    lines: pytest.LogCaptureFixture,
) -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        await asyncio.sleep(60)
        return HttpResponse()

    async def main() -> None:
        waiting = asyncio.create_task(request_log(view)(AsyncRequestFactory().get("/")))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])

    async_to_sync(main)()
    assert [line["status"] for line in _requests(lines)] == [499]


def test_a_failure_of_ours_is_a_warning(lines: pytest.LogCaptureFixture) -> None:
    request_log(lambda request: HttpResponse(status=503))(RequestFactory().get("/"))
    assert [line.levelno for line in lines.records] == [logging.WARNING]
