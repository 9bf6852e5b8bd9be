"""A delivery script as one would write it first: Django is started for each message. A peer of the row `latency`.

Arguments as those of delivery/deliver.py; the environment is in a file beside it, as pipe(8) gives none.
"""

import os
import sys
from pathlib import Path


def main() -> int:
    """Store the message on stdin; return the exit status."""
    queue_id, sender, *recipients = sys.argv[2:]
    for line in Path(sys.argv[1]).read_text().splitlines():
        name, _, value = line.partition("=")
        os.environ[name] = value
    raw = sys.stdin.buffer.read()

    import django

    django.setup()
    from mailboxes.services import intake
    from mailboxes.services.parcels import Envelope

    intake.store(Envelope(queue_id, sender, tuple(recipients)), raw)
    return 0


if __name__ == "__main__":
    sys.exit(main())
