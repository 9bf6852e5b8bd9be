"""The resident worker: sockets, supervisor and processes, from the settings."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from django.conf import settings
from django.db import connections

from delivery import handlers, handover
from delivery.listeners import Address, open_listeners
from delivery.process import Handlers, Process, ProcessLimits
from delivery.scoreboard import Scoreboard
from delivery.supervisor import Supervisor
from delivery.watchdog import Watchdog

BODY_SLACK = 1024 * 1024  # bytes that Postfix's own header lines and milters may add past its limit
SCRIPT_SECONDS = 20.0  # after which deliver.py gives up


def addresses() -> list[Address]:
    """The worker's sockets: the pipe's user may connect to the first, Postfix's own to the others.

    LMTP is listened for whatever the transport is, so that Postfix's configuration alone decides.
    """
    mode = getattr(settings, "DELIVERY_SOCKET_MODE", 0o660)
    smtpd = getattr(settings, "POLICY_USER", "postfix:postfix")
    return [
        Address("delivery", settings.DELIVERY_SOCKET, mode, settings.DELIVERY_USER),
        Address("policy", settings.POLICY_SOCKET, mode, smtpd),
        Address("lmtp", settings.LMTP_SOCKET, mode, smtpd),
    ]


def run(make_handlers: Callable[[Scoreboard, int], Handlers] = handlers.make) -> None:
    """Serves until SIGTERM or SIGINT. Raises OSError where a socket cannot be had."""
    listeners = open_listeners(addresses())
    board = Scoreboard(max(1, settings.DELIVERY_PROCESSES))
    # The hard limit is for what no signal interrupts; below the script's own, so that the retry
    # already meets a known suspect.
    hard_limit = min(3 * settings.PARSE_TIME_LIMIT, SCRIPT_SECONDS - 5)
    limits = ProcessLimits(
        memory=settings.WORKER_MEMORY_LIMIT,
        body=settings.MESSAGE_SIZE_LIMIT + BODY_SLACK,
        hostname=settings.SMTP_HOSTNAME or "localhost",
    )

    def serve(slot: int) -> NoReturn:
        Process(listeners, limits, lambda: make_handlers(board, slot)).run()

    connections.close_all()  # no connection may cross the fork
    Supervisor(listeners, board, Watchdog(board, hard_limit), serve, loads).run()


def loads() -> bool:
    """Whether a new interpreter could load this worker, with the code and settings as they are."""
    program = "import django; django.setup(); import delivery.worker"
    quiet = subprocess.DEVNULL
    # manage.py sets the name of the settings' module; all else it finds as we did at our start.
    module = {"DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"]}
    environment = handover.original_environment() | module
    line = [sys.executable, "-c", program]
    done = subprocess.run(
        line, cwd=release(), env=environment, stdin=quiet, stdout=quiet, stderr=quiet
    )
    return done.returncode == 0


def release() -> Path:
    """Where a reload finds its code: by a link that may lead to another release than when we were started."""
    started = Path(sys.argv[0]).absolute().parent
    return started if (started / "manage.py").is_file() else Path(settings.BASE_DIR)
