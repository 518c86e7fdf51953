#!/usr/bin/env bash
# nntrain compare: the values of eval, numpy's intervals and McNemar's test on the same predictions, the same bytes on any
# number of ranks; a run against itself differs by exactly 0; what cannot be paired or was trained on is refused.
source "$(dirname "$0")/common.sh"
classifier
sed -i 's/^metrics: .*/metrics: [accuracy, f1, auc, log_loss]/; s/epochs: 3/epochs: 2/' classifier.yaml
sed 's/units: 96/units: 64/; s/, log_loss//; s/^optimizer.*/optimizer: {adam: {learning_rate: 0.003}}/' classifier.yaml >other.yaml
# The classes in another order.
sed -i 's/^network:/  fields: {y: {labels: [9,8,7,6,5,4,3,2,1,0]}}\n&/' other.yaml
regression
sed -i 's/^metrics: .*/metrics: [r2, rmse, mae]/; s/epochs: [0-9]*/epochs: 2/' regression.yaml
sed 's/seed: [0-9]*//; s/learning_rate: [0-9.]*/learning_rate: 0.003/' regression.yaml >slower.yaml
sed '/^  validation:/d; s/^  test:.*/  split: {test: 0.2, seed: 1}/; s/epochs: 2/epochs: 1/' classifier.yaml >split.yaml
sed 's/seed: 1}/seed: 2}/' split.yaml >split2.yaml
use_engine classifier.yaml other.yaml regression.yaml slower.yaml split.yaml split2.yaml
for name in classifier other split split2; do ends 0 1 1 --run-dir $name $name.yaml; done
for name in regression slower; do ends 0 1 1 --run-dir $name $name.yaml --set training.precision=float64; done

json() { # json FILE ARGUMENT...
    local file=$1
    shift
    "$program" compare "$@" --json >"$file" 2>log || { fail "compare $*"; cat log; }
}
json one.json classifier other --samples 2000
json values.json regression slower --samples 2000
json data.json classifier other --samples 2000 --data "$digits/digits.h5"
for ranks in 1 3; do
    OMP_NUM_THREADS=2 mpirun -n $ranks --bind-to none "$program" compare classifier other --samples 2000 --json >ranks.json 2>log ||
        { fail "compare on $ranks ranks"; cat log; }
    cmp -s one.json ranks.json || fail "other numbers on $ranks ranks"
done
json seed.json classifier other --samples 2000 --seed 2
cmp -s one.json seed.json && fail "--seed changes nothing"
[ "$(sed 's/.*"samples"//' one.json)" = "$(sed 's/.*"samples"//' data.json)" ] || fail "--data: not as the test part"
grep -q '"not_compared":"log_loss: not a metric of B' one.json || fail "log_loss of A alone is not mentioned"
for pair in classifier:a:one other:b:one regression:a:values slower:b:values; do
    IFS=: read -r name side file <<<"$pair"
    "$program" eval $name --json 2>log >eval.json || { fail "eval $name"; cat log; }
    for metric in loss accuracy auc f1 r2 rmse mae; do
        value=$(grep -o "\"metrics\":{[^}]*}" eval.json | head -1 | grep -o "[{,]\"$metric\":[^,}]*" | sed 's/.*://')
        [ -z "$value" ] || grep -o "\"$metric\":{\"better[^}]*" $file.json | grep -qF "\"$side\":$value," || fail "$name: $metric is $value in eval"
    done
done

run compare classifier classifier --samples 200
said "no difference can be shown: loss (B - A: 0 to 0), accuracy (B - A: 0.00 % to 0.00 %)"
said "only A is correct for 0 samples, only B for 0: p = 1 (exact"
grep -q "is better" log && fail "a run is better than itself"

program_refuses 2 "is a class for one of" compare classifier regression
program_refuses 2 "so they cannot be paired" compare classifier split
program_refuses 2 "so they cannot be paired" compare split split2
program_refuses 2 "has rows that split/checkpoints/step-" compare split split --data "$digits/digits.h5"
program_refuses 2 "the runs were trained on it" compare classifier other --part train
program_refuses 2 "takes an integer from 100" compare classifier other --samples 3
program_refuses 2 "give two run directories" compare classifier

find_python
[ -n "$python" ] || finish
"$python" - "$digits/digits.h5" <<'PYTHON'
import h5py, sys
with h5py.File(sys.argv[1]) as file, h5py.File("copy.h5", "w") as copy:
    copy["x"], copy["y"] = file["x_train"][...], file["y_train"][...]
PYTHON
program_refuses 2 "have the inputs that classifier/best.h5 was trained on" compare classifier other --data copy.h5
for name in classifier other regression slower; do run predict $name --part test -o $name.h5; done
"$python" - <<'PYTHON' || fail "not as numpy computes it"
import json, math, sys
import h5py, numpy as np

generator = np.random.default_rng(7)
bad = 0


def check(what, found, wanted, within):
    global bad
    if not abs(found - wanted) <= within:
        bad += 1
        print(f"{what}: {found!r}, numpy has {wanted!r}")


def columns(name):
    with h5py.File(name) as file:
        return {key: file[key][...] for key in file if isinstance(file[key], h5py.Dataset)}


def f1(truth, predicted):
    scores = []
    for c in range(10):
        hits, right, as_c = ((truth == c) & (predicted == c)).sum(), (truth == c).sum(), (predicted == c).sum()
        if right + as_c:
            scores.append(2 * hits / (right + as_c))
    return np.mean(scores)


def auc(truth, probabilities):
    areas = []
    for c in range(10):
        yes, no = probabilities[truth == c, c], np.sort(probabilities[truth != c, c])
        if len(yes) and len(no):
            areas.append(np.mean(np.searchsorted(no, yes) + np.searchsorted(no, yes, "right")) / (2 * len(no)))
    return np.mean(areas)


def compare(file, metrics, truth, of_a, of_b, count=2000, exact=1e-12, loose=0.12):
    results = json.load(open(file))["results"]
    draws = generator.integers(0, len(truth), (count, len(truth)))
    for name, metric in metrics.items():
        result = results[name]
        a, b = metric(truth, of_a), metric(truth, of_b)
        check(name, result["difference"], b - a, exact * max(1, abs(a)))
        differences = [metric(truth[i], of_b[i]) - metric(truth[i], of_a[i]) for i in draws]
        interval = np.percentile(differences, [2.5, 97.5])
        for found, basic, wanted in zip(result["percentile"], result["basic"][::-1], interval):
            check(name + ", interval", found, wanted, loose * (interval[1] - interval[0]))
            check(name + ", basic interval", basic, 2 * result["difference"] - found, 1e-12)


a, b = columns("classifier.h5"), columns("other.h5")
truth, of_a, of_b = (d["y_class"].astype(int)[d[key]] for d, key in ((a, "y"), (a, "y_predicted"), (b, "y_predicted")))
compare("one.json", {"accuracy": lambda t, p: np.mean(t == p), "f1": f1}, truth, of_a, of_b)
# Probabilities are stored in single precision.
compare("one.json", {"auc": auc}, truth, a["y_probability"], b["y_probability"][:, ::-1], 400, 1e-6, 0.2)
values = {
    "r2": lambda t, p: 1 - np.sum((p - t) ** 2) / np.sum((t - np.mean(t)) ** 2),
    "rmse": lambda t, p: np.sqrt(np.mean((p - t) ** 2)),
    "mae": lambda t, p: np.mean(np.abs(p - t)),
}
c, d = columns("regression.h5"), columns("slower.h5")
compare("values.json", values, c["y"], c["y_predicted"], d["y_predicted"])
test = json.load(open("one.json"))["mcnemar"]["y"]
only_a, only_b = int(((of_a == truth) & (of_b != truth)).sum()), int(((of_b == truth) & (of_a != truth)).sum())
check("only A", test["only_a"], only_a, 0)
check("only B", test["only_b"], only_b, 0)
count, fewer = only_a + only_b, min(only_a, only_b)
if count < 25:
    check("p", test["p"], min(1, 2 * sum(math.comb(count, k) for k in range(fewer + 1)) / 2**count), 1e-12)
else:
    statistic = max(abs(only_a - only_b) - 1, 0) ** 2 / count
    check("chi-squared", test["statistic"], statistic, 1e-12 * statistic)
    check("p", test["p"], math.erfc(math.sqrt(statistic / 2)), 1e-12)
sys.exit(bad > 0)
PYTHON
finish
