#!/bin/sh
# Installs what `make run`, `make test`, `make test-system`, `make bench`, `make lighthouse` or `make check` needs and is
# missing; starts nothing. Safe to run again.
#
#   deploy/local/bootstrap.sh run|test|test-system|bench|lighthouse|check
#
# Programs come from apt on Debian 12, 13 and Ubuntu 24.04 or later, as root. Python packages go into .venv, which
# under sudo belongs to who called sudo. `check` needs no root: it is the Python packages alone.
set -eu

purpose=${1:-}
case $purpose in
  run | test | test-system | bench | lighthouse | check) ;;
  *) sed -n '2,8p' "$0" >&2; exit 2 ;;
esac

cd "$(dirname "$0")/../.."
checkout=$(pwd)
smtp=${SMTP:-postfix}
# root's programs are not in everybody's PATH
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH

say() { printf 'bootstrap: %s\n' "$*"; }
fail() { printf 'bootstrap: %s\n' "$@" >&2; exit 1; }
is_root() { [ "$(id -u)" = 0 ]; }
has() { command -v "$1" >/dev/null 2>&1; }

system_python() {
  if [ -x /usr/bin/python3 ]; then echo /usr/bin/python3; else command -v python3 || true; fi
}

# ---- Programs -------------------------------------------------------------------------------------------------------

missing_packages() {
  "$(system_python)" -c 'import ensurepip' 2>/dev/null || [ -x .venv/bin/pip ] || echo python3-venv
  [ "$purpose" != check ] || return 0
  has redis-server || echo redis-server
  missing_beside
  if [ "$purpose" = lighthouse ]; then missing_for_lighthouse; return 0; fi
  if [ "$purpose" != run ] || [ "$smtp" = postfix ]; then
    has postconf || echo postfix
    has openssl || echo openssl
  fi
  [ "$purpose" != run ] || return 0
  ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || has initdb || echo postgresql
  if [ "$purpose" = bench ]; then missing_peers; return 0; fi
  if [ "$purpose" = test-system ]; then missing_for_system; return 0; fi
  missing_browser
  missing_examples
  missing_monitoring
}

# Without these logs grow, and webhooks reach nobody by https: whoever cannot install them here starts all the same.
missing_beside() {
  case $purpose in
    test) ;;
    run) is_root && has apt-get || return 0 ;;
    *) return 0 ;;
  esac
  has logrotate || echo logrotate
  [ -e /etc/ssl/certs/ca-certificates.crt ] || [ ! -e /etc/debian_version ] || echo ca-certificates
}

missing_browser() {
  has chromium || echo chromium
  [ -d /usr/share/fonts/truetype/liberation ] || [ -d /usr/share/fonts/truetype/liberation2 ] || echo fonts-liberation
}

# What the examples of docs/api.md call.
missing_examples() {
  has curl || echo curl
  has jq || echo jq
  has swaks || echo swaks
}

# promtool(1), which checks and tests the alerts of deploy/monitoring/, comes with it.
missing_monitoring() {
  has promtool || echo prometheus
}

# What tests/system starts or asks on this machine; what they install themselves goes into a root file system of its own.
missing_for_system() {
  has debootstrap || echo debootstrap
  has ip || echo iproute2
  { has ps && [ -x /bin/kill ]; } || echo procps
  has curl || echo curl
  has systemd-analyze || echo systemd
  has nginx || echo nginx
  has nft || echo nftables
  has fail2ban-regex || echo fail2ban
  has logrotate || echo logrotate
  has shellcheck || echo shellcheck
  has pgbouncer || echo pgbouncer
  has age || echo age
  missing_for_images
}

# A container engine that runs without Docker's, what reads compose.yaml, and Go, which builds kustomize where it is missing.
missing_for_images() {
  for program in podman crun docker-compose; do has "$program" || echo "$program"; done
  [ -x /usr/lib/podman/netavark ] || echo netavark
  [ -x /usr/lib/podman/aardvark-dns ] || echo aardvark-dns
  has kustomize || has kubectl || has go || echo golang-go
}

# Lighthouse itself comes from npm, into var/lighthouse; the instance it looks at has the stand-in for Postfix.
missing_for_lighthouse() {
  missing_browser
  has node || echo nodejs
  has npm || echo npm
}

# What `make bench` measures us against. smtp-source(1), its load, comes with Debian's postfix.
missing_peers() {
  has dovecot || echo dovecot-core
  [ -x /usr/lib/dovecot/lmtp ] || echo dovecot-lmtpd
  has wrk || echo wrk
}

explain_missing() {
  say "missing on this machine: $1" >&2
  if has apt-get; then
    say "root can install it: sudo make $purpose" >&2
    say "or by hand: sudo apt-get install $1" >&2
  else
    say "this is not a Debian or Ubuntu: install these programs with this system's own tools (Debian's names above)" >&2
  fi
  if [ "$purpose" = run ] && [ "$smtp" = postfix ]; then
    say "without Postfix, with a stand-in for it that needs Redis and no root: SMTP=embedded make run" >&2
  fi
  exit 1
}

# While packages are installed, no service may start: policy-rc.d is what Debian asks (invoke-rc.d(8)).
policy=/usr/sbin/policy-rc.d
policy_saved=$policy.tempmail-saved
cluster_conf=/etc/postgresql-common/createcluster.conf
cluster_saved=$cluster_conf.tempmail-saved

restore() {
  if [ -e "$cluster_saved" ]; then mv -f "$cluster_saved" "$cluster_conf"; fi
  if [ -e "$policy_saved" ]; then mv -f "$policy_saved" "$policy"; elif grep -qs tempmail "$policy"; then rm -f "$policy"; fi
}

forbid_starting() {
  if [ -e "$policy" ] && ! grep -q tempmail "$policy"; then mv "$policy" "$policy_saved"; fi
  printf '#!/bin/sh\n# tempmail: nothing starts while bootstrap.sh installs\nexit 101\n' >"$policy"
  chmod 755 "$policy"
}

apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"
}

install_postfix() {
  # a Postfix without a configuration: the system's own does not run, nor at the next boot
  echo 'postfix postfix/main_mailer_type select No configuration' | debconf-set-selections
  apt install --no-install-recommends postfix
}

install_postgresql() {
  # no cluster of the system's own; clusters that exist are not touched
  apt install --no-install-recommends postgresql-common
  if [ -e "$cluster_conf" ]; then cp -p "$cluster_conf" "$cluster_saved"; fi
  echo 'create_main_cluster = false' >>"$cluster_conf"
  apt install --no-install-recommends postgresql
}

install_dovecot() {
  apt install --no-install-recommends dovecot-core
  # the system's own does not run at the next boot either; one that was here before is not touched
  if has systemctl; then systemctl disable dovecot.socket dovecot.service >/dev/null 2>&1 || true; fi
}

# A service of the system's own: it does not run here, nor at the next boot.
install_disabled() {
  apt install --no-install-recommends "$1"
  if has systemctl; then systemctl disable "$1" >/dev/null 2>&1 || true; fi
}

# Its tests start a service of their own.
install_podman() {
  apt install --no-install-recommends podman
  if has systemctl; then systemctl disable podman.socket podman.service >/dev/null 2>&1 || true; fi
}

install_packages() {
  trap restore EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  forbid_starting
  say "installing with apt: $*"
  apt update
  for package in "$@"; do
    say "installing $package"
    case $package in
      postfix) install_postfix ;;
      postgresql) install_postgresql ;;
      redis-server | prometheus | nginx | fail2ban | nftables | pgbouncer) install_disabled "$package" ;;
      dovecot-core) install_dovecot ;;
      podman) install_podman ;;
      *) apt install --no-install-recommends "$package" ;;
    esac
  done
  restore
  trap - EXIT INT TERM HUP
}

# ---- Python packages ------------------------------------------------------------------------------------------------

# Runs a command as the owner of .venv: who called sudo, or who we are.
as_invoking_user() {
  if is_root && [ -n "${SUDO_UID:-}" ] && [ "$SUDO_UID" != 0 ]; then
    home=$(getent passwd "$SUDO_UID" | cut -d: -f6)
    HOME=${home:-/} setpriv --reuid "$SUDO_UID" --regid "${SUDO_GID:-$SUDO_UID}" --clear-groups -- "$@"
  else
    "$@"
  fi
}

# What the stamp holds once the packages of a requirements file are installed.
wanted_by() { { cat requirements.txt "$1"; "$python" -V; echo "$checkout"; } | sha256sum | cut -d' ' -f1; }
is_installed() { [ -x .venv/bin/python ] && [ "$(cat ".venv/.$1.sha256" 2>/dev/null)" = "$(wanted_by "$1")" ]; }

# Runs a long command so that a signal ends it at once, and not only this script.
interruptible() {
  "$@" &
  child=$!
  trap 'kill "$child" 2>/dev/null; wait "$child" 2>/dev/null; exit 143' INT TERM HUP
  wait "$child"
  trap - INT TERM HUP
}

install_python_packages() {
  # requirements-dev.txt holds all of requirements.txt
  if is_installed requirements-dev.txt; then return; fi
  requirements="requirements-dev.txt"
  if [ "$purpose" = run ]; then requirements="requirements.txt"; fi
  if is_installed "$requirements"; then return; fi
  if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    say "making .venv with $("$python" -V)"
    interruptible as_invoking_user "$python" -m venv --clear .venv
  fi
  say "installing Python packages of $requirements into .venv"
  interruptible as_invoking_user .venv/bin/python -m pip install --disable-pip-version-check --progress-bar off \
    -r "$requirements"
  # shellcheck disable=SC2016 # expanded by the inner shell
  as_invoking_user sh -c 'printf "%s\n" "$1" >"$2"' sh "$(wanted_by "$requirements")" ".venv/.$requirements.sha256"
}

# ---- In order -------------------------------------------------------------------------------------------------------

python=$(system_python)
[ -n "$python" ] || fail "python3 is missing."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
  || fail "Python 3.11 or later is needed, $python is $("$python" -V 2>&1)." "Debian 12 and Ubuntu 24.04 have it."

if [ "$purpose" = run ] && [ "$smtp" = postfix ] && ! is_root; then
  say "Postfix starts as root (it gives up its rights per process), and this is not root: sudo make run" >&2
  say "without Postfix, with a stand-in for it that needs Redis and no root: SMTP=embedded make run" >&2
  exit 1
fi

packages=$(missing_packages | tr '\n' ' ')
packages=${packages% }
if [ -n "$packages" ]; then
  if ! is_root || ! has apt-get; then explain_missing "$packages"; fi
  # shellcheck disable=SC2086 # a list of names
  install_packages $packages
fi
install_python_packages
