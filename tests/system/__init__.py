"""Tests that install things: whole servers, clusters, containers. `make test-system` runs them, `make test` does not.

They need root, name spaces and apt. What this machine cannot do is skipped with a reason (tests/system/machine.py).
"""
