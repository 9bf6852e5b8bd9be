#!/bin/sh
# Installs the service on this server, or brings an installed one to the release of this tree. Safe to run again.
#
#   deploy/install.sh --domain mail.example --site https://mail.example [--email admin@mail.example]
#   deploy/install.sh --dry-run | --self-test | --rollback | --uninstall | --help
#
# Debian 12 or later, Ubuntu 24.04 or later; as root. docs/install.md says what it does.
set -eu

cd "$(dirname "$0")/.."
for python in /usr/bin/python3 python3; do
  if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    exec "$python" -B -m deploy.server "$@"
  fi
done
echo "install.sh: python3, 3.11 or later, is missing: apt-get install python3" >&2
exit 1
