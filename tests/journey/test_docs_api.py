"""The examples of docs/api.md run as they stand there. Those in JavaScript: tests/browser/test_docs_javascript.py."""

import re
import smtplib
from pathlib import Path

import pytest

from deploy.local.stack import Stack
from tempmail_client import Client
from tests import documented
from tests.journey import client, doc_examples


def test_the_curl_examples_run_one_after_the_other(stack: Stack) -> None:
    script = "\n".join(documented.blocks(__file__, "docs/api.md", "bash"))
    printed = doc_examples.run(stack, "bash", "-euo", "pipefail", "-c", script).splitlines()
    subject, code, text, link, none, deleted, ended = [line for line in printed if line]
    assert (subject, code) == ("Your code", "482913")
    assert "482913" in text
    assert link == "https://shop.example.org/confirm?id=7f3a"
    assert (none, ended) == ("true", "unauthorized")
    assert int(deleted) >= 1


@pytest.mark.parametrize("has_key", [True, False])
def test_the_python_example_runs_with_and_without_a_key(stack: Stack, has_key: bool) -> None:
    example = documented.blocks(__file__, "docs/api.md", "python")[0]
    key = {} if has_key else {"TEMPMAIL_API_KEY": ""}
    printed = doc_examples.run(stack, "python", "-c", example, **key).splitlines()
    assert printed == ["482913 https://shop.example.org/confirm?id=7f3a", "The Shop Thank you."]


def test_the_pytest_example_runs(stack: Stack, tmp_path: Path) -> None:
    example = documented.blocks(__file__, "docs/api.md", "python")[1]
    name = re.match(r"# (\S+)", example)
    assert name
    (tmp_path / name[1]).write_text(example)
    words = ["-q", "-p", "no:django", "-p", "tempmail_client.pytest_plugin"]
    assert "1 passed" in doc_examples.run(stack, "python", "-m", "pytest", *words, cwd=tmp_path)


def test_the_python_example_of_the_readme_runs(stack: Stack) -> None:
    (example,) = documented.blocks(__file__, "README.md", "python")
    known = """
import os, smtplib
url, key = os.environ["TEMPMAIL_URL"], os.environ["TEMPMAIL_API_KEY"]
def sign_up(address):
    with smtplib.SMTP(os.environ["SMTP_HOST"], int(os.environ["SMTP_PORT"])) as server:
        server.sendmail("shop@example.org", address, "Subject: Your code\\n\\nYour code is 482913.")
"""
    assert doc_examples.run(stack, "python", "-c", known + example) == "482913\n"


@pytest.mark.parametrize("program", ["swaks", "curl", "smtplib"])
def test_real_clients_send_the_test_mail(stack: Stack, program: str) -> None:
    with Client(stack.url, client.api_key(stack)) as service, service.generate() as mailbox:
        if program == "smtplib":
            with smtplib.SMTP("127.0.0.1", stack.smtp_port) as server:
                server.sendmail("shop@example.org", mailbox.address, "Subject: By smtplib\n\nHello")
        else:
            (command,) = (
                block
                for block in documented.blocks(__file__, "docs/api.md", "bash")
                if block.startswith("swaks") or "smtp://" in block
                if block.startswith(program)
            )
            doc_examples.run(stack, "bash", "-eu", "-c", command, address=mailbox.address)
        mail = mailbox.wait_for(timeout=60)
        subjects = {"swaks": "Sent by swaks", "curl": "Your code", "smtplib": "By smtplib"}
        assert mail.subject == subjects[program]
