"""`postfix check` tells a terminal what it has to complain of; and main.cf says how it was rendered."""

import subprocess
from pathlib import Path

import pytest

from postfix import own_check, render


def program(directory: Path, script: str) -> str:
    path = directory / "postfix"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def test_what_only_a_terminal_is_told_is_heard(tmp_path: Path) -> None:
    script = (
        "[ -t 2 ] && echo 'postfix/postfix-script: warning: not owned by root: /x' >&2\necho well"
    )
    found = own_check.complaints(program(tmp_path, script), tmp_path, {})
    assert found == ["warning: not owned by root: /x"]


def test_it_is_asked_about_this_configuration(tmp_path: Path) -> None:
    found = own_check.complaints(program(tmp_path, 'echo "error: $*"'), tmp_path, {})
    assert found == [f"error: -c {tmp_path} check"]


def test_much_output_is_read_to_its_end(tmp_path: Path) -> None:
    script = "i=0; while [ $i -lt 3000 ]; do echo 'fatal: long'; i=$((i+1)); done"
    found = own_check.complaints(program(tmp_path, script), tmp_path, {"PATH": "/usr/bin:/bin"})
    assert found == ["fatal: long"] * 3000


def test_one_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_check, "SECONDS", 0.2)
    with pytest.raises(subprocess.TimeoutExpired):
        own_check.complaints(
            program(tmp_path, "exec sleep 60"), tmp_path, {"PATH": "/usr/bin:/bin"}
        )


@pytest.mark.parametrize(
    "words", [[], ["listen=127.0.0.1:25,[::1]:25", "milters=inet:a:1 inet:b:2"]]
)
def test_main_cf_says_with_which_words_it_was_rendered(tmp_path: Path, words: list[str]) -> None:
    names = ("config_directory", "queue_directory", "data_directory", "log_file", "script")
    sockets = ("delivery_socket", "policy_socket")
    paths = {name: Path("/x") / name for name in (*names, *sockets)}
    values = render.Values(hostname="mx.kestrel.org", origin="kestrel.org", **paths)
    render.write(values, tmp_path, words)
    assert render.noted_words((tmp_path / "main.cf").read_text()) == words


@pytest.mark.parametrize(
    "text", ["", "mynetworks =\n", "# Rendered with: {\n", "# Rendered with: 3\n"]
)
def test_a_main_cf_of_somebody_else_says_nothing(text: str) -> None:
    assert render.noted_words(text) is None
