"""Where Postfix listens, and which of these ports believe what a load balancer says of the client."""

import re
from pathlib import Path

import pytest

from postfix import render


def master_cf(**values: tuple[str, ...]) -> str:
    places = dict.fromkeys(
        ("config_directory", "queue_directory", "data_directory", "log_file", "script"), Path("/a")
    )
    sockets = {"delivery_socket": Path("/a/d.sock"), "policy_socket": Path("/a/p.sock")}
    made = render.Values(**places, **sockets, hostname="mx.example", origin="a.example", **values)  # type: ignore[arg-type]
    return render.render(made)["master.cf"]


def listeners(text: str) -> dict[str, str]:
    """Return what is given to smtpd(8) on each address."""
    return dict(re.findall(r"^(\S+)\s+inet .* smtpd((?:\n {4}-o .*)*)$", text, re.MULTILINE))


def test_by_default_no_port_believes_anybody() -> None:
    assert listeners(master_cf()) == {"127.0.0.1:2525": ""}


def test_only_the_ports_that_are_named_for_it_do() -> None:
    found = listeners(master_cf(listen=("0.0.0.0:25", "[::]:25"), proxy_listen=("0.0.0.0:2526",)))
    option = "\n    -o smtpd_upstream_proxy_protocol=haproxy"
    assert found == {"0.0.0.0:25": "", "[::]:25": "", "0.0.0.0:2526": option}


@pytest.mark.parametrize("address", ["a b", "1.2.3.4:25\n-o x=y", "$x", "a,b"])
def test_an_address_that_would_be_read_as_something_else_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="listen"):
        master_cf(proxy_listen=(address,))
