"""The server of streams and waits: how it listens, and that its end refuses nobody."""

import asyncio
import socket
from typing import Any

import pytest
import uvicorn

from mailboxes import live
from tempmail_site import streams

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


async def application(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


async def answers_at_the_end(server: uvicorn.Server, clients: int) -> list[bytes]:
    """Have requests lie unread in connections when the server is told to end; return what is answered."""
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup()
    port = server.servers[0].sockets[0].getsockname()[1]
    connections = [
        socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(clients)
    ]
    await asyncio.sleep(0.1)  # it accepts
    for connection in connections:
        connection.sendall(REQUEST)
    await server.shutdown()  # before it has read
    found = []
    for connection in connections:
        try:
            found.append(await asyncio.to_thread(connection.recv, 100))
        except ConnectionResetError:
            found.append(b"reset")
        connection.close()
    return found


def config() -> uvicorn.Config:
    return uvicorn.Config(application, port=0, lifespan="off", log_config=None)


def test_a_request_that_lies_unread_is_answered() -> None:
    async def visit() -> None:
        found = await answers_at_the_end(streams.Server(config()), 5)
        assert [line.split(b"\r\n")[0] for line in found] == [b"HTTP/1.1 200 OK"] * 5
        assert live.hub().closing

    asyncio.run(visit())


def test_uvicorn_by_itself_would_not_answer_it() -> None:
    """When it does, tempmail_site.streams needs less."""

    async def visit() -> None:
        found = await answers_at_the_end(uvicorn.Server(config()), 5)
        assert not any(line.startswith(b"HTTP/1.1 200") for line in found)

    asyncio.run(visit())


def test_it_listens_where_systemd_or_its_argument_says() -> None:
    by_systemd, by_argument = streams.config(""), streams.config("[::1]:8001")
    assert by_systemd.fd == 3
    assert (by_argument.host, by_argument.port, by_argument.fd) == ("::1", 8001, None)


@pytest.mark.parametrize("place", ["", "127.0.0.1:8001"])
def test_it_logs_no_path_and_believes_no_header(place: str) -> None:
    made = streams.config(place)
    assert not made.access_log
    assert not made.proxy_headers
    assert not made.server_header
