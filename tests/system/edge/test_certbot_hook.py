"""certbot's deploy hook: what it puts where, what it refuses, and that nginx shows the new certificate at once."""

import hashlib
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import certificates
from tests.system.edge import host, place
from tests.system.edge.place import Place
from tests.system.edge.server import Server

HOOK = "/opt/tempmail/current/deploy/certbot/deploy-hook.sh"
LINEAGE = "/etc/letsencrypt/live/mail.edge.test"
BEGIN = "-----BEGIN CERTIFICATE-----"


def prepare(server: Server) -> None:
    server.install_nginx()
    server.start_nginx()


@pytest.fixture(scope="module")
def served() -> Iterator[Place]:
    with place.place(prepare, "openssl") as made:
        yield made


def new(made: Place, tmp_path: Path, *, ends: int = 90, key_of: str = "") -> str:
    """Put a certificate where certbot does; return it. `key_of`: with another one's key."""
    both = certificates.make(tmp_path / "both", *host.NAMES, ends=ends).read_text()
    key, _, chain = both.partition(BEGIN)
    made.host.write(f"{LINEAGE}/fullchain.pem", BEGIN + chain)
    made.host.write(f"{LINEAGE}/privkey.pem", key_of or key)
    return BEGIN + chain


def run(made: Place) -> tuple[int, str]:
    done = made.host.run(HOOK, check=False, RENEWED_LINEAGE=LINEAGE, RENEWED_DOMAINS=host.SITE)
    return done.returncode, done.stdout + done.stderr


def shown(made: Place) -> str:
    """The digest of the certificate that visitors get."""
    anybody = ssl.create_default_context()
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    with made.visitor.secure(context=anybody) as connection:
        return hashlib.sha256(connection.getpeercert(True) or b"").hexdigest()


def digest(pem: str) -> str:
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


def test_a_new_one_is_shown_at_once_and_only_root_reads_its_key(
    served: Place, tmp_path: Path
) -> None:
    fresh = new(served, tmp_path)
    assert run(served) == (0, "")
    served.host.wait_until(lambda: shown(served) == digest(fresh), "the new certificate")
    tls = served.host.path("/etc/tempmail/tls")
    modes = {file.name: oct(file.stat().st_mode & 0o777) for file in tls.iterdir()}
    assert modes == {"fullchain.pem": "0o644", "privkey.pem": "0o600", "smtp.pem": "0o600"}
    smtp = (tls / "smtp.pem").read_text()
    assert smtp == (tls / "privkey.pem").read_text() + fresh
    assert smtp.index("PRIVATE KEY") < smtp.index(BEGIN)
    assert run(served) == (0, "")


@pytest.mark.parametrize("what", ["ended", "other key", "no certificate"])
def test_what_does_not_work_is_refused_and_nothing_is_changed(
    served: Place, tmp_path: Path, what: str
) -> None:
    tls = served.host.path("/etc/tempmail/tls")
    before = {file.name: file.read_bytes() for file in tls.iterdir()}
    new(served, tmp_path, ends=-1 if what == "ended" else 90)
    if what == "other key":
        new(served, tmp_path, key_of=served.host.path(f"{LINEAGE}/privkey.pem").read_text())
    if what == "no certificate":
        served.host.write(f"{LINEAGE}/fullchain.pem", "")
    status, said = run(served)
    assert status != 0
    assert "deploy-hook:" in said
    assert "PRIVATE" not in said
    assert {file.name: file.read_bytes() for file in tls.iterdir()} == before


def test_where_nginx_does_not_run_it_is_put_there_all_the_same(
    served: Place, tmp_path: Path
) -> None:
    served.host.stop("nginx")
    fresh = new(served, tmp_path)
    assert run(served) == (0, "")
    served.host.start_nginx()
    assert shown(served) == digest(fresh)
