"""One instance on the disk: its directories, its environment, its database, and Postfix's files for it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.local import leftovers, mail_server, owner, ports
from deploy.local.environment import environment
from deploy.local.mail_server import Postfix
from deploy.local.processes import Child, StartFailed
from deploy.local.servers import Server
from postfix import render
from tempmail_site import paths, secrets_file

CHECKOUT = Path(__file__).resolve().parents[2]
COMMAND_SECONDS = 180
FIRST_DOMAIN = "tempmail.test"


class Instance:
    """What an instance is before anything of it runs; `processes` is filled by name, in the order of starting.

    `smtp` is "postfix" or "embedded". `settings` are further environment variables for the Django processes,
    `postfix_values` further `name=value` words for the renderer. Without a `database_url` it is SQLite in `data_dir`.
    `listen` is the address of site and SMTP server: loopback, or all there are.
    """

    def __init__(
        self,
        data_dir: Path,
        http_port: int,
        smtp_port: int,
        database_url: str | None = None,
        smtp: str = "postfix",
        *,
        settings: Mapping[str, str] | None = None,
        postfix_values: Mapping[str, str] | None = None,
        listen: str = ports.LOOPBACK,
        report: Callable[[str], None] = lambda step: None,
    ) -> None:
        owner.make_directory(data_dir, owner.invoking(), 0o700)
        self.data_dir = Path(os.path.realpath(data_dir))
        self.state_dir = paths.state_directory(self.data_dir)
        self.http_port = http_port
        self.smtp_port = smtp_port
        self.smtp = smtp
        self.listen = listen
        self.owner = owner.of(self.data_dir)
        self.env = environment(
            self.data_dir,
            self.state_dir,
            self.owner,
            {
                "HTTP_PORT": str(http_port),
                "SMTP_PORT": str(smtp_port),
                "SMTP": smtp,
                "DATABASE_URL": database_url or "",
                "UNLIMITED_CLIENTS": os.environ.get("UNLIMITED_CLIENTS")
                or ",".join(ports.LOOPBACK_NETWORKS),
                **(settings or {}),
            },
        )
        self.postfix_values = dict(postfix_values or {})
        self.report = report
        self.processes: dict[str, Child] = {}
        self.servers: dict[str, Server] = {}

    @property
    def url(self) -> str:
        """The site's address, without a path."""
        return f"http://{ports.LOOPBACK}:{self.http_port}"

    @property
    def log_directory(self) -> Path:
        """What the processes print; the mail log is not here."""
        return self.data_dir / "logs"

    def manage(self, *arguments: str) -> str:
        """Run manage.py as the owner of the data; return its output. Raises StartFailed with what it complained of."""
        return self._python(str(CHECKOUT / "manage.py"), *arguments)

    def prepare(self) -> None:
        """Make directories, keys, tables, the first domain, static files and Postfix's files. Raises StartFailed."""
        if self.smtp == "postfix" and (reason := mail_server.missing()):
            raise StartFailed(
                f"{reason} As root: sudo make run. Without Postfix: SMTP=embedded make run."
            )
        leftovers.end(self.state_dir)
        self._make_directories()
        secrets_file.ensure(self.data_dir / "secrets.env")
        self.owner.give(self.data_dir / "secrets.env")
        self._note_environment()
        self.report("database")
        commands = [
            ["migrate", "--verbosity", "0"],
            ["add_domain", "--if-empty", FIRST_DOMAIN],
            ["collectstatic", "--noinput", "--verbosity", "0"],
        ]
        if self.smtp == "postfix":
            commands.append(self._render_postfix())
        self._python("-m", "deploy.local.manage_several", json.dumps(commands))

    def prepare_postfix(self) -> Postfix:
        """Make Postfix's directories, install its files that `prepare` rendered; return it, not started."""
        postfix = self._postfix()
        postfix.prepare()
        # Rendered by the owner of the data into the data, and installed by root: root never opens the database.
        rendered = self.data_dir / "postfix"
        postfix.install(
            {name: (rendered / name).read_text(encoding="ascii") for name in render.FILES}
        )
        return postfix

    def _postfix(self) -> Postfix:
        log = self.log_directory / "postfix.log"
        log_file = render.log_file(self.state_dir)
        return Postfix(self.state_dir, log_file, self.smtp_port, log, self.owner)

    def _render_postfix(self) -> list[str]:
        values = {
            "tls_chain_file": str(self._postfix().certificate),
            "listen": f"{self.listen}:{self.smtp_port}",
            **self.postfix_values,
        }
        words = [word for name, value in values.items() for word in ("--set", f"{name}={value}")]
        return ["render_postfix", "--output", str(self.data_dir / "postfix"), *words]

    def _python(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=CHECKOUT,
            env=self.env,
            timeout=COMMAND_SECONDS,
            umask=0o077,
            **self.owner.popen_arguments(),
        )
        if done.returncode:
            command = " ".join(arguments[:2])
            raise StartFailed(f"{command} failed:\n{done.stderr or done.stdout}")
        return done.stdout

    def _note_environment(self) -> None:
        """Let manage.py from a second shell, which knows only DATA_DIR, find the same database and ports."""
        names = ("HTTP_PORT", "SMTP_PORT", "SMTP", "DATABASE_URL", "UNLIMITED_CLIENTS")
        lines = [f"{name}='{self.env[name]}'\n" for name in names if name in self.env]
        fresh = self.data_dir / ".instance.env.new"
        fresh.touch(mode=0o600)
        fresh.write_text("".join(lines))
        self.owner.give(fresh)
        fresh.replace(self.data_dir / "instance.env")

    def _make_directories(self) -> None:
        root = owner.Owner(os.geteuid(), os.getegid())
        owner.make_directory(self.state_dir, root)
        if {owner.of(self.state_dir).uid, owner.of(self.state_dir.parent).uid} - {0, root.uid}:
            raise StartFailed(f"{self.state_dir} or its parent belongs to another user.")
        owner.make_directory(self.log_directory, self.owner, 0o700)
        # after a crash nothing listens on what lies there
        for name in ("redis", "metrics"):
            shutil.rmtree(self.state_dir / name, ignore_errors=True)
        owner.make_directory(self.state_dir / "metrics", self.owner, 0o700)
        for directory in ("spool", "spool/tempmail"):
            owner.make_directory(
                self.state_dir / directory, self.owner if "/" in directory else root
            )
