"""The loop of the programs in here."""

import json
import logging
import sys
from collections.abc import Callable

import django


def serve(make: Callable[[], Callable[..., object]]) -> None:
    """Answer each line of words with what `make()` gives for them, as JSON. The settings are there before `make`."""
    django.setup()
    logging.disable(logging.WARNING)
    answer = make()
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(*line.split())), flush=True)
