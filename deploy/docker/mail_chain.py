"""Key and certificate for STARTTLS (RFC 3207) in the mail container: a mounted secret, or one that is made here.

Postfix wants both in one file (smtpd_tls_chain_files), a `kubernetes.io/tls` secret has them in two.
"""

import os
import subprocess
from pathlib import Path

MOUNTED = Path("/run/tls")
_DAYS = 3650


def refresh(chain: Path, mounted: Path = MOUNTED) -> bool:
    """Bring `chain` up to date; return whether it has changed. Raises OSError and CalledProcessError."""
    parts = [mounted / "tls.key", mounted / "tls.crt"]
    if all(part.is_file() for part in parts):
        text = "\n".join(part.read_text(encoding="ascii") for part in parts)
    elif chain.exists():
        return False
    else:
        text = _self_signed()
    if chain.exists() and chain.read_text(encoding="ascii") == text:
        return False
    _write(chain, text)
    return True


def _write(chain: Path, text: str) -> None:
    fresh = chain.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
    fresh.replace(chain)


def _self_signed() -> str:
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    target = ["-days", str(_DAYS), "-subj", "/CN=localhost", "-keyout", "-", "-out", "-"]
    command = ["openssl", "req", "-x509", *curve, *target]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout
