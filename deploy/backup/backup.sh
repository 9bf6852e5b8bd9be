#!/usr/bin/env bash
# Writes an encrypted backup of what cannot be made again. Never mail, mailboxes, the queue, logs, or a key.
#
#   backup.sh         a new directory in BACKUP_DIR, complete or not there at all; those older than BACKUP_DAYS go
#   backup.sh keys    the keys, to standard output: for another place than the backups (docs/operate.md)
#
# Reads DATABASE_URL or BACKUP_DATABASE_URL (PostgreSQL), BACKUP_RECIPIENTS (public keys of age(1), one a line),
# BACKUP_DIR, BACKUP_DAYS, CONFIGURATION (the directory of settings and keys). All that touches a disk is encrypted.
set -euo pipefail
export LC_ALL=C.UTF-8
umask 077

configuration=${CONFIGURATION:-/etc/tempmail}
recipients=${BACKUP_RECIPIENTS:-$configuration/backup-recipients}
directory=${BACKUP_DIR:-/var/lib/tempmail-backup}
days=${BACKUP_DAYS:-14}
here=$(dirname "$(readlink -f "$0")")

fail() { printf 'backup: %s\n' "$@" >&2; exit 1; }
encrypted() { age --encrypt --recipients-file "$recipients"; }
migrations() { psql -XAtq -d "$DATABASE_URL" -c 'SELECT count(*), max(id) FROM django_migrations'; }

# Definitions, rows, then indexes and constraints, in one transaction: what is cut short is rolled back on restoring.
database() {
  local dump=(pg_dump --dbname="$DATABASE_URL" --no-owner --no-privileges --lock-wait-timeout=60s)
  local tables=()
  mapfile -t tables < <(grep -v '^#' "$here/tables")
  [ "${#tables[@]}" -gt 0 ] || fail "no tables are named: without names pg_dump would write the rows of all"
  echo 'BEGIN;'
  "${dump[@]}" --section=pre-data
  "${dump[@]}" --section=data --strict-names "${tables[@]/#/--table=public.}"
  "${dump[@]}" --section=post-data
  echo 'COMMIT;'
}

# Named one by one, as the keys are beside them.
settings() { tar --create --directory="$configuration" --owner=0 --group=0 tempmail.env backup-recipients; }

[ -s "$recipients" ] || fail "no public key to encrypt to: $recipients is missing (docs/operate.md, \"Backups\")"
case ${1:-} in
  '') ;;
  keys) encrypted <"$configuration/secrets.env"; exit ;;
  *) sed -n '2,5p' "$0" >&2; exit 2 ;;
esac
DATABASE_URL=${BACKUP_DATABASE_URL:-${DATABASE_URL:-}}
case $DATABASE_URL in
  postgres://* | postgresql://*) ;;
  *) fail "DATABASE_URL names no PostgreSQL: there is no backup of another database" ;;
esac

name=$(date -u +%Y-%m-%dT%H%M%SZ)
partial=$directory/.$name.$$.partial
mkdir -p "$directory"
mkdir "$partial"
trap 'rm -rf "$partial"' EXIT
before=$(migrations)
database | gzip | encrypted >"$partial/database.sql.gz.age"
[ "$before" = "$(migrations)" ] || fail "a migration ran meanwhile: run this again"
settings | encrypted >"$partial/configuration.tar.age"
(cd "$partial" && sha256sum -- *.age >SHA256SUMS)
sync -- "$partial"/* "$partial"
mv -T "$partial" "$directory/$name"
sync -- "$directory"

# A directory's mtime is from when its last file was made.
find "$directory" -mindepth 1 -maxdepth 1 -type d \( -name '????-??-??T??????Z' -o -name '.*.partial' \) \
  ! -name "$name" -mmin "+$((days * 1440))" -exec rm -rf {} +
printf 'backup: %s\n' "$directory/$name"
