#!/usr/bin/env bash
# Plug-ins with other bytes, with losses, metrics and transforms, with wrong derivatives; and what is not a plug-in, or not
# one for this nntrain, which is refused with a reason.
build=$2
source "$(dirname "$0")/common.sh"
source "$source_folder/tests/system/common_plugin.sh"
run train plugin.yaml --run-dir one
hash=$(nntrain info one/best.h5 | sed -n 's/^swish.so\t\([0-9a-f]*\)\tlayer swish, metric bias$/\1/p')

# Other plug-ins: the same with other bytes; a loss and a transform; and what is refused.
must cmake -S "$source_folder/tests/install/plugin" -B more -DCMAKE_PREFIX_PATH="$tree" -DSWISH="$PWD/swish.c"
must cmake --build more -j2
mkdir other && cp more/other.so other/swish.so
program_refuses 2 "of hash $hash, but other/swish.so has the hash" predict one --plugin other/swish.so
program_refuses 2 'is already loaded, from other/swish.so' check plugin.yaml --plugin other/swish.so
further=(plugin.yaml --run-dir one --set training.epochs=102 --set 'plugins=[other/swish.so]')
program_refuses 8 'the difference: plug-in swish.so' train "${further[@]}"
said '--set training.machine=any'
program_refuses 2 'plugins.0: was swish.so, is now other.so' train "${further[@]}" --set 'plugins=[more/other.so]'
run check "${further[@]}"
said 'the difference: plug-in swish.so'
run train "${further[@]}" --set training.machine=any
run info one
said '(plug-in swish.so)'
run predict "one/checkpoints/$(ls one/checkpoints | tail -n 1)" --plugin other/swish.so

# Ranks with other bytes under one name.
mkdir 0 1 && cp $swish 0 && cp other/swish.so 1
sed 's|build/swish.so|/proc/self/cwd/swish.so|' plugin.yaml >cwd.yaml
# shellcheck disable=SC2016
mpirun -n 2 --bind-to none sh -c 'cd $OMPI_COMM_WORLD_RANK && exec "$0" train ../cwd.yaml --run-dir ../differ' "$program" >log 2>&1
[ $? = 8 ] || fail "ranks with different plug-ins train"
said 'the difference: plug-in swish.so; put the same file on all nodes'

# A loss and a transform: the bits of mae by another name; nothing but training needs them, or a metric.
sed -e 's|build/swish.so|more/kinds.so|' -e '/- swish/d' -e 's/bias/mae/' plugin.yaml >kinds.yaml
run train kinds.yaml --run-dir distance --set training.epochs=20 --set loss=distance
named=$(trained)
run train kinds.yaml --run-dir mae --set training.epochs=20 --set loss=mae
[ -n "$named" ] && [ "$(trained)" = "$named" ] || fail "the loss is not that of mae"
program_refuses 2 'the loss distance is of a plug-in' export distance model.nn --plugin more/kinds.so
dims=(--set 'data.fields.x={categorical: code, augment: [dim: 0.2]}' --set training.epochs=20 --set training.precision)
for precision in float32 float64; do
    run train kinds.yaml --run-dir dim-$precision --set loss=mae "${dims[@]}=$precision"
    dimmed=$(trained)
    train 2 1 kinds.yaml --run-dir dim2-$precision --set loss=mae "${dims[@]}=$precision"
    [ -n "$dimmed" ] && [ "$(fingerprint)" = "$dimmed" ] || fail "the transform in $precision: $(fingerprint), not $dimmed"
    run train kinds.yaml --run-dir plain-$precision --set loss=mae "${dims[@]}=$precision" --set 'data.fields.x.augment=[]'
    [ "$(trained)" != "$dimmed" ] || fail "the transform changes nothing"
done
PKG_CONFIG_PATH=$(dirname "$(find "$tree" -name nntrain.pc)"):${PKG_CONFIG_PATH:-}
export PKG_CONFIG_PATH
# shellcheck disable=SC2046
must "${CC:-cc}" -std=c11 "$source_folder/tests/install/predict.c" $(pkg-config --cflags --libs nntrain_infer) -o reader
sed -e '/- swish/d' plugin.yaml >metric.yaml
run train metric.yaml --run-dir metric --set training.epochs=5
run export metric metric.nn
run predict metric --plugin $swish -o a.csv
./reader metric >log 2>&1
said 'this network does not take 8 x 8 digits' # it was opened
./reader metric.nn >log 2>&1
said 'this network does not take 8 x 8 digits'

# A derivative that is wrong, of a parameter or of the input, and of a loss.
program_refuses 2 'the derivatives of 2 layers or losses are wrong' check --gradients plugin.yaml --set plugins=[more/slope.so]
grep -q '^swish2 .* WRONG$' log || fail "swish2 is right"
said '    slope, value '
program_refuses 2 'the derivatives of 2 layers or losses are wrong' check --gradients plugin.yaml --set plugins=[more/input.so]
said '    input dense2, value '
[ "$(grep -c ' right$' log)" = 5 ] || fail "others are wrong, too"
program_refuses 2 'the derivatives of 1 layer or loss are wrong' check --gradients kinds.yaml --set loss=distance --set plugins=[more/loss.so]
said '    the output, value '
run check --gradients kinds.yaml --set loss=distance

# refuses TEXT FILE: a configuration with that file is refused, for this one reason.
refuses() {
    program_refuses 2 "$1" check plugin.yaml --set "plugins=[$2]"
    said '1 problem'
}
refuses './none.so: there is no such plug-in' none.so
refuses 'is not a shared object' plugin.yaml
refuses 'is a shared object without nn_plugin_f32' more/bare.so
refuses 'was built for the interface 0123456789abcdef of nntrain' more/old.so
refuses "there is already a layer named 'dense'" more/taken.so
refuses "the layer 'swish' has no tangent" more/lacking.so
refuses 'undefined symbol: nn_comm_rank' more/beyond.so
refuses 'is listed twice' 'build/swish.so, ./build/swish.so'
refuses 'expected the path of a shared object' '[a]'
program_refuses 2 '--plugin needs a value' predict one --plugin
program_refuses 2 'here the configuration names it' check plugin.yaml --set plugins=[] --plugin $swish
program_refuses 2 "unknown layer 'swish'" check plugin.yaml --set plugins=[]
finish
