"""The peers: Postfix from our own templates, with something else behind the name of our transport.

So smtpd, queue, concurrency and limits are as ours. What differs: RCPT asks no policy service, as theirs would not.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local import owner, ports
from deploy.local.instance import FIRST_DOMAIN
from deploy.local.mail_server import Postfix
from deploy.local.processes import StartFailed
from postfix import render
from postfix.render import Values
from tests.benchmarks import dovecot, load, master_cf, session
from tests.benchmarks.dovecot import Dovecot

Command = Callable[[str], str]  # from the rendered master.cf to the end of our service's line
READER = "import sys\n\nsys.stdin.buffer.read()\n"
NO_POLICY = "reject_unauth_destination, reject_unlisted_recipient"


@dataclass
class Peer:
    """A running peer."""

    name: str
    what: str
    postfix: Postfix
    dovecot: Dovecot | None = None
    domain: str = FIRST_DOMAIN

    def families(self) -> Mapping[str, int]:
        """Return Dovecot's family where there is one."""
        pid = self.dovecot.child.pid if self.dovecot else None
        return {"dovecot": pid} if pid else {}

    def stored(self) -> int | None:
        """Return how many messages lie in its mailboxes."""
        return self.dovecot.stored() if self.dovecot else None


@contextmanager
def discard(state_dir: Path, boxes: int) -> Iterator[Peer]:
    """Run a Postfix that throws away what it has queued: what the queue alone costs."""
    # as ours: it has no setting of its own for how many at first
    settings = {"initial_destination_concurrency": "20"}
    with _postfix(state_dir, "discard:", settings=settings) as server:
        yield Peer("discard", "Postfix to discard(8)", server)


@contextmanager
def pipe_python(state_dir: Path, boxes: int) -> Iterator[Peer]:
    """Run a Postfix that pipes to our interpreter, with our flags, which reads all and exits."""
    script = state_dir / "bin" / "reader.py"

    def command(master: str) -> str:
        interpreter = interpreter_of(master)
        return f"pipe user={dovecot.USER}:{dovecot.GROUP} argv={' '.join(interpreter)} {script}"

    with _postfix(state_dir, "tempmail", command) as server:
        script.write_text(READER)
        script.chmod(0o755)
        yield Peer("pipe_python", "pipe(8) to Python that reads stdin", server)


@contextmanager
def dovecot_lda(state_dir: Path, boxes: int) -> Iterator[Peer]:
    """Run a Postfix that pipes to dovecot-lda, into Maildirs."""
    with _dovecot(state_dir, boxes) as server:
        words = f"{dovecot.LDA} -c {server.config} -f ${{sender}} -d ${{user}}"
        command = f"pipe user={dovecot.USER}:{dovecot.GROUP} argv={words}"
        with _postfix(state_dir, "tempmail", lambda master: command) as postfix:
            yield Peer("dovecot_lda", "pipe(8) to dovecot-lda, Maildir", postfix, server)


@contextmanager
def dovecot_lmtp(state_dir: Path, boxes: int) -> Iterator[Peer]:
    """Run a Postfix that delivers to Dovecot's LMTP server, into Maildirs."""
    with _dovecot(state_dir, boxes) as server:
        transport = f"{master_cf.LMTP_TRANSPORT}:unix:{server.lmtp_socket}"
        with _postfix(state_dir, transport) as postfix:
            yield Peer("dovecot_lmtp", "LMTP to Dovecot, Maildir", postfix, server)


def interpreter_of(master: str) -> list[str]:
    """Return the interpreter with its flags from our rendered master.cf: what comes before the script."""
    words = master_cf.argv(master)
    script = next(n for n, word in enumerate(words) if n and not word.startswith("-"))
    return words[:script]


def values(state_dir: Path, port: int, transport: str) -> Values:
    """Return the renderer's values for a Postfix of the benchmark."""
    return Values(
        config_directory=state_dir / "postfix",
        queue_directory=state_dir / "spool",
        data_directory=state_dir / "lib",
        log_file=render.log_file(state_dir),
        script=state_dir / "bin" / "deliver.py",
        delivery_socket=state_dir / "spool" / "tempmail" / "delivery.sock",
        policy_socket=state_dir / "spool" / "tempmail" / "policy.sock",
        hostname=f"mx.{FIRST_DOMAIN}",
        origin=FIRST_DOMAIN,
        listen=(f"{ports.LOOPBACK}:{port}",),
        transport=transport,
        unlimited_clients="127.0.0.0/8",
        tls_chain_file=state_dir / "tls" / "chain.pem",
    )


@contextmanager
def _postfix(
    state_dir: Path,
    transport: str,
    command: Command | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[Postfix]:
    port = ports.free()
    server = Postfix(
        state_dir,
        render.log_file(state_dir),
        port,
        state_dir / "postfix.log",
        owner.Owner(0, 0),
    )
    server.prepare()
    files = render.render(values(state_dir, port, transport))
    if command is not None:
        files["master.cf"] = master_cf.replaced(files["master.cf"], command(files["master.cf"]))
    server.install(files)
    changes = {"smtpd_recipient_restrictions": NO_POLICY, **(settings or {})}
    server.run("postconf", "-e", *(f"{name}={value}" for name, value in changes.items()))
    if "check_policy_service" in server.run("postconf", "-h", "smtpd_recipient_restrictions"):
        raise StartFailed("a peer would ask our policy service")
    with server:
        yield server


@contextmanager
def _dovecot(state_dir: Path, boxes: int) -> Iterator[Dovecot]:
    logs = session.dovecot_logs(state_dir)
    logs.mkdir(mode=0o711, exist_ok=True)
    with Dovecot(state_dir / "dovecot", logs / "mail.log", state_dir) as server:
        server.make_homes([load.box(number) for number in range(1, boxes + 1)])
        yield server
