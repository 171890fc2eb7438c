#!/bin/sh
# Debian's Slurm for `make test-slurm`; says why where that cannot be.
set -e
command -v slurmctld >/dev/null && command -v slurmd >/dev/null && command -v munged >/dev/null && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "tests/slurm need slurm-wlm and munge: install them, or run as root where apt-get is." >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet=2 && apt-get install --quiet=2 --yes --no-install-recommends slurm-wlm munge >/dev/null && exit 0
echo "tests/slurm need slurm-wlm and munge, and apt-get could not install them." >&2
exit 1
