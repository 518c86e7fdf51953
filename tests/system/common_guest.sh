# Shared by the tests of programs that call the library, which source it in place of common.sh, with `build` set: installs
# nntrain, and trains one network with the program for comparison.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
unset OMPI_MCA_pml # Open MPI's choice, as for a user
grep -q '^NN_SANITIZE:[^=]*=.' "$build/CMakeCache.txt" && exit 77
sources=$source_folder/tests/install
tree=$work/tree
must() { "$@" >log 2>&1 || { fail "$*"; cat log; finish; }; }
must cmake --install "$build" --prefix "$tree"
PKG_CONFIG_PATH=$(dirname "$(find "$tree" -name nntrain.pc)"):${PKG_CONFIG_PATH:-}
export PKG_CONFIG_PATH
read -r -a flags <<<"$(pkg-config --cflags --libs nntrain)"
hdf5=$(sed -n "s/.*-isystem \([^ ]*hdf5[^ ]*\) .*/\1/p" "$build/compile_commands.json" | head -n 1)
config=$tree/share/nntrain/digits/digits.yaml

# build_guest NAME COMPILER ARGUMENT...; results HABITS NAME RANKS: what it prints on rank 0 and others
build_guest() { must mpicc -std=gnu11 -O2 "${hdf5:+-I$hdf5}" "$sources/guest.c" "${@:2}" "${flags[@]}" -o "$1"; }
results() {
    OMP_NUM_THREADS=2 mpirun -n "$3" --bind-to none "./$2" "$1" "$config" "run-$1-$2-$3" training.epochs=2 >log 2>&1 ||
        fail "$2 $1 on $3 ranks ended with $?"
    grep -E '^(changed|failed)|handler saw' log && fail "$2 $1 on $3 ranks"
    sed -n 's/^result: //p' log | sort | uniq
}
build_guest guest
expected=$(results plain guest 1)
[ "$(wc -l <<<"$expected")" = 4 ] || fail "not four results: $expected"
