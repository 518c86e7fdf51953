#!/usr/bin/env python3
"""compare.py PROGRAM TOOLS PYTHON [--networks A,B] [--rounds N] [--only training|inference] [--json FILE]: trains and
evaluates the same networks with nntrain and with PyTorch on two cores, in turn, and shows the best of each.

Called by scripts/bench.sh --peer pytorch. PROGRAM and the folder TOOLS of the tests' tools are built; PYTHON has
PyTorch."""
import argparse
import datetime
import json
import platform
import sys
import tempfile
from pathlib import Path
from statistics import median

from ours import ENGINES, FOLDER, SIZES, Failed, Nntrain, run, samples_evaluated

LAYOUTS = ((2, 1), (1, 2))  # ranks x threads
BATCHES = (1, 32, 256)  # of inference
KEPT = 2  # configurations of each precision that are measured in every round
IMAGES = ("cnn", "resnet20", "conv3d")
PRECISIONS = {"float32": ("blas", "portable"), "mixed": ("mixed",)}  # ours; PyTorch's is bf16 autocast
VECTORS = " vectors"  # ends the name of a configuration of PyTorch without matrix units (AMX)


def layout_name(layout):
    return f"{layout[0]}x{layout[1]}"


def progress(text):
    print(f"{datetime.datetime.now():%H:%M:%S} {text}", file=sys.stderr, flush=True)


class Results:
    """Measurements by configuration, such as `blas 2x1` or `1x2 fused+bf16`; and what failed, once each."""

    def __init__(self):
        self.rates, self.growth, self.failed = {}, {}, {}

    def add(self, name, measured):
        if "error" in measured:
            self.failed.setdefault(name, measured["error"])
            return
        self.rates.setdefault(name, []).append(measured["rate"])
        if "growth" in measured:
            self.growth.setdefault(name, []).append(measured["growth"])

    def measure(self, name, function, *arguments):
        if name in self.failed:
            return None
        try:
            measured = function(*arguments)
        except Failed as error:
            measured = {"error": str(error)}
        self.add(name, measured)
        return measured

    def rate(self, name):
        return median(self.rates[name]) if name in self.rates else None

    def best(self, wanted):
        """The name of the fastest configuration that is wanted(name); None: there is none."""
        return max(filter(wanted, self.rates), key=self.rate, default=None)

    def raw(self):
        return {"samples_per_second": self.rates, "growth_bytes": self.growth, "failed": self.failed}


# ---- PyTorch ----


class Pytorch:
    def __init__(self, python, work):
        self.python, self.work = python, work

    def version(self):
        return run([self.python, FOLDER / "pytorch.py", "version"]).strip()

    def variants(self, what, network):
        """All combinations worth a try, in float32 and under bf16 autocast."""
        best = ["fused"] if what == "train" else []
        words = [[], best, [*best, "compile"]]
        if network in IMAGES:
            words += [[*best, "channels_last"], [*best, "channels_last", "compile"]]
        names = dict.fromkeys("+".join(each) or "default" for each in words)
        return [*names, *(f"{name}+bf16" for name in names)]

    def run(self, what, network, layout, passes, batch, variants, vectors=False):
        """One process or group of processes: {configuration: measured}. vectors: without matrix units."""
        ranks, threads = layout
        samples = SIZES[network].samples if what == "train" else samples_evaluated(network, batch)
        settings = [f"TORCHINDUCTOR_CACHE_DIR={self.work}/inductor"]
        settings += ["ONEDNN_MAX_CPU_ISA=AVX512_CORE_BF16"] if vectors else []
        numbers = (ranks, threads, passes, samples, batch)
        command = ["env", *settings, self.python, FOLDER / "pytorch.py", what, network, *numbers, *variants]
        output = run(command, threads, timeout=3600)
        results = [json.loads(line) for line in output.splitlines() if line.startswith('{"variant"')]
        return {f"{layout_name(layout)} {each['variant']}": each for each in results}

    def scan(self, what, network, passes, batch):
        """A brief measurement of everything: the names of the best of each precision, and what failed."""
        rates, failed = {}, {}
        for layout in LAYOUTS:
            try:
                measured = self.run(what, network, layout, passes, batch, self.variants(what, network))
            except Failed as error:
                failed[f"{layout_name(layout)}, all"] = str(error)
                continue
            rates.update({name: each["rate"] for name, each in measured.items() if "rate" in each})
            failed.update({name: each["error"] for name, each in measured.items() if "error" in each})
        ranking = sorted(rates, key=rates.get, reverse=True)
        kept = []
        for wanted in (False, True):
            kept += [name for name in ranking if ("bf16" in name) == wanted][:KEPT]
        return kept, rates, failed

    def train(self, network, name, passes, vectors=False):
        """In a process or group of its own, so that its memory can be measured."""
        layout, variant = name.split()
        layout = tuple(map(int, layout.split("x")))
        return self.run("train", network, layout, passes, 0, [variant], vectors).get(name, {"error": "no result"})

    def evaluate(self, network, names, batch, vectors=False):
        """Yields names and what is measured."""
        for layout in LAYOUTS:
            variants = [name.split()[1] for name in names if name.startswith(layout_name(layout))]
            try:
                measured = self.run("eval", network, layout, 1, batch, variants, vectors) if variants else {}
            except Failed as error:
                measured = {f"{layout_name(layout)}, all": {"error": str(error)}}
            yield from measured.items()


# ---- one network ----


def flags():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split() for line in lines if line.startswith("flags")), [])


def with_matrix_units(kept):
    """The best under bf16 autocast, if this CPU has matrix units, which nntrain does not use."""
    return [name for name in kept if "bf16" in name][:1] if "amx_bf16" in flags() else []


def compare_training(ours, theirs, network, rounds, cores):
    passes = SIZES[network].epochs - 1
    progress(f"{network}: PyTorch, every configuration")
    kept, scanned, failed = theirs.scan("train", network, max(passes // 3, 1), 0)
    mine, others, sgemm, flops = Results(), Results(), [], 0
    others.failed.update(failed)
    for number in range(rounds):
        progress(f"{network}: training, round {number + 1} of {rounds}")
        sgemm.append(ours.sgemm(cores))
        for engine in ENGINES:
            for layout in LAYOUTS:
                measured = mine.measure(f"{engine} {layout_name(layout)}", ours.train, network, engine, layout)
                flops = measured["flops"] if measured and "flops" in measured else flops
        mine.measure("blas 2x1 mpi", ours.train, network, "blas", (2, 1), "training.allreduce=mpi")
        for name in kept:
            others.measure(name, theirs.train, network, name, passes)
        for name in with_matrix_units(kept):
            others.measure(name + VECTORS, theirs.train, network, name, passes, True)
    return {"ours": mine, "theirs": others, "first": scanned, "sgemm": sgemm, "flops": flops}


def compare_inference(ours, theirs, network, batch, rounds):
    """The first round measures all configurations of both; the others the best of each precision."""
    progress(f"{network}: inference, batch {batch}, every configuration")
    kept, scanned, failed = theirs.scan("eval", network, 1, batch)
    mine, others = Results(), Results()
    others.failed.update(failed)
    names = {}
    for engine in ENGINES:
        try:
            ours.prepare_eval(network, engine, batch)
        except Failed as error:
            mine.failed[engine] = str(error)
            continue
        names.update({f"{engine} {layout_name(layout)}": (engine, layout) for layout in LAYOUTS})
    for number in range(rounds):
        progress(f"{network}: inference, batch {batch}, round {number + 1} of {rounds}")
        for name, (engine, layout) in names.items():
            mine.measure(name, ours.evaluate, network, engine, layout, batch)
        for name, measured in theirs.evaluate(network, kept, batch):
            others.add(name, measured)
        for name, measured in theirs.evaluate(network, with_matrix_units(kept), batch, True):
            others.add(name + VECTORS, measured)
        best = [mine.best(lambda name, engines=engines: name.split()[0] in engines) for engines in PRECISIONS.values()]
        names = {name: what for name, what in names.items() if name in best}
    return {"ours": mine, "theirs": others, "first": scanned}


# ---- tables ----


def best_of(found, precision):
    """Names of our best and their best configuration of a precision; None where there is none."""
    engines = PRECISIONS[precision]
    return (found["ours"].best(lambda name: name.split()[0] in engines and "mpi" not in name),
            found["theirs"].best(lambda name: ("bf16" in name) == (precision == "mixed") and VECTORS not in name))


def number(value, form="{:,.0f}"):
    return form.format(value) if value is not None else "-"


def quotient(above, below):
    return above / below if above is not None and below else None


def ratio_row(found, precision):
    own, other = best_of(found, precision)
    rates = found["ours"].rate(own), found["theirs"].rate(other)
    row = [number(rates[0]), own or "-", number(rates[1]), other or "-", number(quotient(*rates), "{:.2f}")]
    if precision == "mixed":
        vectors = found["theirs"].rate(found["theirs"].best(lambda name: VECTORS in name))
        row += [number(vectors), number(quotient(rates[0], vectors), "{:.2f}")]
    return row


def megabytes(results, name):
    return number(median(results.growth[name]) / 2**20 if results.growth.get(name) else None)


def layouts_ratio(mine, engine):
    return quotient(mine.rate(f"{engine} 1x2"), mine.rate(f"{engine} 2x1"))


def detail_row(network, found, precision):
    own, other = best_of(found, precision)
    mine = found["ours"]
    engine = own.split()[0] if own else PRECISIONS[precision][0]
    blas, portable = (mine.best(lambda name, kind=kind: name.split()[0] == kind and "mpi" not in name)
                      for kind in PRECISIONS["float32"])
    single = precision == "float32"
    share = quotient(100 * found["flops"] * (mine.rate(own) or 0), median(found["sgemm"]))
    return [network, own or "-", number(share, "{:.0f} %"),
            number(quotient(mine.rate("blas 2x1"), mine.rate("blas 2x1 mpi")) if single else None, "{:.2f}"),
            number(layouts_ratio(mine, engine), "{:.2f}"),
            number(quotient(mine.rate(portable), mine.rate(blas)) if single else None, "{:.2f}"),
            megabytes(mine, own), megabytes(found["theirs"], other)]


LEFT = ("network", "network (batch)", "configuration", "nntrain")  # columns of names


def show(title, columns, rows):
    widths = [max(len(row[i]) for row in [columns, *rows]) for i in range(len(columns))]
    print(f"\n{title}")
    for row in [columns, *rows]:
        cells = [cell.ljust(width) if name in LEFT else cell.rjust(width)
                 for cell, width, name in zip(row, widths, columns)]
        print("  ".join(cells).rstrip())


def show_all(training, inference):
    for precision, theirs in (("float32", "float32"), ("mixed", "bf16 autocast")):
        both = ["nntrain/s", "configuration", "PyTorch/s", "configuration", "ratio"]
        both += ["without AMX", "ratio"] if precision == "mixed" else []
        against = f"nntrain in {precision} against PyTorch in {theirs}"
        if training:
            show(f"Training, {against}: the best configuration of each", ["network", *both],
                 [[network, *ratio_row(found, precision)] for network, found in training.items()])
            show(f"The same, in {precision}",
                 ["network", "nntrain", "of sgemm", "exact/mpi", "1x2/2x1", "portable/blas", "MiB", "PyTorch's MiB"],
                 [detail_row(network, found, precision) for network, found in training.items()])
        if inference:
            show(f"Inference, {against}: the best configuration of each", ["network (batch)", *both],
                 [[f"{network} ({batch})", *ratio_row(found, precision)]
                  for network, batches in inference.items() for batch, found in batches.items()])


def show_failed(training, inference):
    found = [(network, each) for network, each in training.items()]
    found += [(f"{network}, inference", each) for network, batches in inference.items() for each in batches.values()]
    lines = {}
    for network, each in found:
        for side in ("ours", "theirs"):
            for name, error in each[side].failed.items():
                program = "nntrain" if side == "ours" else "PyTorch"
                lines.setdefault(f"{program} {name}: {error}", []).append(network)
    if lines:
        print("\nFailed:")
    for line, networks in lines.items():
        print(f"  {line} ({', '.join(dict.fromkeys(networks))})")


NOTES = """
2x1: two ranks (processes) of one thread each; 1x2: one of two threads. PyTorch's 2x1 is DistributedDataParallel over
gloo in training, and two independent processes in inference. A brief first round measured every configuration of
PyTorch; all rounds repeated its best {kept} of each precision, in turn with nntrain's. Medians of {rounds} rounds.
without AMX: PyTorch's best bf16 configuration kept from matrix units, where the CPU has them: they sum in an order of
their own, so nntrain cannot use them.
of sgemm: products of nntrain per second, of the rate of OpenBLAS's sgemm (2048 x 2048) in the same run.
exact/mpi: allreduce exact against mpi, blas 2x1. 1x2/2x1: with the kernels of nntrain's best. portable/blas: best
against best. MiB: growth of the resident set of the largest process since its start, and PyTorch's since its imports,
of these configurations, data included. Batches of inference are microbatches of nntrain."""


def cpu():
    names = [line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
             if line.startswith("model name")]
    special = [flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if flag in flags()]
    return f"{len(names)} x {names[0] if names else platform.machine()} ({' '.join(special)})"


def plain(found):
    """For the JSON file."""
    return {key: value.raw() if isinstance(value, Results) else value for key, value in found.items()}


def arguments():
    parser = argparse.ArgumentParser(prog="bench.sh --peer pytorch")
    parser.add_argument("program")
    parser.add_argument("tools")
    parser.add_argument("python")
    parser.add_argument("--networks", default=",".join(SIZES), help="default: all")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=("training", "inference"))
    parser.add_argument("--json", help="file for all results")
    given = parser.parse_args()
    given.networks = given.networks.split(",")
    unknown = [name for name in given.networks if name not in SIZES]
    if unknown or given.rounds < 1:
        parser.error(f"no network {unknown[0]}: choose of {', '.join(SIZES)}" if unknown else "--rounds: at least 1")
    return given


def main():
    given = arguments()
    training, inference = {}, {}
    with tempfile.TemporaryDirectory(prefix="nntrain-bench-") as work:
        ours, theirs = Nntrain(given.program, given.tools, work), Pytorch(given.python, work)
        head = {"date": f"{datetime.datetime.now():%Y-%m-%d %H:%M}", "cpu": cpu(), "nntrain": ours.version(),
                "pytorch": theirs.version(), "rounds": given.rounds}
        for network in given.networks:
            ours.prepare(network)
            if given.only != "inference":
                training[network] = compare_training(ours, theirs, network, given.rounds, 2)
            if given.only != "training":
                inference[network] = {batch: compare_inference(ours, theirs, network, batch, given.rounds)
                                      for batch in BATCHES}
            if given.json:
                content = {**head, "training": {name: plain(found) for name, found in training.items()},
                           "inference": {name: {batch: plain(found) for batch, found in batches.items()}
                                         for name, batches in inference.items()}}
                Path(given.json).write_text(json.dumps(content, indent=1) + "\n")
    print(f"{head['date']}, {head['cpu']}")
    print("\n".join(head["nntrain"] + [f"PyTorch {head['pytorch']}"]))
    show_all(training, inference)
    show_failed(training, inference)
    print(NOTES.format(kept=KEPT, rounds=given.rounds))


if __name__ == "__main__":
    main()
