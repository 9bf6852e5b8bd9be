"""kustomize(1), however this machine has it: itself, within kubectl, or built by Go from its module."""

import functools
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
MANIFESTS = ROOT / "deploy" / "kubernetes"
CACHE = Path(os.environ.get("TEMPMAIL_TEST_CACHE", "/var/cache/tempmail-tests"))
MODULE = "sigs.k8s.io/kustomize/kustomize/v5@v5.0.3"  # builds with Debian 12's Go, too
SECONDS = 600


def build(directory: str) -> list[dict[str, Any]]:
    """Return the objects of a directory below deploy/kubernetes; skip the test where nothing can build them."""
    done = subprocess.run(
        [*_command(), str(MANIFESTS / directory)],
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    # a word about a deprecated field is an error of the next version
    assert done.stderr == ""
    return [each for each in yaml.safe_load_all(done.stdout) if each]


@functools.cache
def _command() -> tuple[str, ...]:
    if shutil.which("kustomize"):
        return ("kustomize", "build")
    if shutil.which("kubectl") and _knows_labels():
        return ("kubectl", "kustomize")
    if shutil.which("go"):
        return (str(_built()), "build")
    pytest.skip("neither kustomize nor a kubectl of 1.27 or later nor Go is here")


def _knows_labels() -> bool:
    """Debian 12's kubectl 1.20 has a kustomize of 2019."""
    done = subprocess.run(
        ["kubectl", "version", "--client", "-o", "yaml"],
        check=False,
        capture_output=True,
        text=True,
    )
    version = (
        (yaml.safe_load(done.stdout) or {}).get("clientVersion", {}) if done.returncode == 0 else {}
    )
    digits = "".join(filter(str.isdigit, str(version.get("minor", "0"))))
    return int(digits or 0) >= 27


def _built() -> Path:
    place = CACHE / "kustomize"
    if not (place / "kustomize").exists():
        env = {**os.environ, "GOBIN": str(place), "GOFLAGS": "-mod=mod", "CGO_ENABLED": "0"}
        fetch = ["go", "mod", "download", MODULE]
        if subprocess.run(fetch, check=False, cwd="/", env=env, timeout=SECONDS).returncode:
            pytest.skip(f"{MODULE} cannot be fetched here")
        subprocess.run(["go", "install", MODULE], check=True, env=env, timeout=SECONDS)
    return place / "kustomize"
