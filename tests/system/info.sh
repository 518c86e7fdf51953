#!/usr/bin/env bash
# nntrain info reads what training writes: the same fingerprint, step and metrics; damage is reported.
source "$(dirname "$0")/common.sh"
classifier
train 2 1 classifier.yaml --run-dir run || { cat train.log; fail "training"; }
reference=$(fingerprint)
newest=run/checkpoints/$(ls run/checkpoints | tail -n 1)

said() {
    local pattern=$1
    shift
    "$program" info "$@" >info.log 2>&1 || { fail "info $* ends with $?"; cat info.log; }
    grep -q -E "$pattern" info.log || { fail "info $* lacks '$pattern'"; cat info.log; }
}

said "^fingerprint: $reference$" run
said "intact, .*fingerprint $reference$" run
said "^last_metrics: $(tail -n 1 run/metrics.jsonl | cut -c 1-11)" run
said "^fingerprint: $reference$" "$newest"
said '^epochs: 3$' "$newest"
said '^best_epoch: ' run/best.h5
said "\"fingerprint\":\"$reference\",\"step\":" "$newest" --json
said '^y_train: .*' "$digits/digits.h5"
said '10 distinct values: 0 \(' "$digits/digits.h5"
if command -v python3 >/dev/null; then
    for path in run "$newest" "$digits/digits.h5"; do
        "$program" info "$path" --json | python3 -m json.tool >/dev/null || fail "no JSON: $path"
    done
fi

# Several runs: one line per setting, over its seeds, best first; a run without a checkpoint is reported.
for rate in 0.0001 0.01; do
    for seed in 1 2; do
        train 1 1 classifier.yaml --run-dir "sweep/$rate-$seed" --set training.epochs=2 \
            --set "optimizer.adam.learning_rate=$rate" --set "training.seed=$seed" || fail "a run of the sweep"
    done
done
mkdir sweep/failed
said '^0?  *0\.01 .* 2  *0\.[0-9]+ .* sweep/0\.01-[12]$' sweep/*
grep -q 'run omitted: sweep/failed: has no checkpoint' info.log || fail "a run without a checkpoint is not reported"
grep -A 1 ' runs ' info.log | tail -n 1 | grep -q '0\.01 ' || { fail "the best is not first"; cat info.log; }
[ "$(grep -c 'sweep/0' info.log)" = 2 ] || { fail "not a line a setting"; cat info.log; }
said '"figure":"loss","better":"lower"' sweep/0* --json
grep -q 'not finished' info.log && { fail "finished runs are called unfinished"; cat info.log; }

# A run stopped early is finished; a run in progress is not.
train 1 1 classifier.yaml --run-dir sweep/early --set training.epochs=9 --set lr_schedule=constant \
    --set 'training.early_stopping={patience: 1, min_change: 1e9}' || fail "a run that stops early"
said '1 of the 2 runs stopped early' sweep/early sweep/0.01-1
grep -q 'not finished' info.log && { fail "a run that stopped early is called unfinished"; cat info.log; }
said 'epochs done, stopped early,' sweep/early
said '"ended":"all epochs"' sweep/0.01-1 --json
cp -r sweep/0.01-2 sweep/progress
rm "$(ls sweep/progress/checkpoints/*.h5 | tail -1)"
said '1 of the 2 runs have not finished: sweep/progress' sweep/progress sweep/0.01-1

# Unwritten values, a damaged chunk and a truncated file are each reported as such.
if command -v /usr/bin/python3 >/dev/null && /usr/bin/python3 -c 'import h5py' 2>/dev/null; then
    /usr/bin/python3 - <<'PYTHON'
import h5py
import numpy as np

with h5py.File("odd.h5", "w") as file:
    file.create_dataset("never", (10, 2), "f4")
    file["mask"] = np.array([True, False, True])
    file["half"] = np.arange(6, dtype="f2").reshape(3, 2)
    file["big"] = np.arange(6, dtype=">i8")
    file["names"] = ["zebra", "lion"]
    packed = file.create_dataset("packed", data=np.arange(4000, dtype="i4"), chunks=(1000,), fletcher32=True)
    at = packed.id.get_chunk_info(2)
with open("odd.h5", "r+b") as file:
    file.seek(at.byte_offset + 10)
    file.write(b"?")
PYTHON
    "$program" info odd.h5 >info.log 2>&1 && { fail "a damaged chunk goes unseen"; cat info.log; }
    for part in 'never written' 'mask: 3 bool' 'half: 3 x 2 float16' '0 to 5, no NaN or Inf' 'int64 big-endian' \
        '"zebra", "lion"' 'cannot read rows 2000 to 2999 of dataset "packed"'; do
        grep -q -F "$part" info.log || { fail "info odd.h5 lacks '$part'"; cat info.log; }
    done
    head -c 5000 odd.h5 >cut.h5
    "$program" info cut.h5 >info.log 2>&1 && fail "a file cut short goes unseen"
    grep -q 'cut short' info.log || { fail "truncation is not reported"; cat info.log; }
fi

[ "$(dd if="$newest" bs=1 skip=5000 count=1 2>/dev/null)" = x ] && other=y || other=x
printf $other | dd of="$newest" bs=1 seek=5000 conv=notrunc 2>/dev/null
said "$(basename "$newest"): not intact: .*damaged" run
"$program" info "$newest" >info.log 2>&1
[ $? = 9 ] || { fail "a damaged checkpoint does not end with 9"; cat info.log; }

# A run that failed before it saved anything is described too; a folder that is not of a run is refused.
"$program" classifier.yaml --run-dir early --set optimizer.adam.learning_rate=1e30 >train.log 2>&1 && fail "no failure"
rm -rf early/checkpoints
said '^checkpoints: 0$' early
grep -q '^status: 3 .*NaN or Inf' info.log || { fail "the failure is not described"; cat info.log; }
grep -q '^results: missing: the run has not been trained to its end' info.log || { fail "missing results"; cat info.log; }
mkdir -p plain
"$program" info plain >info.log 2>&1 && fail "a folder is taken for a run"
grep -q 'plain: is neither a file nor a run directory' info.log || { fail "a folder"; cat info.log; }
finish
