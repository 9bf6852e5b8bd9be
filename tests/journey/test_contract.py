"""The API keeps what its description says: schemathesis, with all its checks and the links, finds nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.stack import Stack
from tests.journey.client import http_request

CHECKOUT = Path(__file__).parents[2]
ST = Path(sys.executable).with_name("st")
# For a long look: more examples of each operation, and other seeds.
EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "50"))
SEED = int(os.environ.get("CONTRACT_SEED", "1"))
# Refused by its size is refused as well, and 5xx is never how. A stream never ends: its first event is looked at.
CONFIG = """
hooks = "{hooks}"
workers = 1
continue-on-failure = true
request-timeout = 30
max-stream-events = 1

[generation]
max-examples = {examples}
database = "none"

[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 413, 415, 422, 428, 429]

[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", 401, 403, 404, 409, 429]

[warnings]
enabled = false

[phases.stateful]
max-steps = 6

[phases.stateful.generation]
max-examples = {scenarios}
"""


def run(stack: Stack, directory: Path, phases: str, seed: int) -> list[tuple[str, int]]:
    """Have schemathesis run these phases; return which operations were answered with which statuses."""
    config = directory / "schemathesis.toml"
    hooks = CHECKOUT / "tests" / "journey" / "contract_hooks.py"
    config.write_text(CONFIG.format(hooks=hooks, examples=EXAMPLES, scenarios=EXAMPLES // 2))
    command = [str(ST), "--config-file", str(config), "run", f"{stack.url}/api/openapi.json"]
    options = ["--url", stack.url, "--checks", "all", "--phases", phases, "--seed", str(seed)]
    done = subprocess.run(
        [*command, *options],
        cwd=directory,  # where it leaves its files
        env={**stack.env, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    return [(name, status) for name, status in json.loads((directory / "answers.json").read_text())]


def test_no_request_alone_is_answered_otherwise_than_described(
    stack: Stack, tmp_path: Path
) -> None:
    answers = run(stack, tmp_path, "examples,coverage,fuzzing", SEED)
    document = http_request(stack, "GET", "/api/openapi.json").data
    for methods in document["paths"].values():
        for operation in methods.values():
            (success,) = (int(each) for each in operation["responses"] if each.startswith("2"))
            assert (operation["operationId"], success) in answers, "it was only ever refused"


@pytest.mark.parametrize("seed", range(SEED, SEED + 3))
def test_no_sequence_of_requests_is_answered_otherwise_than_described(
    stack: Stack, tmp_path: Path, seed: int
) -> None:
    answers = run(stack, tmp_path, "stateful", seed)
    assert {("generate", 201), ("list_emails", 200)} <= set(answers)
