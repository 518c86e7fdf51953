#!/usr/bin/env bash
# Measures throughput and start-up time on this machine. Every result compares alternating runs, so that a machine that
# is busy or hot for a while favours neither side. NN_BENCH_ROUNDS: rounds, default 5.
#
# bench.sh --peer pytorch [--networks A,B] [--rounds N] [--only training|inference] [--json FILE]: compares with the best
# that PyTorch reaches on the networks of scripts/bench instead. NN_BENCH_PYTHON: a Python with PyTorch; default: the one
# of `scripts/setup.sh peers`.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
peer=no
if [ "${1:-} ${2:-}" = "--peer pytorch" ]; then
    peer=yes
    shift 2
elif [ $# -gt 0 ]; then
    echo "usage: bench.sh [--peer pytorch [--networks A,B] [--rounds N] [--only training|inference] [--json FILE]]" >&2
    exit 2
fi
export LC_ALL=C
rounds=${NN_BENCH_ROUNDS:-5}
"$root/scripts/setup.sh"
build_preset release nntrain make_data empty_mpi bench_sgemm >/dev/null
program=$root/build/release/nntrain
tools=$root/build/release/tests
digits=$root/scripts/examples/digits/digits.yaml

# ---- against PyTorch ----

if [ $peer = yes ]; then
    python=${NN_BENCH_PYTHON:-$peers/bin/python}
    if ! "$python" -c 'import torch' 2>/dev/null; then
        echo "$python has no PyTorch: scripts/setup.sh peers installs it, or set NN_BENCH_PYTHON" >&2
        exit 1
    fi
    prepare_mpirun 2
    exec "$python" "$root/scripts/bench/compare.py" "$program" "$tools" "$python" "$@"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# quiet COMMAND...: shows its output only if it fails.
quiet() { "$@" >log 2>&1 || { cat log >&2; exit 1; }; }

# median FILE [COLUMN]
median() {
    awk -v column="${2:-1}" '{print $column}' "$1" | sort -n |
        awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'
}

# ---- throughput: an MLP of three products, 669,706 parameters ----

prepare_throughput() {
    quiet "$tools/make_data" data.h5 25600 784 10
    cp "$root/scripts/bench/mlp.yaml" .
}

# throughput RANKS THREADS ALLREDUCE FILE: one run; appends a line "samples/s utilisation", medians over the epochs
# after the first.
throughput() {
    quiet env OMP_NUM_THREADS="$2" mpirun -n "$1" --bind-to none "$program" train mlp.yaml --run-dir mlp --fresh \
        --set training.epochs=6 --set training.peak_seconds=2 --set training.allreduce="$3"
    sed -n '2,$s/.*"samples_per_second":\([0-9.]*\),"utilisation":\([0-9.]*\).*/\1 \2/p' mlp/metrics.jsonl >epochs
    echo "$(median epochs 1) $(median epochs 2)" >>"$4"
}

show_throughput() {
    printf '%-34s %8.0f %12.1f %% %8.3f\n' "$1" "$(median "$2" 1)" \
        "$(awk -v u="$(median "$2" 2)" 'BEGIN {print 100 * u}')" \
        "$(paste -d ' ' "$2" exact | awk '{print $1 / $3}' >ratios && median ratios)"
}

bench_throughput() {
    local round
    prepare_throughput
    for ((round = 0; round < rounds; round++)); do
        throughput 2 1 exact exact
        throughput 2 1 mpi mpi
        throughput 1 2 exact threads
    done
    echo
    echo "MLP 784-512-512-10, batch 256, microbatch 32: medians of $rounds alternating runs"
    printf '%-34s %8s %14s %8s\n' "" samples/s "of sgemm rate" ratio
    show_throughput "2 ranks x 1 thread, exact" exact
    show_throughput "2 ranks x 1 thread, allreduce: mpi" mpi
    show_throughput "1 rank x 2 threads, exact" threads
}

# ---- start-up: a run of one epoch, minus that epoch and minus an empty MPI program ----

wall_seconds() {
    local begin=$EPOCHREALTIME
    quiet "$@"
    awk -v a="$begin" -v b="$EPOCHREALTIME" 'BEGIN {print b - a}'
}

# startup RANKS: appends a line "empty extra" to startup-RANKS.
startup() {
    local launch=(env OMP_NUM_THREADS=1 mpirun -n "$1" --bind-to none) empty whole epoch
    empty=$(wall_seconds "${launch[@]}" "$tools/empty_mpi")
    whole=$(wall_seconds "${launch[@]}" "$program" train "$digits" --run-dir digits --fresh --set training.epochs=1)
    epoch=$(sed -n '1s/.*"seconds":\([0-9.]*\).*/\1/p' digits/metrics.jsonl)
    awk -v e="$empty" -v w="$whole" -v t="$epoch" 'BEGIN {print e, w - e - t}' >>"startup-$1"
}

bench_startup() {
    local round ranks
    for ((round = 0; round < rounds; round++)); do
        for ranks in 1 2 16; do startup $ranks; done
    done
    echo
    echo "Start and end of a run of the digits example, without its epoch: medians of $rounds alternating runs"
    printf '%-34s %14s %24s\n' ranks "empty program" "nntrain in addition"
    for ranks in 1 2 16; do
        printf '%-34s %12.2f s %22.2f s\n' "$ranks" "$(median "startup-$ranks" 1)" "$(median "startup-$ranks" 2)"
    done
}

prepare_mpirun 16
"$program" version
sed -n 's/^model name[^:]*: */CPU: /p' /proc/cpuinfo | sort | uniq -c | sed 's/^ *\([0-9]*\) CPU: \(.*\)/CPU: \1 x \2/'
bench_throughput
bench_startup
