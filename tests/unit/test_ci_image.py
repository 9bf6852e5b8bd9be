"""The image and the recipes for continuous integration: what can be held without a Docker engine."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core import checks
from django.test import override_settings

from deploy.local import ports
from mailboxes.rules import networks

ROOT = Path(settings.BASE_DIR)
IMAGE = ROOT / "deploy" / "docker" / "ci"
DOCKERFILE = (IMAGE / "Dockerfile").read_text()
RECIPES = (ROOT / "docs" / "ci.md").read_text()


def instruction(name: str) -> str:
    """Return the arguments of the one instruction of this name."""
    lines = re.sub(r"\\\n\s*", " ", DOCKERFILE).splitlines()
    (found,) = (line for line in lines if line.startswith(f"{name} "))
    return found.removeprefix(f"{name} ")


def environment() -> dict[str, str]:
    return dict(word.split("=", 1) for word in shlex.split(instruction("ENV")))


@pytest.mark.parametrize("path", sorted(ROOT.glob("deploy/docker/**/Dockerfile")), ids=str)
def test_hadolint_finds_nothing(path):
    program = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([program, path], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0)


def test_every_setting_of_the_image_is_one_that_is_documented():
    documented = (ROOT / "docs" / "configure.md").read_text()
    assert [name for name in environment() if f"`{name}`" not in documented] == []


def test_the_image_is_open_within_and_its_limits_are_limits():
    values = environment()
    assert values["LISTEN_ADDRESS"] == ports.EVERYWHERE
    assert networks.table(values["UNLIMITED_CLIENTS"].split(","))
    names = ("CAPTCHA", "CAPTCHAS_PER_CLIENT", "CREATIONS_PER_CLIENT", "CREATIONS_PER_SESSION")
    lists = {"WEBHOOK_ALLOWED_NETWORKS": values["WEBHOOK_ALLOWED_NETWORKS"].split(",")}
    with override_settings(**{name: values[name] for name in names}, **lists):
        assert checks.run_checks() == []


def test_what_the_image_runs_is_there():
    program, *words = yaml.safe_load(instruction("CMD"))
    assert (program, words) == (".venv/bin/python", ["-B", "-m", "deploy.local.run"])
    assert (ROOT / "deploy" / "local" / "run.py").exists()
    _, _, health = yaml.safe_load(re.sub(r"^.*?CMD ", "", instruction("HEALTHCHECK")))
    compile(health, "HEALTHCHECK", "exec")


def test_nothing_that_the_image_needs_is_left_out_and_no_secret_is_taken_in():
    ignored = (IMAGE / "Dockerfile.dockerignore").read_text().split("\n")
    assert {".git", ".venv", "var"} <= set(ignored)
    needed = ("deploy", "delivery", "mailboxes", "postfix", "tempmail_site", "manage.py")
    assert not set(needed) & set(ignored)


def test_the_recipes_are_yaml_and_name_the_ports_of_the_image():
    blocks = [yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", RECIPES, re.DOTALL)]
    actions, gitlab, compose = blocks
    (service,) = actions["jobs"]["test"]["services"].values()
    assert [each.partition(":")[2] for each in service["ports"]] == instruction("EXPOSE").split()
    for where in (
        actions["jobs"]["test"]["env"],
        gitlab["test"]["variables"],
        compose["services"]["tests"]["environment"],
    ):
        assert where["TEMPMAIL_URL"].endswith(":8000")
        assert where["SMTP_PORT"] == "2525"
