#!/usr/bin/env bash
# Damage to the files of a run, by a disk or a person: {truncated, flipped, deleted, empty, swapped, unreadable} x
# {weights, optimizer, manifest, newest, all}. Each combination ends with the right fallback (the bits of the
# uninterrupted run) or the right refusal: exit 9, each file named, nothing removed.
source "$(dirname "$0")/common.sh"
damage=$2/tests/damage_checkpoint
faults=$2/tests/nntrain_faults
export OMP_NUM_THREADS=1
cat >small.yaml <<YAML
data:
  file: $digits/digits.h5
  train: {x: x_train, y: y_train}
  validation: {x: x_valid, y: y_valid}
network: [flatten, dense: {units: 12, activation: relu}, dense: {units: classes}]
loss: cross_entropy
lr_schedule: constant
training: {epochs: 3, batch_size: 72, microbatch_size: 18, peak_seconds: 0}
checkpoint: {every: 5 steps, keep_last: 3}
YAML

# go DIRECTORY ARGUMENT...: output to train.log
go() {
    local directory=$1
    shift
    "$program" train small.yaml --run-dir "$directory" "$@" >train.log 2>&1
}
go whole || { cat train.log; fail "the uninterrupted run"; }
reference=$(fingerprint)
go base --set training.epochs=2 || fail "the run until the disruption"
go other --set training.epochs=2 --set training.seed=2 || fail "another run"
steps=($(cd base/checkpoints && ls))
oldest=${steps[0]} before=${steps[1]} newest=${steps[2]}
echo "reference $reference; the run has $oldest, $before, $newest and best.h5"

# ---- kinds of damage: DAMAGE_file FILE and DAMAGE_dataset DATASET, the latter in the newest checkpoint of `case` ----
file=case/checkpoints/$newest
place() { "$damage" "$file" where "$1"; }
# flip FILE BYTE
flip() {
    local old
    old=$(od -An -tu1 -j "$2" -N 1 "$1")
    printf "\\x$(printf %x $((old ^ 4)))" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}
truncated_file() { truncate -s "$(($(stat -c %s "$1") / 2))" "$1"; }
flipped_file() { flip "$1" "$(($(stat -c %s "$1") / 2))"; }
deleted_file() { rm "$1"; }
empty_file() { : >"$1"; }
unreadable_file() {
    if [ "$(id -u)" = 0 ]; then
        rm "$1" && mkdir "$1"
    else
        chmod 000 "$1"
    fi
}
swapped_file() {
    case $1 in
    case/manifest) cp other/manifest "$1" ;;
    case/best.h5) cp other/best.h5 "$1" ;;
    *"$newest") cp "base/checkpoints/$before" "$1" ;;
    *) cp "base/checkpoints/$newest" "$1" ;;
    esac
}
truncated_dataset() {
    local at size
    read -r at size < <(place "$1")
    truncate -s $((at + size / 2)) "$file"
}
flipped_dataset() {
    local at size
    read -r at size < <(place "$1")
    flip "$file" $((at + size / 2))
}
empty_dataset() {
    local at size
    read -r at size < <(place "$1")
    head -c "$size" /dev/zero | dd of="$file" bs=1 seek="$at" conv=notrunc 2>/dev/null
}
deleted_dataset() { "$damage" "$file" delete "$1"; }
unreadable_dataset() { "$damage" "$file" group "$1"; }
# Checksums are swapped too: only the manifest and, for weights, the fingerprint reveal it.
swapped_dataset() { "$damage" "$file" swap "$1" optimizer/second_moment/dense1/weight; }

# ---- expected outcomes ----
cells=0 falls=0 refusals=0
new_case() {
    chmod -R u+rwX case 2>/dev/null
    rm -rf case
    cp -r base case
    cells=$((cells + 1))
}
# Lease and status are those of the last start, whatever it found.
content() { (cd case && find . -not -name lease -not -name status | sort && find . -type f -not -name lease -not -name status -exec md5sum {} + 2>/dev/null | sort); }
says() { grep -q -- "$2" train.log || { fail "$1: no message about '$2'"; cat train.log; }; }
found_by_verify() {
    "$program" verify case >verify.log 2>&1
    [ $? = "$2" ] || { fail "$1: verify does not end with $2"; cat verify.log; }
    [ "$2" = 0 ] || grep -A 1 -- "$3: BAD" verify.log | grep -q '^    ' || { fail "$1: verify does not report what is wrong with $3"; cat verify.log; }
}
# falls_back NAME FROM PATTERN...: the run continues from FROM, prints each PATTERN, and ends with the right bits
falls_back() {
    local name=$1 from=$2 pattern
    shift 2
    go case || { fail "$name: exit $?"; cat train.log; return; }
    [ "$(fingerprint)" = "$reference" ] || fail "$name: $(fingerprint), not $reference"
    says "$name" "resuming from case/$from:"
    for pattern in "$@"; do says "$name" "$pattern"; done
    falls=$((falls + 1))
}
# refuses NAME PATTERN...
refuses() {
    local name=$1 pattern was
    shift
    was=$(content)
    go case
    [ $? = 9 ] || { fail "$name: not refused with exit 9"; cat train.log; }
    [ "$(grep -c '^nntrain: ' train.log)" = 1 ] || { fail "$name: not one message"; cat train.log; }
    for pattern in 'nothing was removed' 'nntrain verify case' '--fresh' "$@"; do says "$name" "$pattern"; done
    [ "$(content)" = "$was" ] || fail "$name: something was changed"
    refusals=$((refusals + 1))
}

for kind in truncated flipped deleted empty swapped unreadable; do
    for group in weights optimizer/first_moment; do
        new_case
        ${kind}_dataset $group/dense1/weight
        found_by_verify "$kind $group" 9 "$newest"
        falls_back "$kind $group" "checkpoints/$before" "^warning: .*$newest.*falling back to"
    done

    new_case
    ${kind}_file "$file"
    found_by_verify "$kind newest" 9 "$newest"
    falls_back "$kind newest" "checkpoints/$before" "^warning: .*$newest.*falling back to"

    new_case
    ${kind}_file case/manifest
    case $kind in
    deleted) found_by_verify "$kind manifest" 0 && falls_back "$kind manifest" "checkpoints/$newest" ;;
    swapped) found_by_verify "$kind manifest" 9 "$newest" &&
        falls_back "$kind manifest" best.h5 "$newest is not the file that the manifest lists" ;;
    *) found_by_verify "$kind manifest" 9 manifest &&
        falls_back "$kind manifest" "checkpoints/$newest" '^warning: .*case/manifest.*relying on the seals of the checkpoints' ;;
    esac
    [ $kind != deleted ] || ! grep -q 'manifest\|falling back' train.log || fail "a missing manifest is not harmless"

    new_case
    for each in "$oldest" "$before" "$newest"; do ${kind}_file "case/checkpoints/$each"; done
    ${kind}_file case/best.h5
    found_by_verify "$kind all" 9 best.h5
    refuses "$kind all" "$oldest" "$before" "$newest" best.h5
done

# ---- beyond the matrix ----

# Another run's intact checkpoint of the right step, also without a manifest that identifies it.
for manifest in with without; do
    new_case
    cp "other/checkpoints/$newest" "$file"
    [ $manifest = with ] || rm case/manifest
    falls_back "another run's, $manifest manifest" "checkpoints/$before" "$newest belongs to another run.*falling back"
done
# All checkpoints are another run's: the settings do not match.
new_case
rm -r case && cp -r other case
go case
[ $? = 2 ] || { fail "another run's directory is not refused with exit 2"; cat train.log; }
says "another run's directory" 'training.seed: was 2, is now 1'

# The file of the best weights is a complete checkpoint: a run without others continues from it.
new_case
truncated_file "$file"
rm "case/checkpoints/$before" "case/checkpoints/$oldest"
falls_back "only the best weights" best.h5 "$newest.*falling back" "$before is missing" "$oldest is missing"

# A manifest alone does not invalidate a good checkpoint: the same file, written by another process.
new_case
cp -r case again
rm again/checkpoints/* again/manifest
go again --fresh --set training.epochs=2 || fail "the same run again"
rm case/checkpoints/* case/best.h5
cp "again/checkpoints/$newest" "$file"
falls_back "the same run's file of another process" "checkpoints/$newest" 'is not the file that the manifest'
rm -rf again

# Only the metrics are left; --fresh starts over.
new_case
rm case/checkpoints/* case/best.h5 case/manifest
refuses "only metrics.jsonl" metrics.jsonl
go case --fresh || { fail "--fresh"; cat train.log; }
[ "$(fingerprint)" = "$reference" ] || fail "--fresh: $(fingerprint), not $reference"

# A run killed before its first checkpoint starts over silently.
cat >none.yaml <<YAML
data: {file: $digits/digits.h5, train: {x: x_train, y: y_train}}
YAML
sed "/^data:/,/validation:/d" small.yaml >>none.yaml
NN_FAULT=commit.begun@4=kill "$faults" train none.yaml --run-dir killed >killed.log 2>&1 && fail "not killed before the first checkpoint"
"$program" train none.yaml --run-dir killed >train.log 2>&1 || { fail "it does not begin again"; cat train.log; }
grep -q 'gone\|falling back\|resuming' train.log && { fail "a word of checkpoints that never were"; cat train.log; }

# Killed between a checkpoint and its line in the manifest: harmless, without a message.
new_case
rm -r case
NN_FAULT=manifest.due@2=kill "$faults" train small.yaml --run-dir case >killed.log 2>&1 && fail "not killed before the manifest"
found_by_verify "killed before the manifest" 0
go case || { fail "after a kill before the manifest"; cat train.log; }
[ "$(fingerprint)" = "$reference" ] || fail "killed before the manifest: $(fingerprint), not $reference"
grep -q 'manifest\|falling back' train.log && { fail "a kill before the manifest is reported"; cat train.log; }

# checkpoint.verify: a bit that changes after sealing fails the save; without it, it is found on reading.
new_case
NN_FAULT=commit.bytes@8=flip "$faults" train small.yaml --run-dir case --set checkpoint.verify=true >train.log 2>&1
grep -q '^fault: commit.bytes: .* of [0-9]\{5,\} on' train.log || { fail "no bit of a checkpoint was flipped"; cat train.log; }
grep -q 'was discarded' train.log || { fail "a flipped bit is not found on reading again"; cat train.log; }
found_by_verify "a save that failed" 0
[ -z "$(find case -name '*.tmp')" ] || fail "a bad file is left"
rm -r case && cp -r base case
NN_FAULT=commit.bytes@8=flip "$faults" train small.yaml --run-dir case >train.log 2>&1
"$program" verify case >verify.log 2>&1 && { fail "a flipped bit is not found by verify"; cat train.log verify.log; }

echo "$cells cells: $falls fall-backs with the right bits, $refusals refusals with nothing removed"
# ---- best weights that could not be written: the same command writes and lists them ----
mkdir -p unsaved/best.h5.nntrain.tmp
go unsaved --set training.epochs=1
found=$?
[ $found = 11 ] || fail "best weights that are not saved: exit $found"
grep -q 'it writes what is missing' train.log || { fail "no remedy is reported"; cat train.log; }
rmdir unsaved/best.h5.nntrain.tmp
go unsaved --set training.epochs=1 || fail "the run that writes the best weights"
cmp unsaved/best.h5 "$(find unsaved/checkpoints -name 'step-*.h5' | sort | tail -n 1)" || fail "other best weights"
grep -q '^best ' unsaved/manifest || fail "restored best weights are not listed"

finish
