"""The installer's parts that need no server: steps, options, DNS, settings, ports, releases, files."""

import json
import struct
import subprocess
from pathlib import Path

import pytest

from deploy.server import (
    commands,
    dns_checks,
    dns_question,
    environment,
    files,
    layout,
    listening,
    options,
    packages,
    prechecks,
    releases,
    steps,
)
from deploy.server.dns_question import NoAnswer
from deploy.server.options import Options
from deploy.server.steps import Refused, Step
from tests import dns_server

WANTED = Options(domain="mail.example", site="https://www.mail.example", mx="mx.mail.example")
RECORDS = {
    ("www.mail.example", "A"): ["192.0.2.1"],
    ("mx.mail.example", "A"): ["192.0.2.1"],
    ("mail.example", "MX"): ["mx.mail.example"],
    ("1.2.0.192.in-addr.arpa", "PTR"): ["mx.mail.example"],
}


def asked(records: dict[tuple[str, str], list[str]]) -> dns_checks.Ask:
    return lambda name, kind: records.get((name, kind), [])


def test_steps_do_what_is_missing_and_nothing_the_second_time() -> None:
    done: list[str] = []
    each = [
        Step(name, lambda n=name: "" if n in done else "x", lambda n=name: done.append(n))
        for name in "ab"
    ]
    assert steps.preview(each, lambda words: None) == 2
    assert done == []
    assert steps.carry_out(each, lambda words: None) == 2
    assert steps.carry_out(each, lambda words: None) == 0
    assert done == ["a", "b"]


def test_a_step_that_does_not_help_ends_the_run() -> None:
    with pytest.raises(Refused, match="still: gone"):
        steps.carry_out([Step("a", lambda: "gone", lambda: None)], lambda words: None)


def test_a_preview_takes_what_it_cannot_look_at_for_missing() -> None:
    def missing() -> str:
        raise commands.CommandFailed("no such program")

    assert steps.preview([Step("a", missing, lambda: None)], lambda words: None) == 1


@pytest.mark.parametrize(
    "words",
    [
        ["--site", "https://a.example"],
        ["--domain", "a.example", "--site", "http://a.example"],
        ["--domain", "a.example", "--site", "https://a.example/path"],
        ["--domain", "A.example", "--site", "https://a.example"],
        ["--domain", "a b", "--site", "https://a.example"],
        ["--domain", "a.example;", "--site", "https://a.example"],
        ["--domain", "a.example", "--site", "https://a.example", "--email", "x y@z"],
        ["--domain", "a.example", "--site", "https://a.example", "--mx", "$host"],
        ["--domain", "a.example", "--site", "https://a.example", "--ssh-port", "0"],
    ],
)
def test_options_that_make_no_sense_are_refused(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(options, "noted", dict)
    with pytest.raises(Refused):
        options.options(options.parser().parse_args(words))


def test_what_is_not_said_is_what_was_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = tmp_path / "install.json"
    record.write_text(json.dumps({"options": options.as_noted(WANTED), "packages": []}))
    before = options.noted(record)
    monkeypatch.setattr(options, "noted", lambda: before)
    found = options.options(options.parser().parse_args(["--ssh-port", "2222"]))
    assert (found.domain, found.mx_host, found.ssh_port) == (
        "mail.example",
        "mx.mail.example",
        2222,
    )


def test_right_records_pass_without_a_word() -> None:
    assert dns_checks.refuse(WANTED, asked(RECORDS), {"192.0.2.1"}) == []


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        (("www.mail.example", "A"), "www.mail.example has no address"),
        (("mx.mail.example", "A"), "mx.mail.example has no address"),
        (("mail.example", "MX"), "mail.example has no MX record"),
    ],
)
def test_without_these_records_it_refuses(missing: tuple[str, str], words: str) -> None:
    with pytest.raises(Refused, match=words):
        dns_checks.refuse(
            WANTED, asked({k: v for k, v in RECORDS.items() if k != missing}), {"192.0.2.1"}
        )


def test_an_mx_elsewhere_is_refused_and_a_wrong_reverse_name_told() -> None:
    with pytest.raises(Refused, match=r"other\.example"):
        dns_checks.refuse(
            WANTED, asked(RECORDS | {("mail.example", "MX"): ["other.example"]}), set()
        )
    notes = dns_checks.refuse(
        WANTED, asked(RECORDS | {("1.2.0.192.in-addr.arpa", "PTR"): []}), {"192.0.2.9"}
    )
    assert any("no address of this host's" in note for note in notes)
    assert any("reverse name none" in note for note in notes)


def test_the_resolver_is_asked_for_every_kind() -> None:
    with dns_server.running() as server:
        server.records |= {
            ("mail.example", "MX"): ["10 mx.mail.example.", "20 mx2.mail.example."],
            ("mx.mail.example", "A"): ["192.0.2.1"],
            ("mx.mail.example", "AAAA"): ["2001:db8::1"],
        }
        ask = [dns_question.Resolver("127.0.0.1", server.port)]
        hosts = dns_question.ask("mail.example", "MX", ask)
        assert sorted(hosts) == ["mx.mail.example", "mx2.mail.example"]
        assert dns_question.ask("mx.mail.example", "A", ask) == ["192.0.2.1"]
        assert dns_question.ask("mx.mail.example", "AAAA", ask) == ["2001:db8::1"]
        assert dns_question.ask("nowhere.example", "A", ask) == []


def test_no_resolver_is_no_answer() -> None:
    with pytest.raises(NoAnswer):
        dns_question.ask("mail.example", "A", [])


@pytest.mark.parametrize("tail", [b"", b"\xc0\x0c" * 3, b"\xff" * 40, b"\x3f" + b"a" * 10])
def test_an_answer_that_is_none_is_not_believed(tail: bytes) -> None:
    answer = struct.pack("!6H", 7, 0x8180, 0, 1, 0, 0) + tail
    with pytest.raises((ValueError, IndexError, struct.error)):
        list(dns_question._records(answer, 7, 1))


def test_settings_of_the_administrator_below_ours_stay() -> None:
    first = environment.text({"SITE_URL": "https://a.example"}, "")
    changed = environment.text({"SITE_URL": "https://b.example"}, first + "MAX_LIFETIME=600\n")
    assert "https://a.example" not in changed
    assert changed.endswith("MAX_LIFETIME=600\n")
    assert environment.text({"SITE_URL": "https://b.example"}, changed) == changed


def test_by_which_addresses_the_internet_knows_this_host(monkeypatch: pytest.MonkeyPatch) -> None:
    def told(*found: dict[str, object]) -> None:
        text = json.dumps([{"addr_info": found}])
        done = subprocess.CompletedProcess([], 0, stdout=text, stderr="")
        monkeypatch.setattr(commands, "attempt", lambda *words: done)

    six, temporary = {"local": "2a00:1450::1"}, {"local": "2a00:1450::2", "temporary": True}
    told({"local": "8.8.4.4"}, six, temporary, {"local": "192.168.1.4"}, {"local": "fd00::1"})
    assert dns_checks.public_addresses() == ["2a00:1450::1", "8.8.4.4"]
    told({"local": "10.0.0.2"})
    assert dns_checks.public_addresses() == []


def test_who_listens_is_found_in_proc(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    header = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
    line = "   0: 00000000:0019 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1\n"
    (tmp_path / "net" / "tcp").write_text(header + line)
    (tmp_path / "12" / "fd").mkdir(parents=True)
    (tmp_path / "12" / "fd" / "3").symlink_to("socket:[4711]")
    (tmp_path / "12" / "comm").write_text("exim4\n")
    assert listening.programs(25, tmp_path) == {"exim4"}
    assert listening.programs(80, tmp_path) == set()
    assert listening.ports("exim4", tmp_path) == {25}


def test_an_old_or_an_unknown_system_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "os-release"
    path.write_text('ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n')
    assert prechecks.os_release(path)["VERSION_ID"] == "12"
    assert prechecks.system_fault({"ID": "debian", "VERSION_ID": "12"}) == ""
    assert prechecks.system_fault({"ID": "ubuntu", "VERSION_ID": "24.04"}) == ""
    assert "is needed" in prechecks.system_fault({"ID": "debian", "VERSION_ID": "11"})
    assert "is needed" in prechecks.system_fault({"ID": "ubuntu", "VERSION_ID": "22.04"})
    assert "is needed" in prechecks.system_fault({"ID": "fedora", "VERSION_ID": "43"})


def test_another_mail_server_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "is_installed", lambda name: name == "exim4-daemon-light")
    (fault,) = prechecks.mail_servers()
    assert "exim4-daemon-light" in fault
    assert "--replace-mta" in fault


def test_a_postfix_with_another_configuration_is_not_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "RECORD", tmp_path / "install.json")
    main = tmp_path / "main.cf"
    assert prechecks.is_ours(main)
    main.write_text("myhostname = mail.other.example\n")
    assert not prechecks.is_ours(main)
    main.write_text("myhostname = mx\n\n# Rendered with: []\n")
    assert prechecks.is_ours(main)


def test_two_trees_have_two_names_and_one_tree_has_one(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('version = "1.2"\n')
    (tmp_path / "a.py").write_text("a = 1\n")
    name = releases.name(tmp_path)
    assert name.startswith("1.2-")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_text("x")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "b.py").write_text("b")
    assert releases.name(tmp_path) == name
    (tmp_path / "a.py").write_text("a = 2\n")
    assert releases.name(tmp_path) != name


def test_a_file_is_seen_as_it_is(tmp_path: Path) -> None:
    mine = files.Owner("root", "root", 0o640)
    path = tmp_path / "a" / "b.conf"
    assert "is not there" in files.differs(path, "x", mine)
    path.parent.mkdir()
    path.write_text("y")
    assert "another text" in files.differs(path, "x", mine)
    path.chmod(0o644)
    assert "mode 0644" in files.differs(path, "y", mine)
