#!/usr/bin/env bash
# HDF5 files in common layouts, trained from a configuration alone. Fails when a layout is refused, when memory and
# stream give different bits, or when the same data stored differently does.
build_folder=$(realpath "$2")
source "$(dirname "$0")/common.sh"
"$build_folder/tests/make_layouts" . || exit 1
declare -A fingerprints

# network OUTPUT LOSS
network() {
    cat <<YAML
network:
  - flatten
  - dense: {units: 8, activation: tanh}
  - dense: {units: $1}
loss: $2
training: {epochs: 2, batch_size: 16, microbatch_size: 4}
YAML
}

# trained NAME REFERENCE: trains in memory and in a stream; the bits must equal those of REFERENCE (-: none)
trained() {
    local name=$1 reference=$2 cache
    for cache in memory stream; do
        train 2 1 "$name.yaml" --run-dir "run-$name-$cache" --set data.cache=$cache ||
            { fail "$name in $cache ended with $?"; cat train.log; }
        [ -n "$(fingerprint)" ] || fail "$name in $cache: no fingerprint"
        : "${fingerprints[$name]:=$(fingerprint)}"
        [ "$(fingerprint)" = "${fingerprints[$name]}" ] ||
            fail "$name: $(fingerprint) in a stream, ${fingerprints[$name]} in memory"
    done
    [ "$reference" = - ] || [ "${fingerprints[$name]}" = "${fingerprints[$reference]}" ] ||
        fail "$name: ${fingerprints[$name]}, but $reference: ${fingerprints[$reference]}"
    echo "$name: ${fingerprints[$name]}"
}

# classes NAME REFERENCE: the data section comes from the input
classes() {
    { sed 's/^/  /' | sed '1i data:'; network classes cross_entropy; } >"$1.yaml"
    trained "$1" "$2"
}

values() {
    { sed 's/^/  /' | sed '1i data:'; network "$3" mse; } >"$1.yaml"
    trained "$1" "$2"
}

classes plain - <<YAML
file: plain.h5
train: {x: x, y: y}
YAML
classes groups plain <<YAML
file: groups.h5
train: {x: train/data, y: train/target}
test: {x: /test/data, y: /test/target}
YAML
classes two_files plain <<YAML
train: {file: train.h5, x: images, y: labels}
test: {file: test.h5, x: images, y: labels}
YAML
classes several_files plain <<YAML
file: part-*.h5
train: {x: x, y: y}
YAML
classes list_of_files plain <<YAML
file: [part-0.h5, part-1.h5, "part-[23].h5"]
train: {x: x, y: y}
YAML
classes nchw plain <<YAML
file: nchw.h5
train: {x: x, y: y}
fields: {x: {layout: NCHW}}
YAML
classes samples_last plain <<YAML
file: last.h5
train: {x: x, y: y}
fields: {x: {layout: HWCN}}
YAML
classes one_hot plain <<YAML
file: one_hot.h5
train: {x: x, y: y}
YAML
classes labels_from_one plain <<YAML
file: from_one.h5
train: {x: x, y: y}
fields: {y: {first_label: 1}}
YAML
for type in big_endian half int8 int64; do
    classes $type plain <<YAML
file: $type.h5
train: {x: x, y: y}
YAML
done
classes grey_channel - <<YAML
file: grey_channel.h5
train: {x: x, y: y}
YAML
classes grey grey_channel <<YAML
file: grey.h5
train: {x: x, y: y}
fields: {x: {layout: NHW}}
YAML
classes table - <<YAML
file: table.h5
train: {x: x, y: y}
YAML
classes several_inputs table <<YAML
file: table.h5
train: {x: {rho: rho, par: par}, y: y}
YAML
values series - 1 <<YAML
file: series.h5
train: {x: s}
split: {validation: 0.2}
window: {length: 5, horizon: 2, targets: [close]}
YAML
values series_by_column series 1 <<YAML
file: series.h5
train: {x: turned}
split: {validation: 0.2}
window: {length: 5, horizon: 2, targets: [2]}
fields: {x: {layout: FT}, y: {layout: FT}}
YAML
classes blocks - <<YAML
file: nchw.h5
train: {x: x, y: y}
split: {validation: 0.25}
shuffle: block
shuffle_window: 0.02
fields: {x: {layout: NCHW}}
YAML
[ "${fingerprints[plain]}" != "${fingerprints[grey_channel]}" ] || fail "other data gives the same weights"
# A copy on the node's disk gives the same bits and is made once.
mkdir staged
for ranks in 1 3; do
    train $ranks 1 plain.yaml --run-dir run-staged --fresh --set data.stage="$work/staged" ||
        { fail "staged on $ranks ranks ended with $?"; cat train.log; }
    [ "$(fingerprint)" = "${fingerprints[plain]}" ] || fail "staged on $ranks ranks: $(fingerprint)"
    copies=$(find staged -type f | wc -l)
    [ "$copies" = 1 ] || fail "$ranks ranks: $copies copies of one file"
done
[ "$(find staged -name '*.tmp*' | wc -l)" = 0 ] || fail "staging left halves"
finish
