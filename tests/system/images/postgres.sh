#!/bin/bash
# What the entry point of the official image does with these variables: a cluster at the first start, then the server.
set -euo pipefail
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  # shellcheck disable=SC2086 # several words, as in the official image
  initdb -D "$PGDATA" -U "$POSTGRES_USER" --pwfile="${POSTGRES_PASSWORD_FILE:-/etc/hostname}" --auth-local=trust \
    --auth-host="$method" ${POSTGRES_INITDB_ARGS:-}
  echo "host all all all $method" >>"$PGDATA/pg_hba.conf"
  pg_ctl -D "$PGDATA" -w -o "-c listen_addresses=''" start
  createdb -U "$POSTGRES_USER" "$POSTGRES_DB"
  pg_ctl -D "$PGDATA" -m fast -w stop
fi
exec "$@" -c listen_addresses='*'
