#!/usr/bin/env bash
# Measures prediction from C (include/nntrain/nntrain.h) on one core, in turn with onnxruntime and eager PyTorch where
# they are installed (scripts/setup.sh interop): the latency of one sample, and a batch of 1,024 as a share of the sgemm
# rate. Medians over 20 rounds, or NN_BENCH_ROUNDS. NN_BENCH_PYTHON: a Python with NumPy and the peers.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
export LC_ALL=C
"$root/scripts/setup.sh"
build_preset release nntrain make_data bench_predict >/dev/null
program=$root/build/release/nntrain
tools=$root/build/release/tests
python=${NN_BENCH_PYTHON:-$interop/bin/python}
[ -x "$python" ] || python=python3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# network NAME WIDTH FORMAT...: trains one epoch of WIDTH-WIDTH-WIDTH-WIDTH, which is as fast as a longer training
network() {
    local name=$1 width=$2 format
    "$tools/make_data" "$name.h5" 256 "$width" 2
    cat >"$name.yaml" <<YAML
data: {file: $name.h5, train: {x: x, y: x}}
network:
  - dense: {units: $width, activation: relu}
  - dense: {units: $width, activation: relu}
  - dense: {units: $width}
loss: mse
training: {epochs: 1}
YAML
    "$program" --run-dir "$name" "$name.yaml" >log 2>&1 || { cat log >&2; exit 1; }
    for format in "${@:3}"; do
        "$program" export "$name" "$name.$format" >log 2>&1 || { cat log >&2; exit 1; }
    done
}

network small 64 nn onnx
network large 512 nn
grep -m 1 'model name' /proc/cpuinfo | sed 's/.*: //'
"$program" version | grep -i blas
"$python" "$root/scripts/bench/predict.py" "$tools/bench_predict" "$work" "${NN_BENCH_ROUNDS:-20}"
