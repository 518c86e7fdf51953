#!/usr/bin/env bash
# Plug-ins, from an installed tree: the example is built with the installed headers and trained, with the same
# fingerprint on 1, 2 and 3 ranks and after a kill; a run needs the bytes it was trained with.
build=$2
source "$(dirname "$0")/common.sh"
source "$source_folder/tests/system/common_plugin.sh"
run help swish --plugin $swish
said 'slope: number'
run help --plugin=$swish bias
said 'definition:'
run check plugin.yaml
run check --gradients plugin.yaml
said 'the derivatives agree'
run train plugin.yaml --run-dir one
reference=$(trained)
grep -q '^ *output .* bias' log || fail "the metric is not in the table"
train 2 2 plugin.yaml --run-dir two || cat train.log
[ "$(fingerprint)" = "$reference" ] || fail "2 ranks: $(fingerprint), not $reference"
long=(--set training.epochs=400 --set checkpoint.every='40 epochs')
start "$program" 2 killed plugin.yaml "${long[@]}"
kill -9 "${processes[0]}" || fail "the run ended before it was killed"
wait_launcher "$launcher"
train 3 1 plugin.yaml --run-dir killed "${long[@]}" || cat train.log
after=$(fingerprint)
run train plugin.yaml --run-dir whole "${long[@]}"
[ -n "$after" ] && [ "$(trained)" = "$after" ] || fail "after a kill: $after, not $(trained)"
run train plugin.yaml --run-dir wide --set training.precision=float64

# A run names its plug-in, but does not load it.
hash=$(nntrain info one/best.h5 | sed -n 's/^swish.so\t\([0-9a-f]*\)\tlayer swish, metric bias$/\1/p')
[ ${#hash} = 16 ] || fail "info does not show the hash"
for command in "predict one" "eval one" "compare one two" "verify one" "export one model.nn"; do
    # shellcheck disable=SC2086
    program_refuses 2 "needs the plug-in swish.so (hash $hash; layer swish, metric bias)" $command
    said '--plugin FILE'
done
run predict one --plugin $swish -o p.csv
run eval two --plugin $swish
run verify one --plugin $swish
run compare one two --plugin $swish
run info one
run report one
program_refuses 2 'the layer swish2 is of a plug-in' export one model.nn --plugin $swish
if grep -q '#define NN_HAVE_PROTOBUF 1' "$build/generated/build.h"; then
    program_refuses 2 'has no layer of a plug-in' export one model.onnx
fi
PKG_CONFIG_PATH=$(dirname "$(find "$tree" -name nntrain.pc)"):${PKG_CONFIG_PATH:-}
export PKG_CONFIG_PATH
# shellcheck disable=SC2046
must "${CC:-cc}" -std=c11 "$source_folder/tests/install/predict.c" $(pkg-config --cflags --libs nntrain_infer) -o reader
./reader one >log 2>&1 && fail "libnntrain_infer predicts without the layer"
said 'layer swish'
finish
