#!/usr/bin/env bash
# The graph of a checkpoint: JSON that `info --graph` prints as stored, whose layers come in order, and whose tensors h5py
# finds with their shapes.
tools=$(realpath "$2")/tests
source "$(dirname "$0")/common.sh"
source "$source_folder/tests/system/common_networks.sh"
/usr/bin/python3 -c 'import h5py' 2>/dev/null || { echo "skipped: graphs by h5py"; exit 77; }

cat >check.py <<'PY'
import h5py, json, sys
graph = json.load(open('graph.json'))
file = h5py.File(sys.argv[1])
stored = file['graph'][()]
assert json.loads(stored if isinstance(stored, (str, bytes)) else stored.tobytes()) == graph, 'another graph than stored'
assert graph['format'] == 'nntrain graph' and graph['version'] == 1
known, parameters, extents = set(), 0, {}
assert ('steps' in graph['layers'][0]) == graph['input']['lengths']
for layer in graph['layers']:
    extents[layer['name']] = layer['shape'][:1]
    if 'steps' in layer:
        assert graph['input']['lengths'], layer
        full, steps = extents[(layer['inputs'] + [layer['name']])[0]][0], layer['steps']
        assert (full + steps['padding'] - steps['kernel']) // steps['stride'] + 1 == layer['shape'][0], layer
    assert layer['name'] not in known and all(name in known for name in layer['inputs']), layer
    known.add(layer['name'])
    for tensor in layer['tensors']:
        assert file['weights/' + tensor['dataset']].shape == tuple(tensor['shape']), tensor
        assert len(tensor['axes']) == len(tensor['shape']), tensor
        parameters += 'shares' not in layer
tensors = []
file['weights'].visititems(lambda name, node: tensors.append(name) if isinstance(node, h5py.Dataset) else None)
assert parameters == len(tensors), (parameters, tensors)
for output in graph['outputs']:
    assert output['layer'] in known, output
names = {layer['type'] for layer in graph['layers']}
assert not names & {'repeat', 'residual_block', 'transformer_block'}, names
PY

for kind in "${kinds[@]}"; do
    $kind >"$kind.yaml"
    train 1 1 "$kind.yaml" --run-dir "$kind" --set training.peak_seconds=0 || { fail "$kind"; cat train.log; continue; }
    newest=$kind/checkpoints/$(ls "$kind/checkpoints" | tail -n 1)
    "$program" info --graph "$newest" >graph.json || fail "$kind: info --graph"
    /usr/bin/python3 check.py "$newest" >check.log 2>&1 || { fail "$kind: $(tail -n 1 check.log)"; cat graph.json; }
done

# A run directory means its best weights.
"$program" info --graph images >graph.json || fail "info --graph of a run directory"
/usr/bin/python3 check.py images/best.h5 || fail "the graph of a run directory"

refused() {
    local code=$1 message=$2 found
    shift 2
    "$program" "$@" >log 2>&1
    found=$?
    [ $found = "$code" ] && grep -qF -- "$message" log || { fail "exit $found, or not printed: $message"; cat log; }
}
refused 2 'nowhere: no such run directory' info --graph nowhere
refused 2 'give one run directory or checkpoint' info --graph images labels
refused 9 'digits.h5' info --graph "$digits/digits.h5"
finish
