"""What is counted from Postfix's log: real lines of 3.7, and lines whose middle a stranger has written."""

from collections import Counter
from pathlib import Path

import pytest

from deploy.local import mail_log
from postfix import log_counts

AT = "Nov 20 09:37:21 mx postfix/"
REJECT = AT + "smtpd[12664]: NOQUEUE: reject: RCPT from unknown[127.0.0.2]: "
TAIL = " from=<s@example.org> to=<x@tempmail.test> proto=ESMTP helo=<client.example.org>"

REAL = {
    AT + "smtpd[9]: connect from localhost[127.0.0.1]": {"connects": 1},
    AT + "smtpd[9]: disconnect from localhost[127.0.0.1] ehlo=2 starttls=1 mail=1 rcpt=2/5"
    " data=1 quit=1 commands=8/11": {
        "sessions": 1,
        "tls:accepted": 1,
        "recipients:accepted": 2,
        "recipients:refused": 3,
        "messages:accepted": 1,
    },
    AT + "smtpd[9]: disconnect from unknown[127.0.0.8] commands=0/0": {"sessions": 1},
    AT + "smtp[9]: 4jWDvv378nzJVr: to=<a@example.net>, relay=none, delay=0.2, delays=0/0/0/0,"
    " dsn=4.4.1, status=deferred (connect to example.net[192.0.2.1]:25: Connection refused)": {
        "outbound": 1
    },
    AT + "relay/smtp[9]: warning: no MX host for example.net has a valid address record": {
        "outbound": 1,
        "complaints:warning": 1,
    },
    AT + "local[9]: 4jWDvv378nzJVr: to=<a@localhost>, relay=local, delay=0, status=sent ()": {
        "outbound": 1
    },
    AT + "smtpd[9]: disconnect from unknown[2001:db8::1] ehlo=1 data=0/1 commands=1/2": {
        "sessions": 1,
        "messages:refused": 1,
    },
    AT + "smtpd[9]: lost connection after CONNECT from unknown[127.0.0.8]": {"sessions:lost": 1},
    AT + "smtpd[9]: lost connection after DATA (812 bytes) from unknown[127.0.0.8]": {
        "sessions:lost": 1
    },
    AT + "smtpd[9]: timeout after END-OF-MESSAGE from unknown[127.0.0.8]": {"sessions:timeout": 1},
    AT + "smtpd[9]: too many errors after RCPT from unknown[127.0.0.2]": {
        "sessions:too_many_errors": 1
    },
    AT + "smtpd[12555]: warning: Connection concurrency limit exceeded: 51 from"
    " unknown[127.0.0.2] for service 127.0.0.1:49481": {"limited:connection_concurrency": 1},
    AT + "smtpd[12594]: warning: Connection rate limit exceeded: 11 from unknown[127.0.0.3]"
    " for service 127.0.0.1:49481": {"limited:connection_rate": 1},
    AT + "smtpd[12901]: warning: Recipient address rate limit exceeded: 11 from"
    " unknown[127.0.0.4] for service 127.0.0.1:49481": {"limited:recipient_rate": 1},
    REJECT
    + "550 5.1.1 <guess0@tempmail.test>: Recipient address rejected: No such mailbox;"
    + TAIL: {"rejected:unknown:550 5.1.1": 1},
    REJECT + "452 4.2.2 <a@tempmail.test>: Recipient address rejected: Mailbox full;" + TAIL: {
        "rejected:full:452 4.2.2": 1
    },
    REJECT
    + "554 5.7.1 <somebody@example.net>: Recipient address rejected: Relay access denied;"
    + TAIL: {"rejected:refused:554 5.7.1": 1},
    AT + "smtpd[10561]: 4jWDvv378nzJVr: reject: RCPT from localhost[127.0.0.1]: 451 4.3.0"
    " <m84@tempmail.test>: Recipient address rejected: Temporary lookup failure;" + TAIL: {
        "rejected:temporary:451 4.3.0": 1
    },
    AT + "smtpd[9]: NOQUEUE: reject: MAIL from localhost[127.0.0.1]: 552 5.3.4 Message size"
    " exceeds fixed limit; proto=ESMTP helo=<c>": {"rejected:too_big:552 5.3.4": 1},
    REJECT + "599 5.9.9 <a@b>: Something new; x": {"rejected:other:5xx": 1},
    AT + "cleanup[9]: warning: 4jWDv6: queue file size limit exceeded": {
        "rejected:too_big:552 5.3.4": 1
    },
    AT + "pipe[10533]: 4jWDw10vQlzJVy: to=<a@tempmail.test>, relay=tempmail, delay=0.09,"
    " delays=0.07/0/0/0.02, dsn=4.3.0, status=deferred (the worker could not be asked )": {
        "deliveries:deferred": 1
    },
    AT + "pipe[9]: 4jWDw10vQlzJVy: to=<a@tempmail.test>, relay=tempmail, delay=0.05,"
    " delays=0.01/0/0/0.04, dsn=2.0.0, status=sent (delivered via tempmail service)": {
        "deliveries:stored": 1
    },
    AT + "lmtp[11141]: 4jWDvB3MrQzJLd: to=<a@tempmail.test>, relay=none, delay=3.8,"
    " delays=3.8/0.01/0/0, dsn=4.4.1, status=deferred (connect to mx.tempmail.test"
    "[tempmail/lmtp.sock]: Connection refused)": {"deliveries:deferred": 1},
    AT + "lmtp[9]: 4jWDvB: to=<a@tempmail.test>, relay=mx.tempmail.test[tempmail/lmtp.sock],"
    " conn_use=3, delay=3.8, delays=3.8/0.01/0/0, dsn=2.0.0, status=sent (250 2.0.0 Stored)": {
        "deliveries:stored": 1
    },
    AT + "discard[9]: 4jWDvB: to=<a@example.net>, relay=none, delay=0.1, delays=0/0/0/0.1,"
    " dsn=2.0.0, status=sent (receive-only)": {"deliveries:dropped": 1},
    AT + "qmgr[9]: 4jWDvB: removed": {},
    AT + "cleanup[9]: 4jWDvB: message-id=<x>": {},
    AT + "trivial-rewrite[9814]: warning: do not list domain [127.0.0.1] in BOTH": {
        "complaints:warning": 1
    },
    AT + "master[9]: fatal: bind: Address already in use": {"complaints:fatal": 1},
    AT + "out/smtpd[9]: connect from localhost[127.0.0.1]": {"connects": 1},
}


@pytest.mark.parametrize("line", REAL)
def test_a_real_line_counts_what_it_says(line: str) -> None:
    assert log_counts.count([line + "\n"]) == Counter(REAL[line])


STATUS = "relay=tempmail, delay=1, delays=1/0/0/0, dsn=5.0.0, status=bounced (x)"
FORGED = {
    "a HELO name": (
        REJECT + "550 5.1.1 <a@b>: no; from=<> to=<a@b> proto=SMTP"
        " helo=<x]: 452 4.2.2 y: too many errors after RCPT from z[1.2.3.4]>",
        {"rejected:unknown:550 5.1.1": 1},
    ),
    "a recipient": (
        REJECT + '550 5.1.1 <"a: reject: RCPT from u[1.1.1.1]: 452 4.2.2 "@b>: no',
        {"rejected:unknown:550 5.1.1": 1},
    ),
    "a recipient that holds a status": (
        AT + f'pipe[9]: 4jW: to=<"a>, {STATUS}, x"@tempmail.test>, relay=tempmail, delay=1,'
        " delays=1/0/0/0, dsn=2.0.0, status=sent (delivered via tempmail service)",
        {"deliveries:stored": 1},
    ),
    "a Message-ID": (
        AT + "cleanup[9]: 4jW: message-id=<postfix/smtpd[1]: connect from x[1.2.3.4]>",
        {},
    ),
    "a Message-ID that looks like a whole line": (
        AT + f"cleanup[9]: 4jW: message-id={REJECT}550 5.1.1 x",
        {},
    ),
    "a Message-ID that claims a size": (
        AT + "cleanup[9]: 4jW: message-id=<warning: 4jW: queue file size limit exceeded>",
        {},
    ),
    "a sender": (
        AT + f"qmgr[9]: 4jW: from=<a>, {STATUS}@x>, size=1, nrcpt=1 (queue active)",
        {},
    ),
    "a daemon that is none": ("Nov 20 09:37:21 mx other/smtpd[9]: connect from x[1.2.3.4]", {}),
    "no line of Postfix": ("connect from x[1.2.3.4]", {}),
    "an empty line": ("", {}),
    "digits without end": (
        AT + "smtpd[9]: disconnect from x[1.2.3.4] rcpt=" + "9" * 3000,
        {"sessions": 1},
    ),
    "a client without end": (AT + "smtpd[9]: disconnect from " + "x[" * 100_000, {}),
}


@pytest.mark.parametrize("case", FORGED)
def test_what_a_stranger_wrote_into_a_line_counts_nothing(case: str) -> None:
    line, counts = FORGED[case]
    assert log_counts.count([line]) == Counter(counts)


def test_names_are_from_a_fixed_list_whatever_is_in_the_log() -> None:
    codes = [
        f"{code} {code // 100}.{a}.{b}" for code in range(400, 600) for a in "019" for b in "19"
    ]
    counts = log_counts.count(f"{REJECT}{code} <a@b>: x" for code in codes)
    assert len(counts) <= len(log_counts.REASONS) + 2
    assert sum(counts.values()) == len(codes)


def test_sums_are_kept_in_a_file_without_anybody_in_it(tmp_path: Path) -> None:
    log, sums = tmp_path / "mail.log", tmp_path / log_counts.FILE
    given: list[Path] = []
    for _ in range(2):
        log.write_text("".join(f"{line}\n" for line in REAL))
        mail_log.turn_over(log, sums, given.append)
        assert log.read_text() == ""
    counts = log_counts.read(sums)
    assert counts["connects"] == 4
    assert counts["rejected:unknown:550 5.1.1"] == 2
    assert not [part for part in ("@", "127.", "tempmail", "example") if part in sums.read_text()]
    assert sums.stat().st_mode & 0o777 == 0o600
    assert len(given) == 2


@pytest.mark.parametrize("content", ["", "[]", "{", '{"connects": "many"}', "\x00\xff"])
def test_a_file_that_was_spoilt_begins_anew(tmp_path: Path, content: str) -> None:
    sums = tmp_path / log_counts.FILE
    sums.write_text(content, encoding="latin-1")
    log_counts.add(sums, Counter(connects=1))
    assert log_counts.read(sums) == {"connects": 1}


def test_a_log_with_any_bytes_is_counted(tmp_path: Path) -> None:
    log, sums = tmp_path / "mail.log", tmp_path / log_counts.FILE
    log.write_bytes(b"\xff\xfe\0\n" + next(iter(REAL)).encode() + b"\n" + b"x" * 100_000)
    mail_log.turn_over(log, sums)
    assert log_counts.read(sums) == {"connects": 1}
