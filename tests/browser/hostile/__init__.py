"""Hostile HTML in a real browser: the payloads, the canary that they point to, and who watches."""
