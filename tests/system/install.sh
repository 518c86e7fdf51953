#!/usr/bin/env bash
# The installed tree is complete: user programs compile against it with pkg-config and find_package, train on two ranks,
# and predict without MPI.
source "$(dirname "$0")/common.sh"
build=$2
unset OMPI_MCA_pml # Open MPI's choice, as for a user
grep -q '^NN_SANITIZE:[^=]*=.' "$build/CMakeCache.txt" && exit 77
sources=$source_folder/tests/install
tree=$work/tree
must() { "$@" >log 2>&1 || { fail "$*"; cat log; finish; }; }

must cmake --install "$build" --prefix "$tree"
must "$tree/bin/nntrain" version
config=$tree/share/nntrain/digits/digits.yaml
[ -f "$config" ] || fail "the example is not installed"
[ -x "$tree/share/nntrain/to_pytorch.py" ] || fail "to_pytorch.py is not installed"
[ -x "$tree/share/nntrain/from_pytorch.py" ] || fail "from_pytorch.py is not installed"
[ -f "$tree/share/nntrain/nntrain.py" ] || fail "nntrain.py is not installed"
"$tree/bin/nntrain" init | grep -q "\.py" && fail "a Python file is listed as an example"
# The examples are those of the installation, wherever it is.
must "$tree/bin/nntrain" init fuel
[ -x fuel/prepare.sh ] || fail "the example's script cannot be run"
rm -r "$tree/share/nntrain/weather"
"$tree/bin/nntrain" init weather >log 2>&1 && fail "an example was taken from elsewhere"

# With pkg-config: training with mpicc, prediction with a plain compiler.
PKG_CONFIG_PATH=$(dirname "$(find "$tree" -name nntrain.pc)"):${PKG_CONFIG_PATH:-}
export PKG_CONFIG_PATH
read -r -a train_flags <<<"$(pkg-config --cflags --libs nntrain)"
read -r -a predict_flags <<<"$(pkg-config --cflags --libs nntrain_infer)"
read -r -a model_flags <<<"$(pkg-config --cflags --libs nntrain_model)"
must mpicc -std=c11 "$sources/train.c" "${train_flags[@]}" -o train
must "${CC:-cc}" -std=c11 "$sources/predict.c" "${predict_flags[@]}" -o predict
must "${CC:-cc}" -std=c11 "$sources/predict.c" "${model_flags[@]}" -o predict_model
ldd predict | grep -q 'libmpi\.' && fail "prediction needs MPI"

# An example that is a program, as its build.sh compiles it.
must cp -r "$tree/share/nntrain/cartpole" cartpole
must cartpole/build.sh
echo 0 0 0 0 1 | cartpole/cartpole dynamics | grep -q '^0 0.195' || fail "the example cartpole"

# With find_package, with and without the component that needs MPI.
must cmake -S "$sources" -B user -DCMAKE_PREFIX_PATH="$tree"
must cmake --build user
must cmake -S "$sources" -B user-infer -DCMAKE_PREFIX_PATH="$tree" -DCOMPONENTS=infer
must cmake --build user-infer
[ -e user-infer/train ] && fail "COMPONENTS=infer brings training along"
must cmake -S "$sources" -B user-model -DCMAKE_PREFIX_PATH="$tree" -DCOMPONENTS=model -DCMAKE_DISABLE_FIND_PACKAGE_HDF5=ON
must cmake --build user-model
[ -e user-model/predict ] && fail "COMPONENTS=model brings HDF5 along"
for user in predict user/predict user-infer/predict; do
    ldd $user | grep -q libnntrain && fail "$user depends on a library of this installation"
done
ldd user-infer/predict_shared | grep -q "libnntrain_infer.so.0 => $tree/" || fail "no program with the shared library"

OMP_NUM_THREADS=1 must mpirun -n 2 --bind-to none ./train "$config" run-a training.epochs=2
trained=$(sed -n 's/^[0-9]* steps, fingerprint //p' log)
OMP_NUM_THREADS=1 must mpirun -n 2 --bind-to none user/train "$config" run-b training.epochs=2
[ -n "$trained" ] && [ "$(sed -n 's/^[0-9]* steps, fingerprint //p' log)" = "$trained" ] ||
    fail "the two programs trained different weights"
# Only rank 0 prints; the calling program's own settings are unchanged.
lines() { OMP_NUM_THREADS=1 mpirun -n 2 --bind-to none ./train "$config" "$@" training.epochs=2 2>&1 | sort; }
[ "$(lines run-c | grep -c '^epoch 1/2')" = 1 ] || fail "a run's lines do not come once"
[ "$(lines run-d | grep -v '^epoch' | grep . | uniq -d)" = "" ] || { fail "lines come twice"; lines run-e | uniq -d; }
[ "$(NN_TEST_LOG=all lines run-f | grep -c '^epoch 1/2')" = 2 ] || fail "not all ranks speak where they should"
[ "$(NN_TEST_LOG=none lines run-g | grep -c '^epoch')" = 0 ] || fail "ranks speak where none should"
lines run-h | grep changed: && fail "the run has changed its host"
newest=run-a/checkpoints/$(ls run-a/checkpoints | tail -n 1)
for program in ./predict user/predict user-infer/predict user-infer/predict_shared; do
    must $program run-a
    grep -q '^class 0 ' log || { fail "$program does not see a zero"; cat log; }
    must $program "$newest"
    grep -q "fingerprint $trained" log || { fail "$program has not loaded the trained weights"; cat log; }
done
# A model.nn is read by both libraries; the one without HDF5 reads nothing else, and says so.
must "$tree/bin/nntrain" export run-a model.nn
must ./predict run-a
expected=$(cat log)
for program in ./predict ./predict_model user-model/predict_model; do
    must $program model.nn
    [ "$(cat log)" = "$expected" ] || { fail "$program predicts something else from model.nn"; cat log; }
done
for program in ./predict_model user-model/predict_model; do
    ldd $program | grep -E 'libmpi|hdf5' && fail "$program needs MPI or HDF5"
    for other in run-a "$newest"; do
        $program "$other" >log 2>&1 && fail "$program reads $other"
        grep -qF 'write one with `nntrain export RUN_DIR model.nn`' log || { fail "no remedy"; cat log; }
    done
    $program nowhere.nn >log 2>&1 && fail "$program reads what is not there"
    grep -qF 'nowhere.nn: no such file' log || { fail "no message about a missing file"; cat log; }
done

# From Python, with the shared library of this installation.
find_python
if [ -n "$python" ]; then
    must env -u NNTRAIN_LIBRARY PYTHONPATH="$tree/share/nntrain" PYTHONDONTWRITEBYTECODE=1 "$python" -c "import nntrain
print(nntrain.load('$newest').fingerprint, nntrain.find_library()._name)"
    grep -q "^$trained $tree/lib.*/libnntrain_infer.so.0$" log || { fail "nntrain.py"; cat log; }
else
    echo "not tested: nntrain.py (no Python with numpy and h5py)"
fi
$program nowhere >log 2>&1 && fail "a run that is not there"
grep -q nowhere log || fail "no message about the run that is not there"
finish
