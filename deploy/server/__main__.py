"""deploy/install.sh: looks first, then takes the steps, then tries what it has installed."""

import fcntl
import os
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from deploy.server import (
    certificates,
    dns_checks,
    layout,
    options,
    plan,
    prechecks,
    releases,
    removal,
    rollback,
    self_test,
    services,
)
from deploy.server.commands import CommandFailed
from deploy.server.options import Options
from deploy.server.steps import Refused, carry_out, preview

_LOCK = Path("/run/tempmail-install.lock")


def main(words: Sequence[str]) -> int:
    """Return the exit status: 0, or 1 with what stands in the way on standard error."""
    os.umask(0o022)
    try:
        return _run(options.parser().parse_args(words))
    except (Refused, CommandFailed, OSError) as error:
        for line in str(error).splitlines():
            print(f"install: {line}", file=sys.stderr)
        print("install: not finished. What is done stays; run it again to go on.", file=sys.stderr)
        return 1


def _run(arguments: Namespace) -> int:
    if arguments.dry_run and not arguments.uninstall:
        return _install(arguments)
    with _LOCK.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused("another run of install.sh is going on") from None
        if arguments.uninstall:
            removal.run(purge_data=arguments.purge_data, say=_say)
        elif arguments.rollback:
            rollback.run(_say)
        elif arguments.self_test:
            self_test.run(options.options(arguments), _say)
        else:
            return _install(arguments)
    return 0


def _install(arguments: Namespace) -> int:
    wanted = options.options(arguments)
    warnings = prechecks.refuse(wanted, replace_mta=arguments.replace_mta)
    if not arguments.skip_dns:
        warnings += dns_checks.refuse(wanted)
    for words in warnings:
        _say(f"note: {words}")
    steps = plan.steps(wanted, releases.name())
    if arguments.dry_run:
        count = preview(steps, _say)
        if hosts := certificates.wanting(wanted):
            _say(f"would ask  Let's Encrypt for a certificate of {hosts}")
        _say(f"{count} steps would be taken; nothing was changed" if count else "nothing to change")
        return 0
    changed = carry_out(steps, _say)
    _say(f"{changed} steps taken" if changed else "nothing to change")
    return _finish(wanted)


def _finish(wanted: Options) -> int:
    if certificates.wanting(wanted):
        _ask_for_certificate(wanted)
    if not services.systemd_runs():
        _say(
            "note: systemd does not run here: units are enabled, none of ours is started, and nothing is tested"
        )
        return 0
    self_test.run(wanted, _say)
    _say(f"installed: {wanted.site}, mail for {wanted.domain}; release {releases.current()}")
    _say(f"an operator for {wanted.site}/admin/: {layout.MANAGE.name} createsuperuser")
    return 0


def _ask_for_certificate(wanted: Options) -> None:
    try:
        certificates.order(wanted)
        _say("Let's Encrypt has given a certificate")
    except CommandFailed as error:
        _say(f"note: no certificate of Let's Encrypt, the self-signed one stays. {error}")


def _say(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
