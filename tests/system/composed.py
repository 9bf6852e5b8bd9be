"""deploy/docker/compose.yaml as docker-compose(1) starts it, on the tests' engine."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

import yaml

import tempmail_client
from tests.system.engine import ROOT, Engine, health_timer, limits, wait_until

FILE = ROOT / "deploy" / "docker" / "compose.yaml"
SITE = "http://127.0.0.1:8080"
SMTP = ("127.0.0.1", 2525)
# What an operator would set; the port for the PROXY protocol is open only here.
SETTINGS = {"PROXY_LISTEN": "0.0.0.0:2526", "METRICS_TOKEN": "a-token-of-the-tests"}


class Composed:
    """The services of the file."""

    def __init__(self, engine: Engine, scratch: Path) -> None:
        self.engine = engine
        self._override = scratch / "override.yaml"
        services = yaml.safe_load(FILE.read_text())["services"]
        # This machine may not allow the limits that the engine asks for by itself.
        ours = {name: {"ulimits": {"core": 0, **limits()}} for name in services}
        self._override.write_text(yaml.safe_dump({"services": ours}))

    def up(self, *services: str) -> None:
        """Start all, or some, and wait for what they wait for."""
        with health_timer(self.engine):
            self.compose("up", "--detach", "--no-build", *services)

    def compose(self, *words: str) -> str:
        """Run docker-compose; return what it printed."""
        files = ["-f", str(FILE), "-f", str(self._override)]
        return self.engine.run("env", *_pairs(), "docker-compose", "-p", "tempmail", *files, *words)

    def name(self, service: str) -> str:
        """Return the name of a service's container."""
        found = self.engine.podman(
            *("ps", "--all", "--format", "{{.Names}}"),
            *("--filter", "label=com.docker.compose.project=tempmail"),
            *("--filter", f"label=com.docker.compose.service={service}"),
        ).split()
        return found[0]

    def inside(self, service: str, *words: str, user: str = "", check: bool = True) -> str:
        """Run a program in a container; return what it printed."""
        options = ["--user", user] if user else []
        return self.engine.podman("exec", *options, self.name(service), *words, check=check)

    def health(self, service: str) -> bool:
        """Run the health check of a container now; return whether it is well."""
        words = ("podman", "--remote", "--url", f"unix://{self.engine.socket}")
        done = subprocess.run(
            [*words, "healthcheck", "run", self.name(service)],
            check=False,
            capture_output=True,
            env=self.engine.env,
        )
        return done.returncode == 0

    def logs(self, service: str) -> str:
        """Return what a container printed."""
        return self.engine.podman("logs", self.name(service))

    def client(self) -> tempmail_client.Client:
        """Return a client with a key of its own; for use in `engine.connected`."""
        key = self.inside("site", "python", "manage.py", "create_api_key", token_hex(4)).split()[-1]
        return tempmail_client.Client(SITE, api_key=key)


@contextmanager
def composed(engine: Engine) -> Iterator[Composed]:
    """Yield the services, started; end them with their volumes."""
    with tempfile.TemporaryDirectory(prefix="tempmail-compose-") as scratch:
        made = Composed(engine, Path(scratch))
        try:
            made.up()
            wait_until(lambda: made.health("mail"), 60, "Postfix does not greet")
            yield made
        finally:
            engine.podman("rm", "--all", "--force", "--time", "0", check=False)


def _pairs() -> list[str]:
    names = ("DOMAIN", "SITE_URL", "ALLOWED_HOSTS", "SMTP_HOSTNAME", "SMTP_LISTEN", "HTTP_LISTEN")
    unset = [word for name in names if name in os.environ for word in ("-u", name)]
    return [*unset, *(f"{name}={value}" for name, value in SETTINGS.items())]
