#!/usr/bin/env bash
# Simulates weak scaling under SimGrid's SMPI, on a fat tree of 200 Gb/s and on one of 10 Gb/s: scripts/scale.sh
# [NETWORK [RANKS...]], of scripts/scale_layers.py (default: resnet50 2 8 16). Prints a line of JSON per run: seconds of a
# step, and of its compute alone. Needs SimGrid (libsimgrid-dev) and builds the preset smpi.
#
# Simulated: one rank per node of 2 TFLOP/s, 8 samples in one microbatch per rank; the program's buckets, reduction and
# messages. Not simulated: additions, the optimizer, reading data, and the statistics of batch_norm over the batch.
# `plain` is one MPI_Allreduce (Rabenseifner's) of the same bytes after the backward pass, which hides nothing.
# SMPI's own times for tests and its factors of bandwidth and latency are switched off, and a message of
# 64 KiB or more starts at a poll (tests/tools/scale_step.c).
set -eu
cd "$(dirname "$0")/.."
network=${1:-resnet50}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- 2 8 16
command -v smpirun >/dev/null || { echo "scale.sh: smpirun was not found: install SimGrid (libsimgrid-dev)" >&2; exit 1; }
cmake --preset smpi -DNN_SIMULATION=ON >/dev/null
cmake --build build/smpi --target scale_step -j "$(nproc)" >/dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
scripts/scale_layers.py "$network" >"$work/layers"
seq -f 'n%.0f' 0 4095 >"$work/hosts"

# cluster RATE: three levels of switches, 1.5 us between the farthest hosts' links
cluster() {
    cat <<END
<?xml version='1.0'?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1">
  <cluster id="c" prefix="n" suffix="" radical="0-4095" speed="2Tf" bw="$1" lat="250ns" topology="FAT_TREE"
           topo_parameters="3;16,16,16;1,16,16;1,1,1" loopback_bw="100GBps" loopback_lat="100ns"/>
</platform>
END
}

for rate in 25GBps 1.25GBps; do
    cluster $rate >"$work/cluster.xml"
    for ranks in "$@"; do
        for mode in exact plain; do
            found=$(smpirun -no-privatize -np "$ranks" -platform "$work/cluster.xml" -hostfile "$work/hosts" \
                --cfg=smpi/simulate-computation:no --cfg=smpi/async-small-thresh:65536 \
                --cfg=smpi/send-is-detached-thresh:65536 --cfg=smpi/test:0 --cfg=smpi/iprobe:5e-6 --cfg=smpi/wtime:0 \
                --cfg=smpi/bw-factor:0:1 --cfg=smpi/lat-factor:0:1 --cfg=smpi/grow-injected-times:no --cfg=smpi/allreduce:rab_rdb --cfg=contexts/stack-size:512 \
                --log=root.thres:critical build/smpi/scale_step "$work/layers" 8 1 2e12 $mode 2>&1 | grep '^{')
            echo "{\"network\": \"$network\", \"link\": \"$rate\", \"mode\": \"$mode\", ${found#\{}"
        done
    done
done
