#!/usr/bin/env bash
# nntrain report: what the page shows is what the run directory has, of one run and of several; names that could break it;
# runs that are damaged, in progress or long; and the page in a browser, where there is one.
source "$(dirname "$0")/common.sh"
python=$(command -v python3) || { echo "skipped: no Python"; exit 77; }
tools=$source_folder/tests/tools

# page NAME RUN_DIR...: the report, compared with its sources
page() {
    local name=$1
    shift
    run report "$@" -o "$name.html"
    "$python" "$tools/check_report.py" "$name.html" "$@" || fail "$name.html does not show what the runs have"
}

# shows NAME TEXT: in the page; lacks NAME TEXT
shows() { grep -qF -- "$2" "$1.html" || fail "$1.html lacks: $2"; }
lacks() { ! grep -qF -- "$2" "$1.html" || fail "$1.html has: $2"; }

classifier
use_engine classifier.yaml
log='logging={every: 3 steps, norms: true}'
odd="runs/<b>a\"'&</script>"
train 2 1 classifier.yaml --run-dir "$odd" --set "$log" --profile || { cat train.log; fail "the first job"; }
train 3 1 classifier.yaml --run-dir "$odd" --set "$log" --profile --set training.epochs=6 || fail "the second job"
page odd "$odd"
said 'odd.html: '
shows odd '>3 ranks</text>'
shows odd '>best</text>'
shows odd 'started 2 times'
lacks odd '<b>a'
[ "$(stat -c %s odd.html)" -lt 1000000 ] || fail "the page has 1 MB"

regression
train 1 2 regression.yaml --run-dir runs/values || fail "a regression"
page values runs/values
said 'parts missing, see there: '
said 'Norms by layer'
shows values 'logging: {every: 50 steps, norms: true}'
shows values 'nntrain train --profile'

# ---- several runs ----
for rate in 0.0005 0.01; do
    for seed in 1 2; do
        train 1 1 classifier.yaml --run-dir "sweep/$rate-$seed" --set training.epochs=2 \
            --set "optimizer.adam.learning_rate=$rate" --set "training.seed=$seed" || fail "a run of the sweep"
    done
done
page sweep sweep/*
shows sweep 'mean over seeds and folds'
mkdir sweep/begun sweep/other
echo "running $(date -Is) nowhere:1 begun" >sweep/begun/status
run report sweep/* -o partly.html
said 'run omitted: sweep/other is not a run directory'
shows partly 'Runs without an intact checkpoint'
shows partly 'Omitted: sweep/other'

# A run counts once, however it is named.
run report sweep/0.01-1 sweep/0.01-1/ -o once.html
said 'sweep/0.01-1/ was named before: it counts once'
lacks once 'mean over seeds and folds'

# Many runs, and a long one: quickly, and not a large page.
for i in $(seq 60); do cp -r sweep/0.01-1 "many-$i"; done
page many many-*
lacks many 'NaN'
[ "$(grep -c 'class="chart-faint"' many.html)" = 100 ] || fail "not 50 curves in the background of two charts"
cp -r runs/values long
"$python" - <<'PY'
import json
line = json.loads(open("long/metrics.jsonl").readline())
with open("long/metrics.jsonl", "w") as out:
    for epoch in range(1, 10001):
        line["epoch"], line["step"] = epoch, epoch * 10
        line["train"]["loss"] = 1 / epoch
        out.write(json.dumps(line) + "\n")
PY
run report long -o long.html
[ "$(stat -c %s long.html)" -lt 2000000 ] || fail "the page of a long run has $(stat -c %s long.html) bytes"
shows long 'each 101th of 10000 rows'

# ---- what is missing or damaged ----
lacks values 'metrics.jsonl lacks lines'
cp -r runs/values short
head -n 1 runs/values/metrics.jsonl >short/metrics.jsonl
run report short -o short.html
shows short 'metrics.jsonl lacks lines that it had at the newest checkpoint'
cp -r runs/values less
rm less/metrics.jsonl less/results.json less/config.yaml
run report less -o less.html
shows less 'metrics.jsonl is missing'
shows less 'results.json is missing'
shows less 'this is the copy in the newest checkpoint'
for file in less/checkpoints/* less/best.h5; do head -c 1000 "$file" >cut && mv cut "$file"; done
cp runs/values/metrics.jsonl less
printf 'not a line\n{"epoch":9,"st' >>less/metrics.jsonl
run report less -o less.html
shows less 'What could not be read'
shows less '1 of 3 lines cannot be read'
shows less 'in checkpoints, none of which is intact: nntrain verify less'
cp runs/values/results.json less
sed -i 's/"samples":/"samples":9/' less/results.json
run report less -o less.html
shows less 'results.json is damaged'
program_refuses 2 'does not exist' report nowhere
program_refuses 2 'is not a run directory' report "$digits"
program_refuses 2 'is not a report of nntrain' report runs/values -o regression.yaml

# ---- in a browser ----
folder=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/nntrain
axe=$(ls "${NN_INTEROP:-$folder/interop}"/lib/python3*/site-packages/axe_core_python/axe.min.js 2>/dev/null | head -n 1)
if ! command -v chromium >/dev/null || [ -z "$axe" ]; then
    echo "not tested: the page in a browser (scripts/setup.sh interop installs Chromium and axe-core)"
else
    timeout 300 "$python" "$tools/browser.py" "$axe" odd.html values.html sweep.html less.html >browser.log 2>&1
    case $? in
    0) ;;
    124) echo "not tested: the page in a browser, which did not end within 5 minutes" ;;
    *) fail "the page in a browser"; cat browser.log ;;
    esac
fi
finish
