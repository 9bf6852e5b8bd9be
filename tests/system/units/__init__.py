"""All units in one booted machine (tests/system/booted.py)."""
