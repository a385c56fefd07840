#!/usr/bin/env bash
# MongoDB 5 and newer ends with "Illegal instruction" on a processor that is too old for it: say so instead.
set -eu
cpuinfo=${CPUINFO:-/proc/cpuinfo}
case ${MACHINE:-$(uname -m)} in
    x86_64) feature=avx what="AVX (Intel Sandy Bridge or AMD Bulldozer of 2011 and newer; in a virtual machine: CPU type 'host')" ;;
    aarch64) feature=atomics what="ARMv8.2-A" ;;
    *) exit 0 ;;
esac
if ! grep -qw -- "$feature" "$cpuinfo"; then
    echo "This machine's processor cannot run MongoDB 5 or newer: it needs $what." >&2
    exit 1
fi
