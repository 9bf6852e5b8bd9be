#!/usr/bin/env bash
# Restores a backup that backup.sh made, into an empty database: all of it, or nothing.
#
#   restore.sh database BACKUP IDENTITY                   into the database of DATABASE_URL; by root as the user OWNER
#   restore.sh configuration BACKUP IDENTITY DIRECTORY    its settings, as files in DIRECTORY
#
# BACKUP is the directory that backup.sh made, IDENTITY the file with the secret key of age(1). The keys of the service
# are not in a backup: docs/operate.md, "Restoring".
set -euo pipefail
export LC_ALL=C.UTF-8
umask 077

fail() { printf 'restore: %s\n' "$@" >&2; exit 1; }
decrypted() { age --decrypt --identity "$identity" "$backup/$1"; }

what=${1:-} backup=${2:-} identity=${3:-} target=${4:-}
case $what:$# in
  database:3 | configuration:4) ;;
  *) sed -n '2,5p' "$0" >&2; exit 2 ;;
esac
(cd "$backup" && sha256sum --check --strict --quiet SHA256SUMS) || fail "$backup is not as it was written"

if [ "$what" = configuration ]; then
  mkdir -p "$target"
  decrypted configuration.tar.age | tar --extract --directory="$target" --no-same-owner
  exit
fi

sql=(psql -X --quiet --no-password --set=ON_ERROR_STOP=1 --dbname="${DATABASE_URL:?}")
[ -z "${OWNER:-}" ] || sql=(runuser -u "$OWNER" -- "${sql[@]}")
there=$("${sql[@]}" -At -c "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")
[ "$there" = 0 ] || fail "this database is not empty: make a new one"
# Where the stream ends too soon its COMMIT is missing, and psql leaves nothing behind.
decrypted database.sql.gz.age | gzip --decompress | "${sql[@]}" --output=/dev/null
addresses=$("${sql[@]}" -At -c 'SELECT count(*) FROM mailboxes_issuedaddress')
printf 'restore: done; %s addresses will not be given out again. Now: migrate, the rights of roles, check.\n' "$addresses"
