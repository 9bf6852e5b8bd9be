"""Running an example of docs/: what it reads from the environment."""

import os
import subprocess
import sys
from pathlib import Path

from deploy.local.stack import Stack
from tests.journey import client

ROOT = Path(__file__).resolve().parents[2]
CLIENT = ROOT / "deploy" / "clients" / "python"
DEADLINE = 120


def environment(stack: Stack, **more: str) -> dict[str, str]:
    """Return what an example finds in its environment: the service, and our Python."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(CLIENT),
        "TEMPMAIL_URL": stack.url,
        "TEMPMAIL_API_KEY": client.api_key(stack),
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(stack.smtp_port),
        **more,
    }


def run(stack: Stack, *command: str, cwd: Path = ROOT, **more: str) -> str:
    """Run an example; return what it prints."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment(stack, **more),
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
