#!/usr/bin/env bash
# `kernels: portable` computes the same bits with every instruction set, BLAS or C library: fingerprint, test metrics and
# metrics.jsonl (except times) of every kind of network are those of the best set, in each precision; and ranks with
# different ones may share a run.
tools=$(realpath "$2")/tests
source "$(dirname "$0")/common.sh"
[ -x "$tools/nntrain_avx2" ] && grep -qw avx2 /proc/cpuinfo || exit 77
source "$source_folder/tests/system/common_networks.sh"
best=$program
own=(--set training.kernels=portable --set training.peak_seconds=0)
declare -A blas=([avx2]=Haswell [sse2]=Prescott)

check_kind() { # NAME ARGUMENT...
    local name=$1 reference set
    shift
    $name >"$name.yaml"
    rm -rf run
    program=$best
    train 1 1 "$name.yaml" --run-dir run "${own[@]}" "$@" || { fail "$name $*"; cat train.log; return; }
    reference=$(figures run)
    echo "$name: $(fingerprint)"
    [ -n "$(fingerprint)" ] || fail "$name: no fingerprint"
    for set in avx2 sse2; do
        rm -rf run
        program=$tools/nntrain_$set
        OPENBLAS_CORETYPE=${blas[$set]} train 1 1 "$name.yaml" --run-dir run "${own[@]}" "$@" || { fail "$name $*, $set"; cat train.log; continue; }
        [ "$(figures run)" = "$reference" ] || fail "$name $*, $set: $(figures run), not $reference"
    done
}

for name in "${kinds[@]}"; do
    check_kind "$name"
    check_kind "$name" --set training.precision=float64
    check_kind "$name" --set training.precision=mixed
done

check_kind images --set training.wire=bf16

program=$best
train 1 1 images.yaml --run-dir whole "${own[@]}"
reference=$(fingerprint)
command=(train images.yaml --run-dir mixed "${own[@]}")
OMP_NUM_THREADS=1 mpirun --bind-to none -n 1 "$best" "${command[@]}" : -n 1 "$tools/nntrain_avx2" "${command[@]}" : \
    -n 1 env GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4 OPENBLAS_CORETYPE=Prescott "$tools/nntrain_sse2" "${command[@]}" \
    >train.log 2>&1 || { fail "ranks with different instruction sets"; cat train.log; }
[ "$(fingerprint)" = "$reference" ] || fail "ranks with different instruction sets: $(fingerprint), not $reference"
finish
