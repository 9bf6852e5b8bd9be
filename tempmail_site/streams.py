"""`python -m tempmail_site.streams [HOST:PORT]`: event streams and waits, by uvicorn; by default on systemd's socket.

Its end refuses nobody: whoever waits is told to ask again, and who has just connected is answered first.
"""

import asyncio
import os
import socket
import sys
from typing import Any

import uvicorn

from delivery import notify
from mailboxes import live

APPLICATION = "tempmail_site.asgi:application"
FIRST_FD = 3  # SD_LISTEN_FDS_START, sd_listen_fds(3)
SETTLE_SECONDS = 0.2
STOP_SECONDS = 5
PULSE_SECONDS = 1.0


class Server(uvicorn.Server):
    """uvicorn's, but for its beginning, its end, and that systemd hears of both."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets=sockets)
        notify.tell(notify.READY)
        self._pulse = asyncio.create_task(_pulse())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept nobody more; answer those whose request lies unread in a connection; end waits and streams.

        By itself uvicorn closes a connection that has said nothing yet, though its request may have arrived.
        """
        notify.tell(notify.STOPPING)
        for server in self.servers:
            server.close()
        live.hub().close()
        await asyncio.sleep(SETTLE_SECONDS)
        await super().shutdown(sockets=sockets)
        self._pulse.cancel()


async def _pulse() -> None:
    """Tell systemd that the loop goes round."""
    pulse = notify.Pulse()
    while True:
        pulse.beat()
        await asyncio.sleep(PULSE_SECONDS)


def config(place: str) -> uvicorn.Config:
    """Return uvicorn's settings for `host:port`, or for the socket that systemd has handed over."""
    host, _, port = place.rpartition(":")
    where: dict[str, Any] = (
        {"host": host.strip("[]"), "port": int(port)} if place else {"fd": FIRST_FD}
    )
    return uvicorn.Config(
        APPLICATION,
        **where,
        lifespan="off",
        ws="none",  # each refused WebSocket would be a log line with its path
        access_log=False,
        server_header=False,
        # Whom to believe about the client's address is decided in one place: TRUSTED_PROXIES.
        proxy_headers=False,
        timeout_graceful_shutdown=STOP_SECONDS,
        # The site's own, set up with Django.
        log_config=None,
    )


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    # What systemd handed over is ours alone: a child would take it for its own.
    for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)
    Server(config(sys.argv[1] if len(sys.argv) > 1 else "")).run()


if __name__ == "__main__":
    main()
