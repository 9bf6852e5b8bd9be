#!/bin/bash
# Started by tests/system/engine.py in mount, network and process name spaces of its own: podman's service, so that neither
# its bridges nor its containers touch this machine, and all of it ends with process 1.
#   hold.sh SOCKET STORAGE
set -euo pipefail
socket=$1 storage=$2
# crun refuses the mixture of both versions of control groups that some machines have; none is used here.
if umount -R /sys/fs/cgroup 2>/dev/null; then mount -t cgroup2 none /sys/fs/cgroup; fi
# The layers of images cannot lie on layers themselves, as where this machine is a container: in memory then.
if [ "$(stat --file-system --format=%T "$storage")" = overlayfs ]; then mount -t tmpfs tmpfs "$storage"; fi
# What podman takes for lost after a reboot, and looks for at the same places.
for place in /run/netns /run/libpod "$storage/run"; do
  mkdir -p "$place"
  mount -t tmpfs tmpfs "$place"
done
ip link set lo up
exec podman --root "$storage" --runroot "$storage/run" --storage-driver overlay system service --time=0 "unix://$socket"
