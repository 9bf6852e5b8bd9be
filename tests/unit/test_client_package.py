"""The Python client as a package: what an installation brings, and its pytest fixtures in a project of their own."""

import os
import re
import subprocess
import sys
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from django.conf import settings

import tempmail_client
from tests.unit.service_double import Service

PACKAGE = Path(settings.BASE_DIR) / "deploy" / "clients" / "python"
PROJECT = {
    "test_sign_up.py": """
def test_sign_up(mailbox, tempmail):
    assert mailbox.wait_for(subject="code").code == "482913"
""",
    "pytest.ini": "[pytest]\nfilterwarnings = error\n",
}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The package installed by pip, from a copy and without a network."""
    directory = tmp_path_factory.mktemp("installed")
    words = ["--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", "-q", *words, "--target", str(directory)]
    subprocess.run([*command, str(PACKAGE)], check=True, capture_output=True)
    return directory


@pytest.fixture
def project(tmp_path):
    for name, text in PROJECT.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def served():
    """A service double that answers by HTTP."""
    service = Service()
    service.add("Your code")

    class Handler(BaseHTTPRequestHandler):
        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            url = f"http://service{self.path}"
            request = httpx.Request(self.command, url, headers=dict(self.headers), content=body)
            answer = service(request)
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_POST = do_DELETE = answer  # noqa: N815 - as http.server wants them

        def log_message(self, *args):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield service, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_brings_its_types_its_plugin_and_no_more_than_httpx(installed):
    assert (installed / "tempmail_client" / "py.typed").exists()
    (metadata,) = installed.glob("*.dist-info/METADATA")
    assert re.findall(r"Requires-Dist: (\w+)", metadata.read_text()) == ["httpx"]
    entry_points = (metadata.parent / "entry_points.txt").read_text()
    assert "[pytest11]\ntempmail=tempmail_client.pytest_plugin" in entry_points
    assert f"Version: {tempmail_client.__version__}" in metadata.read_text()


def test_the_user_agent_has_the_version():
    assert f"tempmail-client/{tempmail_client.__version__}" == tempmail_client.client._USER_AGENT


def test_the_licence_is_the_projects():
    for path in (PACKAGE, Path(settings.BASE_DIR)):
        loaded = tomllib.loads((path / "pyproject.toml").read_text())
        assert loaded["project"]["license"] == "MIT"


@pytest.mark.parametrize("where", ["option", "ini", "environment"])
def test_the_fixtures_make_a_mailbox_and_end_it(installed, project, served, where):
    service, url = served
    words = ["--tempmail-url", url] if where == "option" else []
    if where == "ini":
        (project / "pytest.ini").write_text(f"{PROJECT['pytest.ini']}tempmail_url = {url}\n")
    environment = {"TEMPMAIL_URL": url} if where == "environment" else {}
    done = run_pytest(installed, project, words, environment)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    assert service.ended
    assert service.paths()[-1] == "DELETE /api/emails/me"


def test_without_a_url_the_fixtures_say_what_to_set(installed, project):
    done = run_pytest(installed, project, [], {})
    assert done.returncode == 1
    assert "set --tempmail-url, tempmail_url or TEMPMAIL_URL" in done.stdout


def run_pytest(installed, project, words, environment):
    """Run pytest as another project does; this project's settings and plugins are not in there."""
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(installed), **environment}
    words = ["-q", "-p", "no:django", "-p", "no:cacheprovider", *words]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=project,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
