"""Training on emulated hosts: the cases of scripts/bench_hosts.sh, as a table and as JSON."""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import tempfile


class Case:
    """One way to train a network; each has its turn in every round."""

    def __init__(self, name, network, hosts, rate, slots=1, steps=0, settings=(), flat=False):
        self.name, self.network, self.hosts, self.rate = name, network, hosts, rate
        self.slots, self.steps, self.settings, self.flat = slots, steps, settings, flat


# Bits per second of each cable and direction, as tc writes them.
RATES = {"100mbit": 1e8, "1gbit": 1e9, "10gbit": 1e10, "none": None}
BATCHES = {"resnet20": 64, "mlp": 256, "mlp-large": 256}
COLUMNS = {"resnet20": 3072, "mlp": 784, "mlp-large": 784}


def networks(name, rates, steps):
    """A network on one host and on two, the same ranks on both, at each rate."""
    yield Case(f"{name} on one host", name, 1, "none", slots=2, steps=steps)
    for rate in rates:
        yield Case(f"{name} on two hosts, {rate}", name, 2, rate, steps=steps if rate != "100mbit" else max(steps // 4, 2))


GROUPS = {
    "resnet20": list(networks("resnet20", ["1gbit", "100mbit"], 8)),
    "mlp": list(networks("mlp", ["1gbit", "100mbit"], 60)),
    "mlp-large": list(networks("mlp-large", ["1gbit"], 6)),
    "hierarchy": [
        Case(f"mlp on two hosts of two ranks, 1gbit, {name}", "mlp", 2, "1gbit", slots=2, steps=60, **options)
        for name, options in (("by node", {}), ("flat", {"flat": True}),
                              ("allreduce: mpi", {"settings": ("training.allreduce=mpi",)}))
    ],
    "wire": [
        Case(f"mlp on {hosts} hosts, {rate}, wire: {wire}", "mlp", hosts, rate, steps=steps,
             settings=(f"training.wire={wire}",))
        for rate, steps in (("100mbit", 4), ("1gbit", 20)) for hosts in (2, 4) for wire in ("float32", "bf16")
    ],
}


def train(root, folder, case):
    """Returns the results of the epochs after the first."""
    program = root / "build/release" / ("tests/nntrain_faults" if case.flat else "nntrain")
    samples = case.steps * BATCHES[case.network]
    data = folder / f"{case.network}-{samples}.h5"
    if not data.exists():
        make = root / "build/release/tests/make_data"
        subprocess.run([make, data, str(samples), str(COLUMNS[case.network]), "10", "0", "0", "0", "0", "4"], check=True,
                       stdout=subprocess.DEVNULL)
    # A rank that knows of no other on its node is "flat".
    environment = dict(os.environ, OMP_NUM_THREADS="1", NN_FAULT="comm.node_size=value:1" if case.flat else "")
    if case.rate != "none":  # as cluster/README.md recommends for slow links
        environment["OMPI_MCA_btl_tcp_flags"] = "send"
    command = [root / "cluster/testbed.sh", "hosts", str(case.hosts), case.rate, "--slots", str(case.slots), "--",
               "mpirun", program, "train", root / f"scripts/bench/{case.network}.yaml", "--run-dir", folder / "run",
               "--fresh"]
    # A network that has learned its few samples by heart has denormal gradients, with which processors are slow.
    slowly = ("optimizer.adam.learning_rate=1e-7", "lr_schedule=constant")
    for setting in (f"data.file={data}", "training.epochs=3", "training.verify_every=0", *slowly, *case.settings):
        command += ["--set", setting]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{case.name}: exit {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    lines = (folder / "run/metrics.jsonl").read_text().splitlines()
    return [json.loads(line)["time"] for line in lines[1:]]


def judge(case, times, alone):
    """The medians of a case. alone: seconds per step of the same network on one host, or None."""
    batch = BATCHES[case.network]
    rate = statistics.median(time["samples_per_second"] for time in times)
    result = {"samples_per_second": rate, "step_seconds": batch / rate}
    passing, waited = (sum(time[f"communication_{key}"] for time in times) for key in ("seconds", "waited"))
    result["in_progress"] = passing / sum(time["seconds"] for time in times)
    result["hidden"] = max(0, 1 - waited / passing) if passing else None
    if "communication_sent_by_node" not in times[0]:  # of MPI's own sums
        return result
    sent = statistics.median(time["communication_sent_by_node"] for time in times) / case.steps
    result["bytes_sent_by_node_and_step"] = sent
    if RATES[case.rate]:
        result["wire_seconds"] = 8 * sent / RATES[case.rate]
        if alone:
            result["step_over_bound"] = result["step_seconds"] / max(alone, result["wire_seconds"])
    return result


def show(name, result):
    def number(key, form, scale=1):
        return form.format(scale * result[key]) if result.get(key) is not None else "-"

    print(f"{name:46}{number('samples_per_second', '{:10.0f}')}{number('step_seconds', '{:10.2f}', 1e3):>10}"
          f"{number('wire_seconds', '{:.2f}', 1e3):>10}{number('step_over_bound', '{:.2f}'):>8}"
          f"{number('in_progress', '{:.0f} %', 100):>10}{number('hidden', '{:.0f} %', 100):>8}", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="bench_hosts.sh")
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cases", default=",".join(GROUPS), help="of " + ", ".join(GROUPS))
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    unknown = set(options.cases.split(",")) - set(GROUPS)
    if unknown:
        raise SystemExit(f"bench_hosts.sh: no cases {', '.join(sorted(unknown))}; there are {', '.join(GROUPS)}")
    results = {}
    print(f"{'':46}{'samples/s':>10}{'step, ms':>10}{'wire, ms':>10}{'ratio':>8}{'in flight':>10}{'hidden':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for group in options.cases.split(","):
            times = {case.name: [] for case in GROUPS[group]}
            for _ in range(options.rounds):
                for case in GROUPS[group]:
                    times[case.name] += train(options.root, pathlib.Path(folder), case)
            alone = None
            for case in GROUPS[group]:
                results[case.name] = judge(case, times[case.name], alone)
                if case.hosts == 1:
                    alone = results[case.name]["step_seconds"]
                show(case.name, results[case.name])
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
