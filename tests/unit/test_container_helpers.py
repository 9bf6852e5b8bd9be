"""What the containers run beside the service itself: keys at the first start, the certificate for Postfix, health."""

import os
import socket
import stat
import threading
from pathlib import Path

from deploy.docker import health, mail_chain, make_keys


def test_keys_and_password_are_made_once_and_fit_each_other(tmp_path: Path) -> None:
    keys, password = tmp_path / "keys", tmp_path / "password"
    keys.mkdir()
    make_keys.main(keys, password)
    first = {path.name: path.read_text() for path in (*keys.iterdir(), password)}
    make_keys.main(keys, password)
    assert {path.name: path.read_text() for path in (*keys.iterdir(), password)} == first
    assert first["pgpass"] == f"postgresql:5432:tempmail:tempmail:{first['password']}\n"
    # libpq ignores a password file that others may read
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys.iterdir()} == {0o600}


def test_a_mounted_certificate_comes_before_one_that_is_made_and_its_renewal_is_noticed(
    tmp_path: Path,
) -> None:
    chain, mounted = tmp_path / "chain.pem", tmp_path / "tls"
    mounted.mkdir()
    assert mail_chain.refresh(chain, mounted)
    assert "BEGIN PRIVATE KEY" in chain.read_text()
    assert "BEGIN CERTIFICATE" in chain.read_text()
    assert not mail_chain.refresh(chain, mounted)
    (mounted / "tls.key").write_text("key")
    assert not mail_chain.refresh(chain, mounted), "half of a renewal is none"
    (mounted / "tls.crt").write_text("certificate")
    assert mail_chain.refresh(chain, mounted)
    assert chain.read_text() == "key\ncertificate"
    assert not mail_chain.refresh(chain, mounted)
    assert stat.S_IMODE(chain.stat().st_mode) == 0o600


def answering(answer: bytes) -> str:
    """Answer one connection; return the port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener, listener.accept()[0] as client:
            client.sendall(answer)
            client.recv(1024)

    threading.Thread(target=serve, daemon=True).start()
    return str(listener.getsockname()[1])


def test_health_is_what_is_answered() -> None:
    assert health.main(["smtp", answering(b"220 mx.example ESMTP\r\n")]) == ""
    assert (
        health.main(["smtp", answering(b"421 4.3.2 All server ports are busy\r\n")])
        == "no greeting"
    )
    ok = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    assert health.main(["http", answering(ok), "/livez"]) == ""
    moved = ok.replace(b"200 OK", b"301 Moved")
    assert health.main(["http", answering(moved), "/livez"]) == "status 301"
    assert health.main(["http", "1", "/livez"]) == "ConnectionRefusedError"
    assert health.main(["delivery", "/nowhere/delivery.sock"]) == "no answer"


def test_a_file_that_nobody_writes_any_more_is_no_good_sign(tmp_path: Path) -> None:
    schedule = tmp_path / "schedule"
    ask = ["fresh", str(schedule), "600"]
    assert health.main(ask).startswith("written ")
    made = schedule.with_suffix(".db")  # as dbm(3) calls it
    made.touch()
    assert health.main(ask) == ""
    os.utime(made, (0, 0))
    assert health.main(ask).startswith("written ")
