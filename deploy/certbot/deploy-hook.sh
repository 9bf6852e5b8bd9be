#!/bin/sh
# certbot's deploy hook: puts a new certificate where nginx and Postfix look for it, and has them read it.
#
#   certbot certonly --webroot -w /var/lib/tempmail/acme ... --deploy-hook /opt/tempmail/current/deploy/certbot/deploy-hook.sh
#
# certbot(1) names the certificate's directory in RENEWED_LINEAGE. Run again it does the same again. What does not belong
# together, or has ended, is refused before anything is changed. Nothing of the certificate is printed.
set -eu

lineage=${RENEWED_LINEAGE:?is set by certbot}
target=${TEMPMAIL_TLS:-/etc/tempmail/tls}
umask 077

fail() { printf 'deploy-hook: %s\n' "$*" >&2; exit 1; }
key_of_certificate() { openssl x509 -in "$1" -noout -pubkey; }
key_of_key() { openssl pkey -in "$1" -pubout; }

chain=$lineage/fullchain.pem
key=$lineage/privkey.pem
openssl x509 -in "$chain" -noout -checkend 0 >/dev/null || fail "the certificate has ended, or is none"
[ "$(key_of_certificate "$chain")" = "$(key_of_key "$key")" ] || fail "the key is not that of the certificate"

# A file is there whole or not at all: written beside its place, then moved.
put() {
  mode=$1
  name=$2
  cat >"$target/.$name.new"
  chmod "$mode" "$target/.$name.new"
  mv -f "$target/.$name.new" "$target/$name"
}

mkdir -p "$target"
# Postfix reads key and chain from one file, the key first (postconf(5), smtpd_tls_chain_files).
cat "$key" "$chain" | put 600 smtp.pem
put 600 privkey.pem <"$key"
put 644 fullchain.pem <"$chain"

# Each reads it anew without letting anybody go. One that does not run needs no telling.
reload() {
  unit=$1
  shift
  if [ -d /run/systemd/system ]; then
    if systemctl is-active --quiet "$unit"; then systemctl reload "$unit"; fi
  elif [ -s "$1" ] && kill -0 "$(tr -dc 0-9 <"$1")" 2>/dev/null; then
    shift
    "$@" >/dev/null 2>&1
  fi
}
failed=0
reload nginx.service /run/nginx.pid nginx -s reload || failed=1
reload postfix.service /var/spool/postfix/pid/master.pid postfix reload || failed=1
[ "$failed" = 0 ] || fail "nginx or Postfix did not read the new certificate"
