#!/usr/bin/env bash
# nntrain plot: what it draws lies where metrics.jsonl says, for several runs, metrics and axes; means and bands; odd names;
# runs that are damaged, missing or very long.
source "$(dirname "$0")/common.sh"
find_python
[ -n "$python" ] || { echo "skipped: no Python with h5py and numpy"; exit 77; }

classifier
use_engine classifier.yaml
for seed in 1 2 3; do
    train 1 1 classifier.yaml --run-dir "runs/a&b <$seed>" --set training.seed=$seed || { cat train.log; fail "run $seed"; }
done
train 1 1 classifier.yaml --run-dir runs/fast --set optimizer.adam.learning_rate=0.02 || { cat train.log; fail "fast run"; }

# points FILE: the curves of a drawing as "legend: x,y x,y ...", in the units of its axes, read from its ticks
cat >points.py <<'PY'
import re, sys, math
import xml.etree.ElementTree as tree
s = "{http://www.w3.org/2000/svg}"
logs = sys.argv[2:]
def axis(pairs, log):
    (p, a), (q, b) = pairs[0], pairs[-1]
    if log: a, b = math.log(a), math.log(b)
    return lambda at: (math.exp if log else float)(a + (b - a) * (at - p) / (q - p))
for chart in tree.parse(sys.argv[1]).getroot().iter(s + "g"):
    texts = [(t.get("text-anchor"), float(t.get("x")), float(t.get("y")), t.text) for t in chart.iter(s + "text")]
    number = re.compile(r"-?[\d.]+(e[+-]?\d+)?$")
    ticks = [t for t in texts if number.match(t[3])]
    xs = axis(sorted((t[1], float(t[3])) for t in ticks if t[0] == "middle"), "x" in logs)
    ys = axis(sorted((t[2] - 4, float(t[3])) for t in ticks if t[0] == "end"), "y" in logs)
    names = [t[3] for t in texts if t[0] == "start"]
    curves = [p for p in chart.iter(s + "path") if "chart-curve" in p.get("class")]
    bands = [p for p in chart.iter(s + "path") if "chart-band" in p.get("class")]
    assert len(curves) == 2 * len(names), (len(curves), names)
    for name, path in list(zip(names, curves[len(names):])) + [("band", p) for p in bands]:
        pairs = [pair.split(",") for pair in re.split("[ML]", path.get("d").strip("Z").replace("h0", "")) if pair]
        print(name + ":", *("%.4g,%.6g" % (xs(float(x)), ys(float(y))) for x, y in pairs))
PY
points() { "$python" points.py "$@" || fail "$1 cannot be read"; }

run plot "runs/a&b <1>" loss accuracy -o curve.svg
points curve.svg >drawn
[ "$(cut -d: -f1 drawn | tr '\n' ' ')" = "validation train validation train " ] || { fail "not these curves"; cat drawn; }
cat >compare.py <<'PY'
import json, sys
lines = [json.loads(line) for line in open("runs/a&b <1>/metrics.jsonl")]
for text, (part, metric) in zip(open("drawn"), [("validation", "loss"), ("train", "loss"), ("validation", "accuracy"), ("train", "accuracy")]):
    got = [tuple(map(float, pair.split(","))) for pair in text.split(":")[1].split()]
    assert len(got) == len(lines), (got, len(lines))
    for (x, y), line in zip(got, lines):
        assert abs(x - line["epoch"]) < 0.02 and abs(y - line[part][metric]) < 0.005, (metric, x, y, line)
PY
"$python" compare.py || fail "the drawing does not show what metrics.jsonl has"
grep -oE 'text-anchor="middle"[^>]*>[0-9.]+<' curve.svg >counts || fail "no ticks"
! grep -E '>.*\.' counts || fail "ticks between epochs"

# ---- several runs, and their mean ----
run plot runs/* validation.loss -o several.svg --log y --x step --title 'Läufe <&>'
points several.svg y >drawn
grep -qF 'a&b <2>: ' drawn && [ "$(wc -l <drawn)" = 4 ] || { fail "not four curves with their names"; cat drawn; }
run plot runs/* validation.loss -o mean.svg --mean
points mean.svg >drawn
cat >mean.py <<'PY'
import json, statistics
runs = [[json.loads(line)["validation"]["loss"] for line in open("runs/a&b <%d>/metrics.jsonl" % seed)] for seed in (1, 2, 3)]
text = {line.split(":")[0]: [tuple(map(float, p.split(","))) for p in line.split(":")[1].split()] for line in open("drawn")}
mean = [y for x, y in next(points for name, points in text.items() if "of 3 runs" in name)]
for values, y in zip(zip(*runs), mean): assert abs(statistics.mean(values) - y) < 0.005, (values, y)
edge = [statistics.mean(v) + statistics.stdev(v) for v in zip(*runs)], [statistics.mean(v) - statistics.stdev(v) for v in zip(*runs)]
for want, (x, y) in zip(edge[0] + edge[1][::-1], text["band"]): assert abs(want - y) < 0.005, (want, y)
assert any(name == "learning_rate 0.02" for name in text), text.keys()
PY
"$python" mean.py || { fail "mean and band"; cat drawn; }

# ---- in the terminal ----
COLUMNS=70 LC_ALL=C run plot runs/fast loss accuracy --terminal
! grep -q '[^ -~]' log || { fail "not ASCII with LC_ALL=C"; cat log; }
[ "$(awk '{ if (length > most) most = length } END { print (most <= 70 && most > 50) }' log)" = 1 ] || { fail "not about 70 wide"; cat log; }
LC_ALL=C.UTF-8 run plot runs/* validation.loss --terminal --mean
said 'learning_rate 0.02'

# ---- what is missing, damaged or long ----
mkdir long cut
"$python" - <<'PY'
import random
random.seed(1)
with open("long/metrics.jsonl", "w") as out:
    for e in range(1, 10001):
        value = 7.5 if e == 6543 else 1 + random.random()
        out.write('{"epoch":%d,"step":%d,"learning_rate":0.1,"train":{"loss":%.17g},"time":{"seconds":1.0}}\n' % (e, 9 * e, value))
PY
run plot long loss -o long.svg
[ "$(stat -c %s long.svg)" -lt 60000 ] || fail "10,000 epochs make a drawing of $(stat -c %s long.svg) bytes"
points long.svg | grep -q ' 65[0-9]*,7\.\(5\|49\)' || fail "the largest of 10,000 values is not drawn"
{ sed -n 1,2p "runs/fast/metrics.jsonl"; echo '{"epoch":'; printf '{"epoch":3,"step":54,"tra'; } >cut/metrics.jsonl
program_refuses 2 "runs/none is not a run directory" plot runs/none loss -o cut.svg
mkdir runs/none
run plot cut runs/none runs/fast loss -o cut.svg
said "cut/metrics.jsonl: 1 of 3 lines cannot be read"
said "run omitted: runs/none/metrics.jsonl does not exist"
program_refuses 2 "none of the runs has results yet" plot runs/none loss -o cut.svg
program_refuses 2 "neither a run directory nor a result of these runs; runs/fast has: learning_rate, loss, accuracy" plot runs/fast lass -o cut.svg
program_refuses 2 "give a name that ends in .svg" plot runs/fast loss -o runs/fast/metrics.jsonl
program_refuses 2 "--name is given 1 times, for 2 runs" plot runs/fast cut loss -o cut.svg --name x
printf '{"line":"step","step":4,"steps":4,"loss":2.5,"gradient_norm":null}\n' >cut/metrics.jsonl
program_refuses 2 "add --x step" plot cut loss -o cut.svg
run plot cut loss gradient_norm --x step -o cut.svg
grep -q 'there is no finite value' cut.svg || fail "an empty panel does not say so"
finish
