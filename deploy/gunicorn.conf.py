"""gunicorn's settings for the site (gunicorn.org, settings); sockets and signals come from systemd.

WEB_CONCURRENCY is how many processes there are, by default one for each processor and two at least.
"""
# ruff: noqa: N999

import os

wsgi_app = "tempmail_site.wsgi:application"
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY") or max(2, os.cpu_count() or 1))
# Each thread keeps a database connection: workers * threads of them are counted in deploy/postgresql/tempmail.conf.
threads = 10
# Loaded before the fork: shared memory, one set of logging for all, and code that cannot be loaded ends the start.
preload_app = True
# Heartbeats go to memory: on a slow disk a busy worker would look dead.
worker_tmp_dir = "/dev/shm"  # noqa: S108 - an unlinked file of mode 0600
timeout = 60
graceful_timeout = 30
# A process is replaced after so many requests, not all at the same time: a leak in a library stays small.
max_requests = 50_000
max_requests_jitter = 5_000
# Paths of inboxes and clients' addresses are in no log; the site writes a line of its own for each request.
accesslog = None
# There is nothing to control but by signals, and no home directory for its socket.
control_socket_disable = True
