#!/usr/bin/env python3
"""guard.py PROGRAM TOOLS [--record]: whether the program is still as fast as it was, by ratios alone: times depend on
the machine and its load, ratios of runs in turn hardly.

Compares with tests/bench/ratios.json, where each CPU has its own: exit code 1 if a ratio is below TOLERANCE times the
recorded one, 77 if this CPU is not in it. --record writes the ratios measured now."""
import json
import sys
import tempfile
from pathlib import Path
from statistics import median

from ours import FOLDER, Nntrain

RECORDED = FOLDER.parent.parent / "tests/bench/ratios.json"
TOLERANCE = 0.8
ROUNDS = 3
EPOCHS = 3
CORES = 2
NETWORKS = ("mlp", "cnn", "lstm", "transformer")
SKIPPED = 77

# Name of a run: kernels, (ranks, threads), more settings.
RUNS = {
    "blas": ("blas", (2, 1)),
    "blas 1x2": ("blas", (1, 2)),
    "mpi": ("blas", (2, 1), "training.allreduce=mpi"),
    "portable": ("portable", (2, 1)),
    "portable 1x2": ("portable", (1, 2)),
    "mixed": ("mixed", (2, 1)),
}
# sgemm: what the products of a sample would allow at the rate of OpenBLAS's sgemm.
RATIOS = (("blas", "sgemm"), ("portable", "sgemm"), ("portable", "blas"), ("mixed", "portable"), ("blas", "mpi"),
          ("blas 1x2", "blas"), ("portable 1x2", "portable"))


def cpu():
    """Vendor, family and model, and the instructions that decide the speed."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    fields = dict(reversed([[part.strip() for part in line.split(":", 1)] for line in lines if ":" in line]))
    special = [flag for flag in ("avx2", "avx512f", "avx512_bf16") if flag in fields.get("flags", "").split()]
    return " ".join([*(fields.get(name, "unknown") for name in ("vendor_id", "cpu family", "model")), *special])


class Guard:
    def __init__(self, nntrain):
        self.nntrain, self.rates = nntrain, {}

    def measure(self, network):
        sgemm = self.nntrain.sgemm(CORES)
        for name, run in RUNS.items():
            found = self.nntrain.train(network, *run, epochs=EPOCHS)
            self.rates.setdefault((network, name), []).append(found["rate"])
        self.rates.setdefault((network, "sgemm"), []).append(sgemm / found["flops"])

    def ratios(self, network):
        """Medians of the ratios of all rounds so far."""
        def ratio(above, below):
            return median(a / b for a, b in zip(self.rates[network, above], self.rates[network, below]))

        return {f"{above} / {below}": ratio(above, below) for above, below in RATIOS}


def below(ratios, recorded):
    return [name for name, value in recorded.items() if ratios[name] < TOLERANCE * value]


def main():
    recording = "--record" in sys.argv
    program, tools = [word for word in sys.argv[1:] if word != "--record"]
    everything = json.loads(RECORDED.read_text()) if RECORDED.exists() else {}
    recorded, failed, measured = everything.get(cpu(), {}), [], {}
    with tempfile.TemporaryDirectory(prefix="nntrain-guard-") as work:
        guard = Guard(Nntrain(program, tools, work))
        for network in NETWORKS:
            guard.nntrain.prepare(network)
            expected = recorded.get(network, {})
            # A slow ratio may be another program's fault: it is measured again.
            for rounds in (ROUNDS, ROUNDS):
                for _ in range(rounds):
                    guard.measure(network)
                measured[network] = guard.ratios(network)
                if recording or not below(measured[network], expected):
                    break
            for name, value in measured[network].items():
                print(f"{network:12} {name:28} {value:6.2f}   recorded {expected.get(name, 'not yet')}", flush=True)
            failed += [f"{network}: {name}" for name in below(measured[network], expected)]
    if recording:
        rounded = {network: {name: round(value, 2) for name, value in ratios.items()}
                   for network, ratios in measured.items()}
        RECORDED.write_text(json.dumps({**everything, cpu(): rounded}, indent=1) + "\n")
        return 0
    if not recorded:
        print(f"no ratios are recorded for this CPU, {cpu()}: guard.py PROGRAM TOOLS --record")
        return SKIPPED
    for name in failed:
        print(f"below {TOLERANCE} times the recorded ratio: {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
