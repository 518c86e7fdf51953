"""The latency of one sample through 64-64-64-64 (relu), in turn with onnxruntime and eager PyTorch on the same core, and
the rate of a batch of 1,024 through 512-512-512-512 as a share of sgemm's: medians of the rounds.

    predict.py BENCH_PREDICT FOLDER ROUNDS    FOLDER: small.nn, small.onnx, large.nn
"""
import os
import statistics
import subprocess
import sys
import time

SECONDS = '0.3'
CALLS = 300  # of a peer, between two looks at the clock
SAMPLES = '1024'


def ours(program, *arguments):
    words = subprocess.run([program, *arguments], check=True, capture_output=True, text=True).stdout.split()
    return [float(word) for word in words]


def latency(call):
    """The median of the microseconds per call."""
    times, begin = [], time.perf_counter()
    while time.perf_counter() - begin < float(SECONDS):
        start = time.perf_counter()
        for _ in range(CALLS):
            call()
        times.append((time.perf_counter() - start) / CALLS * 1e6)
    return statistics.median(times)


def onnxruntime_call(path):
    try:
        import numpy
        import onnxruntime
    except ImportError:
        return None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
    feed = {session.get_inputs()[0].name: numpy.ones((1, 64), numpy.float32)}
    return lambda: session.run(None, feed)


def pytorch_call():
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)
    layers = [torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 64)]
    network, sample = torch.nn.Sequential(*layers).eval(), torch.ones(1, 64)

    def call():
        with torch.no_grad():
            network(sample)
    return call


def main():
    program, folder, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    core = sorted(os.sched_getaffinity(0))[-1]
    os.sched_setaffinity(0, {core})
    peers = {'onnxruntime': onnxruntime_call(os.path.join(folder, 'small.onnx')), 'PyTorch, eager': pytorch_call()}
    found = {'nntrain': []} | {name: [] for name, call in peers.items() if call}
    shares = []
    for _ in range(rounds):
        found['nntrain'] += ours(program, os.path.join(folder, 'small.nn'), 'latency', SECONDS)
        for name in list(found)[1:]:
            found[name].append(latency(peers[name]))
        shares.append(ours(program, os.path.join(folder, 'large.nn'), 'batch', SAMPLES, '1')[2])
    for name, times in found.items():
        print(f'one sample, {name}: {statistics.median(times):.2f} microseconds ({min(times):.2f} to {max(times):.2f})')
    for name in peers:
        if name not in found:
            print(f'one sample, {name}: not installed (scripts/setup.sh interop)')
    print(f'{SAMPLES} samples: {statistics.median(shares):.0%} of the sgemm rate ({min(shares):.0%} to {max(shares):.0%})')


main()
