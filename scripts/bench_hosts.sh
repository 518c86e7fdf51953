#!/usr/bin/env bash
# Measures training on several hosts with a network between them (cluster/testbed.sh hosts): how much of the
# communication is hidden behind computation, the step against the larger of computation and wire, the hierarchy of
# nodes against ranks that know of no nodes, `allreduce: mpi`, and `wire: bf16`. Alternating runs, medians. Needs root,
# and Python 3; `scripts/setup.sh testbed` installs the rest.
#
# bench_hosts.sh [--rounds N] [--cases A,B] [--json FILE]
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
export LC_ALL=C
"$root/scripts/setup.sh"
"$root/scripts/setup.sh" testbed
build_preset release nntrain nntrain_faults make_data >/dev/null
exec python3 "$root/scripts/bench/hosts.py" "$root" "$@"
