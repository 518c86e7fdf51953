#!/usr/bin/env bash
# Fortran programs in a CMake project, with the modules of an installed nntrain: training on a communicator, and prediction
# with the libraries that lack MPI, or HDF5.
build=$(realpath "$2")
source "$(dirname "$0")/common_fortran.sh"
unset OMPI_MCA_pml # Open MPI's choice, as for a user
install_tree
sources=$source_folder/tests/install

must cmake -S "$sources/fortran" -B user -DCMAKE_PREFIX_PATH="$tree" -DCMAKE_Fortran_COMPILER="$fortran"
must cmake --build user
for program in user/predict_infer user/predict_model; do
    ldd $program | grep -q 'libmpi' && fail "$program needs MPI"
done
ldd user/predict_model | grep -q hdf5 && fail "prediction from model.nn needs HDF5"

config=$tree/share/nntrain/digits/digits.yaml
OMP_NUM_THREADS=1 must mpirun -n 2 --bind-to none user/train_mpi "$config" run
trained=$(sed -n 's/^[0-9]* steps, fingerprint //p' log | tr A-F a-f)
[ "$("$tree/bin/nntrain" info run | grep -c "$trained")" -ge 1 ] && [ ${#trained} = 16 ] || { fail "the run has other weights than $trained"; cat log; }
[ "$(grep -c '^epoch 1/2' log)" = 1 ] || { fail "the lines of the run do not come once"; cat log; }

# Training in place, on any number of ranks.
cat >in_place.yaml <<'YAML'
data:
  in_place: {x: {u: [4]}, y: {v: [2]}}
  fields: {u: {normalize: none}, v: {normalize: none, scale: 0.1}}
network: [dense: {units: 16, activation: tanh}, dense: {units: 2}]
loss: mse
metrics: [rmse]
optimizer: {adam: {learning_rate: 0.01}}
training: {batch_size: 24, microbatch_size: 4}
YAML
for ranks in 1 3; do
    OMP_NUM_THREADS=1 must mpirun -n $ranks --bind-to none user/train_in_place in_place.yaml in-place-$ranks
    grep '^fingerprint' log >>in-place.log
done
[ "$(wc -l <in-place.log)" = 2 ] && [ "$(sort -u in-place.log | wc -l)" = 1 ] || { fail "in place: other bits on 3 ranks"; cat in-place.log; }

must "$tree/bin/nntrain" export run model.nn
must user/predict_infer run
cp log expected
grep -q '^ *0 ' expected || fail "not a zero: $(cat expected)"
for program in user/predict_model user/predict_infer; do
    must $program model.nn
    cmp -s log expected || fail "$program predicts something else from model.nn"
done
user/predict_model run >log 2>&1 && fail "predict_model reads a run directory"
grep -q 'nntrain export' log || { fail "no remedy"; cat log; }

# Without CMake: MPI's compiler and pkg-config.
if command -v mpifort >/dev/null; then
    read -r -a modules <<<"$(pkg-config --variable=fortran_sources nntrain)"
    read -r -a flags <<<"$(pkg-config --cflags --libs nntrain)"
    must mpifort "${modules[@]}" "$sources/train_mpi.f90" "${flags[@]}" -o train
    OMP_NUM_THREADS=1 must mpirun -n 1 ./train "$config" other
    grep -qi "fingerprint $trained" log || { fail "pkg-config: other weights"; cat log; }
fi
finish
