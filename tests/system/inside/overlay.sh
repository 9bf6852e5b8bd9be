#!/usr/bin/env bash
# Runs a script in a throwaway copy of a root file system; called in a mount name space of its own (chroot.py).
#   overlay.sh BASE SCRATCH WHEELS REQUIREMENTS SCRIPT
set -euo pipefail
base=$1 scratch=$2 wheels=$3 requirements=$4 script=$5
mount --make-rprivate /
mount -t tmpfs -o size=4g tempmail-test "$scratch"
mkdir "$scratch/up" "$scratch/work" "$scratch/root"
mount -t overlay tempmail-test -o "lowerdir=$base,upperdir=$scratch/up,workdir=$scratch/work" "$scratch/root" 2>/dev/null \
  || cp -a "$base/." "$scratch/root/"
mount -t proc proc "$scratch/root/proc"
mount --rbind /dev "$scratch/root/dev"
mkdir -p "$scratch/root/wheels"
mount --bind "$wheels" "$scratch/root/wheels"
cp "$requirements" "$scratch/root/requirements.txt"
chroot "$scratch/root" sh -c "$script"
