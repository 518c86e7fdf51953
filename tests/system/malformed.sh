#!/usr/bin/env bash
# Data files that make HDF5 1.10.8 itself crash or hang (made by tests/tools/malformed_hdf5.c): each command that opens
# one reports it and ends instead of crashing. Other versions of HDF5 may survive some of them.
build_folder=$(realpath "$2")
source "$(dirname "$0")/common.sh"
crashing=$source_folder/tests/fuzz/corpus/hdf5-crash
"$build_folder/tests/malformed_hdf5" make . || exit 1
survives=maybe
if [ "$("$build_folder/tests/malformed_hdf5" version)" = 1.10.8 ]; then survives=no; fi

# config NAME DATA
config() {
    { echo "data:"; echo "$2" | sed 's/^/  /'
      echo "network: [dense: {units: 1}]"
      echo "loss: mse"
      echo "training: {epochs: 1, batch_size: 8, threads: 1, peak_seconds: 0}"; } >"$1.yaml"
}

# refused FILE WORD...: the command ends on its own and names the file
refused() {
    local name=$1 found
    shift
    timeout 120 "$@" >refused.log 2>&1
    found=$?
    if [ $found = 0 ] && [ $survives = maybe ]; then return; fi
    if [ $found = 0 ] || [ $found -ge 124 ] || ! grep -q -F "$name" refused.log; then
        fail "$name: exit $found of $*"
        cat refused.log
    fi
}

config good 'file: contiguous.h5
train: {x: x, y: y}'
train 1 1 good.yaml --run-dir run || { cat train.log; fail "training on the sound file"; }
echo "abc" >text.txt

for file in "$crashing"/*.h5; do
    name=${file##*/}
    cp "$file" "$name"
    config one "file: $name
train: {x: x, y: y}"
    refused "$name" "$program" info "$name"
    case $name in *info*) continue ;; esac # malformed in what training does not read
    refused "$name" "$program" train one.yaml --run-dir one
    case $name in *hangs*) continue ;; esac # takes 10 s each time
    config several "file: [contiguous.h5, $name]
train: {x: x, y: y}"
    mkdir -p parts
    cp contiguous.h5 parts/a.h5
    cp "$file" parts/"$name"
    config pattern "file: parts/*.h5
train: {x: x, y: y}"
    config validation "file: contiguous.h5
train: {x: x, y: y}
validation: {file: $name, x: x, y: y}"
    for config in several pattern validation; do
        refused "$name" "$program" train $config.yaml --run-dir $config
    done
    rm -r parts
    refused "$name" "$program" check several.yaml
    refused "$name" mpirun -n 2 --bind-to none "$program" train one.yaml --run-dir one
    for command in eval predict; do
        refused "$name" "$program" $command run --data "$name"
        # A file in place of a checkpoint is refused for its missing seal, before HDF5 reads it.
        refused "$name" "$program" $command "$name"
    done
    cp contiguous.h5 kept.h5
    cp "$file" contiguous.h5
    refused contiguous.h5 "$program" eval run
    refused contiguous.h5 "$program" predict run
    mv kept.h5 contiguous.h5
    refused "$name" "$program" generate "$name"
    refused "$name" "$program" replay "$name"
    refused "$name" "$program" verify "$name"
    refused "$name" "$program" train good.yaml --run-dir new --set init_from.run="$name"
    refused "$name" "$program" import text text.txt --vocabulary "$name" -o out.h5
done
finish
