"""Runs one host of the cluster inside its network namespace, until its input ends. What it is comes as JSON.

The same launcher as `make run` uses, but with the parts that this host has: "mail" (Postfix and worker), "site".
"""

import json
import sys
from pathlib import Path
from typing import Any

from deploy.local import ports
from deploy.local.stack import Stack

HTTP_PORT, SMTP_PORT = 8000, 2525


class Node(Stack):
    """A host with some of the parts."""

    part = ""

    def _start_servers(self) -> None:
        if self.part == "mail":
            postfix = self.prepare_postfix()  # the worker looks for its configuration
            self.start_worker()
            self._start_server("postfix", postfix)
        else:
            self.start_site()


def main(description: dict[str, Any]) -> None:
    """Start it, say where its state is, and stop when the input ends."""
    node = Node(
        Path(description["data"]),
        HTTP_PORT,
        SMTP_PORT,
        description["database_url"],
        settings=description["settings"],
        listen=ports.EVERYWHERE,
    )
    node.part = description["part"]
    with node:
        print(json.dumps({"state": str(node.state_dir), "env": node.env}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
