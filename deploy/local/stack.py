"""All processes of one instance, as `make run`, the tests and the benchmarks start them."""

import contextlib
import sys
from collections.abc import Callable
from typing import Self

from delivery import protocol
from deploy.local import leftovers, mail_log, mail_server, ports
from deploy.local.instance import CHECKOUT, Instance
from deploy.local.mail_server import Postfix
from deploy.local.processes import Child
from deploy.local.servers import Redis, Server
from postfix import log_counts, render


class Stack(Instance):
    """One instance that runs: its processes by name, in the order of starting. For the arguments see `Instance`."""

    @property
    def postfix(self) -> Postfix:
        """The running Postfix. Raises KeyError with the embedded listener."""
        server = self.servers["postfix"]
        assert isinstance(server, Postfix)  # noqa: S101 - for the type checker
        return server

    def start(self) -> None:
        """Start everything and wait until all of it answers; on a failure end what was started. Raises StartFailed."""
        try:
            self.prepare()
            self._start_servers()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End everything, the last started first; no process is left. Safe to call twice."""
        for name, child in reversed(self.processes.items()):
            self.servers[name].stop() if name in self.servers else child.stop()
        leftovers.end(self.state_dir)
        self.turn_mail_log_over()
        mail_log.remove(render.log_file(self.state_dir))

    def turn_mail_log_over(self) -> None:
        """Count what Postfix's log says, and forget it."""
        counts = self.data_dir / log_counts.FILE
        with contextlib.suppress(OSError):  # a full disk, say: only counts are lost
            mail_log.turn_over(render.log_file(self.state_dir), counts, self.owner.give)

    def restart(self, name: str) -> None:
        """Start a process that died, after what is left of it is gone. Raises StartFailed."""
        self.processes[name].stop()
        starters: dict[str, Callable[[], object]] = {
            "worker": self.start_worker,
            "smtp": self.start_embedded_smtp,
            "tasks": self.start_tasks,
            "site": self.start_site,
        }
        starters |= {name: server.start for name, server in self.servers.items()}
        starters[name]()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def start_worker(self) -> Child:
        """Start the delivery worker (again) and wait until it and its database answer."""
        worker = self._launch_worker()
        self._await_worker(worker)
        return worker

    def start_embedded_smtp(self) -> Child:
        """Start the stand-in for Postfix and the worker (again) and wait until it greets."""
        listener = self.django(
            *("smtp", "manage.py", "run_embedded_smtp"),
            *("--host", self.listen, "--port", str(self.smtp_port)),
        )
        listener.wait_until(lambda: ports.greets(self.smtp_port))
        return listener

    def start_site(self) -> Child:
        """Start the site (again) and wait until it answers."""
        site = self._launch_site()
        self._await_site(site)
        return site

    def start_tasks(self) -> Child:
        """Start the Celery worker with its beat (again) and wait until it takes tasks."""
        tasks = self._launch_tasks()
        self._await_tasks(tasks)
        return tasks

    def django(self, name: str, *words: str, group: int | None = None) -> Child:
        """Start a Python process of the project as the owner of the data; its process is `processes[name]`."""
        log = self.log_directory / f"{name}.log"
        # It writes there itself, so that it can go on in a new file when logrotate(8) moves this one.
        env = {**self.env, "LOG_FILE": str(log)}
        child = Child(name, [sys.executable, *words], env, CHECKOUT, log, self.owner, group)
        self.report(name)
        self.processes[name] = child
        child.start()
        return child

    def _start_servers(self) -> None:
        """Start all; what does not need another starts beside it, as each spends a second on its imports."""
        redis_log = self.log_directory / "redis.log"
        self._start_server(
            "redis", Redis(self.state_dir / "redis", redis_log, self.owner, self.env)
        )
        if self.smtp == "postfix":
            # the worker looks for Postfix's configuration when it starts
            postfix = self.prepare_postfix()
            worker = self._launch_worker()
            tasks, site = self._launch_tasks(), self._launch_site()
            self._await_worker(worker)
            self._start_server("postfix", postfix)
        else:
            tasks, site = self._launch_tasks(), self._launch_site()
            self.start_embedded_smtp()
        self._await_tasks(tasks)
        self._await_site(site)

    def _launch_worker(self) -> Child:
        return self.django("worker", "manage.py", "run_delivery", group=self._queue_group())

    def _await_worker(self, worker: Child) -> None:
        sockets = self.state_dir / "spool" / "tempmail"
        worker.wait_until(lambda: protocol.ping(sockets / "delivery.sock", 5))
        if self._queue_group() is not None:
            mail_server.admit_clients(sockets)

    def _queue_group(self) -> int | None:
        # postqueue(1) accepts our configuration directory only from root or from its own group
        return mail_server.queue_group() if self.smtp == "postfix" and self.owner.uid else None

    def _launch_site(self) -> Child:
        listen = f"--host {self.listen} --port {self.http_port} --timeout-graceful-shutdown 2"
        # Whom to believe about the client's address is decided in one place: TRUSTED_PROXIES.
        listen += " --no-access-log --no-server-header --no-proxy-headers"
        listen += " --ws none"  # each refused WebSocket would be a log line with its path
        return self.django("site", *f"-m uvicorn tempmail_site.asgi:application {listen}".split())

    def _await_site(self, site: Child) -> None:
        site.wait_until(lambda: ports.answers_http(self.http_port, "/healthz"))

    def _launch_tasks(self) -> Child:
        schedule = str(self.data_dir / "celerybeat-schedule")
        # processes, not one thread: only those can be held to the time limits of tasks
        celery = ["-m", "celery", "-q", "-A", "tempmail_site", "worker", "-B", "-c", "2"]
        quiet = ["--loglevel", "INFO", "--without-gossip", "--without-mingle"]
        return self.django("tasks", *celery, *quiet, "-s", schedule)

    def _await_tasks(self, tasks: Child) -> None:
        tasks.wait_until(lambda: tasks.printed(" ready."))

    def _start_server(self, name: str, server: Server) -> None:
        self.report(name)
        self.servers[name], self.processes[name] = server, server.child
        server.start()
