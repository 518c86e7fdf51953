"""nntrain as the other side of a comparison: data for the networks of this folder, and runs of train and eval."""
import contextlib
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

FOLDER = Path(__file__).parent

# Values per sample or, of sequences, symbols; samples in the file and epochs of a training run, the first of which is
# not measured. Inference is measured with one pass over several such files, or over fewer samples one by one.
Size = namedtuple("Size", "values symbols samples epochs files singles")
SIZES = {
    "mlp": Size(784, 0, 5120, 25, 10, 4096),
    "mlp-large": Size(1024, 0, 2048, 3, 1, 128),
    "cnn": Size(784, 0, 1280, 6, 2, 1024),
    "resnet20": Size(3072, 0, 640, 4, 4, 640),
    "lstm": Size(0, 64, 512, 4, 2, 256),
    "transformer": Size(0, 128, 256, 4, 4, 256),
    "conv3d": Size(4 * 32**3, 0, 128, 4, 4, 128),
}


def samples_evaluated(network, batch):
    size = SIZES[network]
    return size.samples * size.files if batch > 1 else size.singles



ENGINES = {
    "blas": ["training.kernels=blas"],
    "portable": ["training.kernels=portable"],
    "mixed": ["training.precision=mixed"],
}

# Runs a command and adds a line to a file: the most kilobytes that its resident set had.
PEAK = """import resource, subprocess, sys
code = subprocess.run(sys.argv[2:]).returncode
with open(sys.argv[1], "a") as file:
    file.write(f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}\\n")
sys.exit(code)"""


class Failed(Exception):
    """A run that ended with an error; the text is its last line."""


def run(command, threads=1, folder=None, timeout=900):
    """What a command prints."""
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads))
    try:
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=folder,
                              env=environment, timeout=timeout)
    except subprocess.TimeoutExpired as error:
        raise Failed(f"no end after {timeout} s") from error
    if done.returncode:
        raise Failed(next((line for line in (done.stderr + done.stdout).splitlines() if "nntrain:" in line),
                          f"exit code {done.returncode}: {done.stderr.strip()[-300:]}"))
    return done.stdout + done.stderr


def sets(*settings):
    return [word for setting in settings for word in ("--set", setting)]


class Nntrain:
    """Runs of one program. The networks are in folders of their own under `work`."""

    def __init__(self, program, tools, work):
        self.program, self.tools, self.work = Path(program).resolve(), Path(tools).resolve(), Path(work)
        self.at_start = {}

    def version(self):
        return run([self.program, "version"]).strip().splitlines()

    def prepare(self, network):
        """Writes the data of a network, and links to it for eval to read as several files."""
        size, folder = SIZES[network], self.work / network
        folder.mkdir(exist_ok=True)
        shutil.copy(FOLDER / f"{network}.yaml", folder)
        for name, samples in (("data", size.samples), ("single", size.singles)):
            if size.symbols:
                symbols = random.Random(1).choices([chr(code) for code in range(32, 127)] + ["\n"],
                                                   k=samples * size.symbols + 1)
                (folder / f"{name}.txt").write_text("".join(symbols))
                run([self.program, "import", "text", f"{name}.txt", "-o", f"{name}.h5"], folder=folder)
            else:
                run([self.tools / "make_data", f"{name}.h5", samples, size.values, 10, 0, 0, 0, 0, 4], folder=folder)
        for copy in range(size.files):
            (folder / f"copy-{copy}.h5").symlink_to("data.h5")

    def launch(self, network, layout, words):
        """Runs the program as layout = (ranks, threads)."""
        ranks, threads = layout
        return run(["mpirun", "-n", ranks, "--bind-to", "none", sys.executable, "-S", "-c", PEAK, self.work / "peaks",
                    self.program, *words], threads, self.work / network)

    def peak(self):
        """Bytes of the largest resident set of the last run's ranks."""
        peaks = self.work / "peaks"
        most = 1024 * max(map(int, peaks.read_text().split()))
        peaks.unlink()
        return most

    def start_size(self, network, layout):
        """The resident set of a rank that has started and then finds no data."""
        if layout not in self.at_start:
            with contextlib.suppress(Failed):
                self.launch(network, layout, ["train", f"{network}.yaml", *sets("data.file=missing.h5")])
            self.at_start[layout] = self.peak()
        return self.at_start[layout]

    def train(self, network, engine, layout, *settings, epochs=0):
        """{"rate": samples per second, "growth": bytes per rank, "flops": per sample} of a run. epochs 0: of SIZES."""
        words = ["train", f"{network}.yaml", "--run-dir", "run", "--fresh",
                 *sets(f"training.epochs={epochs or SIZES[network].epochs}", "training.peak_seconds=0",
                       *ENGINES[engine], *settings)]
        start = self.start_size(network, layout)
        output = self.launch(network, layout, words)
        epochs = [json.loads(line) for line in (self.work / network / "run/metrics.jsonl").read_text().splitlines()]
        return {"rate": statistics.harmonic_mean(epoch["time"]["samples_per_second"] for epoch in epochs[1:]),
                "growth": self.peak() - start,
                "flops": 1e6 * float(re.search(r"([\d.]+) MFLOP in training", output)[1])}

    def prepare_eval(self, network, engine, batch):
        """A checkpoint whose samples are evaluated in microbatches of `batch`."""
        run([self.program, "train", f"{network}.yaml", "--run-dir", f"{engine}-{batch}", "--fresh",
             *sets("training.epochs=1", "training.limit_batches=1", f"training.batch_size={batch}",
                   f"training.microbatch_size={batch}", "training.peak_seconds=0", *ENGINES[engine])],
            folder=self.work / network)

    def evaluate(self, network, engine, layout, batch):
        data = "copy-*.h5" if batch > 1 else "single.h5"
        output = self.launch(network, layout, ["eval", f"{engine}-{batch}", "--data", data, "--time"])
        self.peak()
        return {"rate": float(re.search(r"^([\d.]+) samples/s in ", output, re.M)[1])}

    def sgemm(self, cores):
        """FLOP/s of OpenBLAS's sgemm on all cores together."""
        return float(run([self.tools / "bench_sgemm", cores, 0.5]))
