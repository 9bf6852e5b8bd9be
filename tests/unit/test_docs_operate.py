"""What docs/operate.md says of keys."""

import base64
import subprocess

from tests import documented


def test_new_keys_are_keys() -> None:
    (block,) = documented.blocks(__file__, "docs/operate.md")
    done = subprocess.run(["sh", "-eu", "-c", block], capture_output=True, text=True, check=True)
    key, secret = done.stdout.splitlines()
    assert len(base64.urlsafe_b64decode(key)) == 32
    assert len(secret) == 64
