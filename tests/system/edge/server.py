"""nginx, Redis and the site on a host, by the files of deploy/: what visitors meet. The database is SQLite."""

import json
import os
import re
from pathlib import Path
from typing import Any

from tests.system.edge.host import CHECKOUT, DEPLOY, DOMAIN, METRICS_TOKEN, PATH, SITE, Host

_CURRENT = Path("/opt/tempmail/current")
_PYTHON = str(_CURRENT / ".venv/bin/python")
_AS_SITE = ["setpriv", "--reuid", "tempmail-site", "--regid", "tempmail", "--clear-groups", "--"]
_AS_SITE += ["env", f"--chdir={_CURRENT}"]


class Server(Host):
    """A host on which these can be installed and started."""

    # ---- nginx ------------------------------------------------------------------------------------------------------

    def install_nginx(self) -> None:
        """Put nginx's files where they belong."""
        self.place("nginx/nginx.conf", "/etc/nginx/nginx.conf")
        for name in sorted(path.name for path in (DEPLOY / "nginx").iterdir()):
            if name.endswith((".inc", ".in")):
                self.place(f"nginx/{name}", f"/etc/nginx/tempmail/{name.removesuffix('.in')}")
        for page in sorted((DEPLOY / "nginx" / "errors").iterdir()):
            self.place(f"nginx/errors/{page.name}", f"/etc/nginx/tempmail/errors/{page.name}")

    def start_nginx(self) -> None:
        """Start nginx and wait until it listens."""
        self.start("nginx", "nginx", "-g", "daemon off;")
        self.wait_until(lambda: ":443 " in self.run("ss", "-Hltn").stdout, "nginx listens")

    # ---- The site ---------------------------------------------------------------------------------------------------

    def install_site(self) -> None:
        """Make keys, tables, a domain and static files."""
        data = self.path("/var/lib/tempmail")
        os.chown(data, *self._ids("tempmail-site"))
        self.as_site(
            _PYTHON, "-B", "-m", "tempmail_site.secrets_file", "/var/lib/tempmail/secrets.env"
        )
        for words in (
            ["migrate", "--verbosity", "0"],
            ["add_domain", DOMAIN],
            ["collectstatic", "--noinput", "--verbosity", "0"],
        ):
            self.manage(*words)

    def manage(self, *words: str) -> str:
        """Run manage.py; return what it prints."""
        return self.as_site(_PYTHON, "-B", "manage.py", *words)

    def inside(self, function: str, **arguments: Any) -> Any:
        """Run a function of inside.py in the site's Python."""
        script = str(_CURRENT / Path(__file__).with_name("inside.py").relative_to(CHECKOUT))
        return json.loads(self.as_site(_PYTHON, "-B", script, function, json.dumps(arguments)))

    def as_site(self, *words: str) -> str:
        """Run a program as the site's user, in its environment; return what it prints."""
        return self.run(*_AS_SITE, *words, **self.environment()).stdout

    def start_redis(self) -> None:
        """Start the Redis of the service."""
        socket = "/run/redis-tempmail/redis.sock"
        options = ["--port", "0", "--unixsocket", socket, "--unixsocketperm", "777", "--save", ""]
        self.start("redis", "redis-server", *options, "--dir", "/run/redis-tempmail")
        self.wait_until(self.path(socket).exists, "Redis listens")

    def start_site(self) -> None:
        """Start what the units of site and streams start, on sockets as systemd hands them over."""
        for unit in ("site", "streams"):
            self.start_unit(unit)
        self.wait_until(
            lambda: self.asks("site", "/livez") and self.asks("streams", "/livez"), "the site"
        )

    def start_unit(self, unit: str) -> None:
        """Start ExecStart of a unit behind systemd-socket-activate(1)."""
        found = re.search(
            r"^ExecStart=(.*)$", (DEPLOY / f"systemd/tempmail-{unit}.service").read_text(), re.M
        )
        assert found
        socket = f"/run/tempmail/{unit}.sock"
        self.run("rm", "-f", socket)
        env = self.environment()
        passed = [word for name in env for word in ("-E", name)]
        activate = ["systemd-socket-activate", "-l", socket, f"--fdname={unit}", *passed]
        self.start(unit, *activate, *_AS_SITE, *found[1].split(), **env)
        self.wait_until(self.path(socket).exists, f"{unit} has its socket")
        self.run("chown", "root:www-data", socket)
        self.run("chmod", "0660", socket)

    def asks(self, unit: str, path: str) -> bool:
        """Whether a server answers on its own socket."""
        words = ["curl", "-sf", "-H", "X-Forwarded-Proto: https", "--unix-socket"]
        url = f"http://{SITE}{path}"
        return not self.run(*words, f"/run/tempmail/{unit}.sock", url, check=False).returncode

    def environment(self) -> dict[str, str]:
        """Return the environment of the site's units, on SQLite."""
        layout = (DEPLOY / "systemd/layout.env").read_text()
        lines = [line for line in layout.splitlines() if line and not line.startswith("#")]
        return {
            **dict(line.split("=", 1) for line in lines),
            "SITE_URL": f"https://{SITE}",
            "ALLOWED_HOSTS": SITE,
            "METRICS_TOKEN": METRICS_TOKEN,
            "CREATIONS_PER_CLIENT": "1000/h",
            "WEB_CONCURRENCY": "1",
            "PATH": PATH,
        }

    def _ids(self, user: str) -> tuple[int, int]:
        words = self.run("getent", "passwd", user).stdout.split(":")
        return int(words[2]), int(words[3])
