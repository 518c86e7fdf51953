#!/usr/bin/env bash
# Simulates training steps on up to 4,096 nodes under SimGrid's SMPI: scripts/scale.sh [RANKS_MOST [NETWORK...]], of
# scripts/scale_layers.py (default: 4096, and all networks). Needs SimGrid (libsimgrid-dev) and builds the preset smpi.
# Writes a line of JSON per run to build/smpi/scale.json, and continues with what is missing there; then a table, and
# a plot, build/smpi/scale.svg. Runs of 4,096 ranks take 2 to 10 minutes, and up to 3.2 GB.
#
# Nodes: 2 TFLOP/s, 400 GB/s of memory, one rank each. Networks: a fat tree of 200 Gb/s, 0.5 to 1.5 us; the same with
# 10 Gb/s. Weak scaling: 8 samples per node of resnet50 (one microbatch, so that batch_norm takes its statistics over
# the batch) and resnet50-group-norm, 256 of mlp-large in microbatches of 32. Strong scaling: a batch of 8,192.
#
# Simulated: the program's buckets, reduction, agreement and statistics over the batch, all messages of all ranks, and
# what memory allows for additions. Messages make progress between layers and in waits only, and their hosts send one
# large message after another (tests/tools/scale_messages.h). Not simulated: conflicts within the fat tree, the time
# that a processor takes for a message, the optimizer, reading data, work that is not a product. `plain` is one
# allreduce (Rabenseifner's) of the same bytes after the backward pass, on the same network; SMPI's own model of
# MPI_Allreduce gives the same times on up to 64 ranks. Two steps are measured, one with 4,096 ranks, from weights
# that are sent to weights that are sent.
set -eu
cd "$(dirname "$0")/.."
most=${1:-4096}
[ $# -gt 0 ] && shift
[ $# -gt 0 ] || set -- resnet50 resnet50-group-norm mlp-large
command -v smpirun >/dev/null || { echo "scale.sh: smpirun was not found: install SimGrid (libsimgrid-dev)" >&2; exit 1; }
cmake --preset smpi -DNN_SIMULATION=ON >/dev/null
cmake --build build/smpi --target scale_step -j "$(nproc)" >/dev/null
results=build/smpi/scale.json
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
seq -f 'n%.0f' 0 4095 >"$work/hosts"
touch $results

# cluster RATE: three levels of switches, 1.5 us between the farthest hosts
cluster() {
    cat <<XML
<?xml version='1.0'?>
<!DOCTYPE platform SYSTEM "https://simgrid.org/simgrid.dtd">
<platform version="4.1">
  <cluster id="c" prefix="n" suffix="" radical="0-4095" speed="2Tf" bw="${1}Bps" lat="250ns" topology="FAT_TREE"
           topo_parameters="3;16,16,16;1,16,16;1,1,1" loopback_bw="100GBps" loopback_lat="100ns"/>
</platform>
XML
}

# simulate NETWORK SCALING LINK MODE RANKS SAMPLES MICROBATCH
simulate() {
    local found key="\"network\": \"$1\", \"scaling\": \"$2\", \"link\": $3, \"mode\": \"$4\", \"samples\": $6, \"microbatch\": $7, \"ranks\": $5,"
    local steps=$(($5 > 1024 ? 1 : 2))
    [ "$5" -le "$most" ] && ! grep -q -F "$key" $results || return 0
    scripts/scale_layers.py "$1" >"$work/layers"
    cluster "$3" >"$work/cluster.xml"
    found=$(smpirun -no-privatize -np "$5" -platform "$work/cluster.xml" -hostfile "$work/hosts" \
        --cfg=smpi/simulate-computation:no --cfg=smpi/async-small-thresh:65536 \
        --cfg=smpi/send-is-detached-thresh:65536 --cfg=smpi/test:0 --cfg=smpi/wtime:0 --cfg=smpi/bw-factor:0:1 \
        --cfg=smpi/lat-factor:0:1 --cfg=smpi/grow-injected-times:no --cfg=network/crosstraffic:no \
        --cfg=smpi/allreduce:rab_rdb --cfg=smpi/allgather:bruck --cfg=contexts/stack-size:256 \
        --log=root.thres:critical build/smpi/scale_step "$work/layers" "$6" "$7" 2e12 "$3" 400e9 $steps "$4" 2>&1 | grep '^{') ||
        { echo "scale.sh: failed: $key" >&2; return 1; }
    echo "{$key ${found#*, }" >>$results
    tail -1 $results
}

for network in "$@"; do
    for link in 25e9 1.25e9; do
        for ranks in 1 4 16 64 256 1024 4096; do
            case $network in mlp-large) batch="256 32" ;; *) batch="8 8" ;; esac
            simulate "$network" weak $link exact $ranks $batch
            simulate "$network" weak $link plain $ranks $batch
        done
    done
    case $network in resnet50*)
        for ranks in 64 128 256 512 1024; do simulate "$network" strong 25e9 exact $ranks $((8192 / ranks)) 8; done ;;
    esac
done
scripts/scale_plot.py $results build/smpi/scale.svg
