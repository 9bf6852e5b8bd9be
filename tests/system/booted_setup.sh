#!/bin/sh
# Installs the checkout in a machine of booted.py, with the files that the installer takes too. Never run it elsewhere.
#   first     before systemd: users, directories, configuration
#   services  under systemd: database, Postfix, all units
set -eu
current=/opt/tempmail/current
units=/etc/systemd/system
postgresql=$(find /usr/lib/postgresql -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -n | tail -1)

first() {
  ln -s releases/first $current
  ln -s /opt/tempmail/venv $current/.venv
  rm -rf $units/*.wants $units/*.requires /var/log/journal
  echo 0123456789abcdef0123456789abcdef > /etc/machine-id
  cp -r $current/deploy/systemd/. $units/
  printf '[Unit]\nWants=postgresql.service redis-server@tempmail.service\n' > $units/booted.target
  # there is no hardware, and nobody signs in
  for name in systemd-udevd systemd-udev-trigger systemd-logind systemd-networkd systemd-resolved \
    systemd-timesyncd systemd-hwdb-update systemd-modules-load systemd-sysctl systemd-binfmt; do
    ln -sf /dev/null $units/$name.service
  done
  mkdir -p /etc/sysusers.d /etc/tmpfiles.d /etc/tempmail /var/lib/tempmail/static
  cp $units/tempmail.sysusers /etc/sysusers.d/tempmail.conf
  cp $units/tempmail.tmpfiles /etc/tmpfiles.d/tempmail.conf
  systemd-sysusers /etc/sysusers.d/tempmail.conf
  chown tempmail:tempmail /var/lib/tempmail/static
  install -o redis -g redis -m 640 $current/deploy/redis/redis-tempmail.conf /etc/redis/redis-tempmail.conf
  database
  settings
  manage
  find /var/spool/postfix -type f -delete
}

database() {
  [ -d "/etc/postgresql/$postgresql/main" ] || pg_createcluster "$postgresql" main
  mkdir -p "/etc/postgresql/$postgresql/main/conf.d"
  cp $current/deploy/postgresql/tempmail.conf "/etc/postgresql/$postgresql/main/conf.d/"
  # this machine has no disk
  echo 'fsync = off' > "/etc/postgresql/$postgresql/main/conf.d/zz-test.conf"
}

settings() {
  {
    echo SITE_URL=http://127.0.0.1
    echo ALLOWED_HOSTS=127.0.0.1,localhost
    echo SMTP_HOSTNAME=mx.tempmail.test
    echo UNLIMITED_CLIENTS=127.0.0.0/8
    echo API_CALLS_PER_MAILBOX=100000/m
    echo DOMAIN_CHECK_INTERVAL=0
    echo MAILBOX_MAX_MESSAGES=100000
  } > /etc/tempmail/tempmail.env
  (cd $current && .venv/bin/python -m tempmail_site.secrets_file /etc/tempmail/secrets.env)
  chown root:tempmail /etc/tempmail/*.env
  chmod 640 /etc/tempmail/*.env
}

manage() {
  cat > /usr/local/sbin/tempmail-manage <<'END'
#!/bin/sh
set -a
. /opt/tempmail/current/deploy/systemd/layout.env
. /etc/tempmail/tempmail.env
. /etc/tempmail/secrets.env
DATABASE_URL='postgres:///tempmail?host=/run/postgresql'
cd /opt/tempmail/current
exec setpriv --reuid tempmail --regid tempmail --clear-groups .venv/bin/python -B manage.py "$@"
END
  chmod 755 /usr/local/sbin/tempmail-manage
}

as_postgres() {
  setpriv --reuid postgres --regid postgres --init-groups psql -q -X -v ON_ERROR_STOP=1 "$@"
}

services() {
  as_postgres -c 'CREATE ROLE tempmail LOGIN'
  as_postgres -c "CREATE DATABASE tempmail OWNER tempmail ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0"
  tempmail-manage migrate --verbosity 0
  as_postgres -d tempmail -f $current/deploy/postgresql/roles.sql
  tempmail-manage add_domain tempmail.test
  tempmail-manage collectstatic --noinput --verbosity 0
  rendered=$(setpriv --reuid tempmail --regid tempmail --clear-groups mktemp -d)
  tempmail-manage render_postfix --output "$rendered" --set listen=127.0.0.1:25
  for file in "$rendered"/*; do install -m 644 "$file" /etc/postfix/; done
  systemctl daemon-reload
  systemctl start tempmail.target postfix.service
}

"$1"
