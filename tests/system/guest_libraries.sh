#!/usr/bin/env bash
# Other libraries of BLAS, HDF5 and YAML in a program that calls nntrain change no bits, or are an error that names them.
build=$(realpath "$2")
source "$(dirname "$0")/common_guest.sh"

# refused NAME TEXT...: training and prediction by this program fail with these texts.
refused() {
    OMP_NUM_THREADS=1 mpirun -n 2 --bind-to none "./$1" plain "$config" "run-$1" training.epochs=1 >log 2>&1 && fail "$1 is not refused"
    for text in "${@:2}"; do said "$text"; done
}
reference=$(find /usr/lib -path '*/blas/libblas.so.3' 2>/dev/null | head -n 1)
if [ -n "$reference" ]; then
    # As if the program itself called it.
    build_guest with_blas -Wl,--no-as-needed "$reference" -Wl,--as-needed "-Wl,-rpath,$(dirname "$reference")"
    refused with_blas "come from $reference, and not from the OpenBLAS that nntrain was built with" 'start it with LD_PRELOAD=/'
    # What the message recommends works.
    LD_PRELOAD=$(sed -n 's/.*start it with LD_PRELOAD=\([^ ]*\).*/\1/p' log | head -n 1)
    export LD_PRELOAD
    found=$(results plain with_blas 2)
    unset LD_PRELOAD
    [ "$found" = "$expected" ] || fail "with the reference BLAS: $found instead of $expected"
else
    echo "not tested: the reference BLAS (scripts/setup.sh hosts)"
fi
parallel=$(find /usr/lib -path '*/hdf5/openmpi/libhdf5.so' 2>/dev/null | head -n 1)
if [ -n "$parallel" ] && [ -d /usr/include/hdf5/openmpi ]; then
    build_guest with_parallel -I/usr/include/hdf5/openmpi "$parallel"
    nm -D with_parallel | grep -q 'H5Fopen@HDF5_MPI' || fail "the program does not use the parallel HDF5"
    for habits in plain odd; do
        found=$(results $habits with_parallel 2)
        [ "$found" = "$expected" ] || fail "with the parallel HDF5, $habits: $found instead of $expected"
    done
else
    echo "not tested: the parallel HDF5 (scripts/setup.sh hosts)"
fi
cat >version.c <<'C'
int H5get_libversion(unsigned *major, unsigned *minor, unsigned *release)
{
    *major = 1, *minor = 98, *release = 7;
    return 0;
}
C
build_guest with_version version.c
refused with_version 'failed: nn_train: nntrain was built with HDF5 ' 'failed: nn_predictor_open: nntrain was built with HDF5 ' \
    'has loaded HDF5 1.98.7'

# Functions named as those of libyaml.
cat >yaml.c <<'C'
#include <stdlib.h>
int yaml_parser_load(void *parser, void *document)
{
    abort();
    return parser != document;
}
C
build_guest alone yaml.c
refused alone 'yaml_parser_load of this program comes from' 'rename that function'
must "${CC:-cc}" -shared -fPIC yaml.c -o libother.so
build_guest with_yaml -Wl,--no-as-needed ./libother.so -Wl,--as-needed
refused with_yaml 'yaml_parser_load of this program comes from' 'start the program with LD_PRELOAD=/'
LD_PRELOAD=$(sed -n 's/.*start the program with LD_PRELOAD=\([^ ]*\).*/\1/p' log | head -n 1)
export LD_PRELOAD
found=$(results plain with_yaml 2)
unset LD_PRELOAD
[ "$found" = "$expected" ] || fail "with a function of libyaml: $found instead of $expected"
# Prediction calls no BLAS.
cat >blas.c <<'C'
#include <stdlib.h>
void cblas_sgemm(void) { abort(); }
void cblas_dgemm(void) { abort(); }
C
read -r -a model_flags <<<"$(pkg-config --cflags --libs nntrain_model)"
must "$tree/bin/nntrain" export run-plain-guest-1 model.nn
must "${CC:-cc}" -std=c11 "$sources/predict.c" "${model_flags[@]}" -o predict
must "${CC:-cc}" -std=c11 "$sources/predict.c" blas.c "${model_flags[@]}" -o predict_alone
must ./predict model.nn
cp log predicted
must ./predict_alone model.nn
cmp -s log predicted || fail "another BLAS predicts something else"
finish
