#!/usr/bin/env bash
# Becomes PID 1 of a bare machine; called in name spaces of its own (tests/system/chroot.py).
#   machine.sh BASE SCRATCH WHEELS ADDRESS
# It waits, without systemd, until there is a file /run/boot; then it becomes systemd, as after a reboot.
set -euo pipefail
base=$1 scratch=$2 wheels=$3 address=$4
root=$scratch/root

files() {
  mount --make-rprivate /
  mount -t tmpfs -o size=6g,mode=755 tempmail-test "$scratch"
  mkdir "$scratch/up" "$scratch/work" "$root"
  mount -t overlay tempmail-test -o "lowerdir=$base,upperdir=$scratch/up,workdir=$scratch/work" "$root" 2>/dev/null \
    || cp -a "$base/." "$root/"
  mkdir -p "$root/wheels" "$root/before"
  mount --bind "$wheels" "$root/wheels"
  : >"$root/etc/resolv.conf"
  printf '127.0.0.1 localhost\n%s mail.example\n' "$address" >"$root/etc/hosts"
  echo 0123456789abcdef0123456789abcdef >"$root/etc/machine-id"
}

kernel() {
  mount -t proc proc "$root/proc"
  mount -t sysfs sysfs "$root/sys"
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup" || true
  for place in run dev; do mount -t tmpfs -o mode=755 tmpfs "$root/$place"; done
  mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
  mkdir "$root/dev/pts" "$root/dev/shm" "$root/run/lock"
  mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
  mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  device null 1 3
  device zero 1 5
  device full 1 7
  device random 1 8
  device urandom 1 9
  device tty 5 0
  touch "$root/dev/console"
}

device() { mknod -m 666 "$root/dev/$1" c "$2" "$3"; }

# There is no hardware, and nobody signs in.
mask() {
  ln -sf /dev/null "$root/etc/systemd/system/console-getty.service"
  for name in udevd udev-trigger logind networkd resolved timesyncd hwdb-update modules-load sysctl binfmt; do
    ln -sf /dev/null "$root/etc/systemd/system/systemd-$name.service"
  done
}

files
kernel
mask
# a network with nobody in it but this server
ip link set lo up
ip addr add "$address/32" dev lo
# pivot_root(2) and not chroot(2): in a chroot the kernel refuses PrivateUsers= (user_namespaces(7), EPERM)
cd "$root"
pivot_root . before
cd /
umount -l /before
echo ready
exec env -i container=lxc PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 /bin/sh -c '
  exec </dev/null >/dev/null 2>&1
  while [ ! -e /run/boot ]; do sleep 0.1; done
  exec /lib/systemd/systemd --system --unit=multi-user.target --log-target=journal'
