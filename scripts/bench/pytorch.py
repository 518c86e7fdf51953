#!/usr/bin/env python3
"""The networks of scripts/bench/*.yaml in PyTorch, trained or evaluated on random data in memory.

pytorch.py version
pytorch.py train|eval NETWORK RANKS THREADS PASSES SAMPLES BATCH VARIANT...

RANKS processes of THREADS threads each; training with more than one uses DistributedDataParallel over gloo, and batches
are global. PASSES over SAMPLES samples in batches of BATCH (0: the network's) are measured, after a few steps that are
not. A VARIANT is `default`, or some of fused (Adam, and buckets of DistributedDataParallel as views), channels_last,
compile and bf16 joined by +. Prints a line of JSON for each variant: samples per second and by how many bytes the
resident set of a process has grown since its start and imports, or the error."""
import contextlib
import json
import os
import sys
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn
from torch.nn import functional as F

WARM_UP = 3


def mlp(inputs, hidden):
    return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(),
                         nn.Linear(hidden, 10))


def cnn():
    return nn.Sequential(nn.Conv2d(1, 32, 3, 1, 1), nn.ReLU(), nn.Conv2d(32, 64, 3, 1, 1), nn.ReLU(),
                         nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64 * 14 * 14, 128), nn.ReLU(), nn.Linear(128, 10))


class Residual(nn.Module):
    def __init__(self, inputs, filters, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, filters, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(filters)
        self.shortcut = nn.Identity()
        if stride != 1 or inputs != filters:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


def resnet20():
    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    inputs = 16
    for filters, stride in ((16, 1), (32, 2), (64, 2)):
        for block in range(3):
            layers.append(Residual(inputs, filters, stride if block == 0 else 1))
            inputs = filters
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(96, 128)
        self.lstm = nn.LSTM(128, 256, 2, batch_first=True)
        self.output = nn.Linear(256, 96)

    def forward(self, x):
        return self.output(self.lstm(self.embedding(x))[0])


class Block(nn.Module):
    def __init__(self, width, heads, hidden):
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.projection = nn.Linear(width, 3 * width)
        self.joined = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.forward1 = nn.Linear(width, hidden)
        self.forward2 = nn.Linear(hidden, width)

    def forward(self, x):
        samples, steps, width = x.shape
        heads = self.projection(self.norm1(x)).view(samples, steps, 3, self.heads, width // self.heads)
        query, key, value = heads.permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.joined(attended.transpose(1, 2).reshape(samples, steps, width))
        return x + self.forward2(F.gelu(self.forward1(self.norm2(x))))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(96, 128)
        self.position = nn.Parameter(torch.zeros(128, 128))
        self.blocks = nn.Sequential(*(Block(128, 4, 512) for _ in range(4)))
        self.norm = nn.LayerNorm(128)
        self.output = nn.Linear(128, 96)

    def forward(self, x):
        return self.output(self.norm(self.blocks(self.embedding(x) + self.position)))


def conv3d():
    layers = []
    inputs = 4
    for filters in (16, 32, 64, 128, 256):
        layers += [nn.Conv3d(inputs, filters, 3, 1, 1), nn.ReLU(), nn.MaxPool3d(2)]
        inputs = filters
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(),
                         nn.Linear(64, 10))


def labelled(*shape):
    return lambda count: (torch.randn(count, *shape), torch.randint(0, 10, (count,)))


def symbols(steps):
    return lambda count: (torch.randint(0, 96, (count, steps)), torch.randint(0, 96, (count, steps)))


NETWORKS = {  # network, batch, data
    "mlp": (lambda: mlp(784, 512), 256, labelled(784)),
    "mlp-large": (lambda: mlp(1024, 4096), 256, labelled(1024)),
    "cnn": (cnn, 64, labelled(1, 28, 28)),
    "resnet20": (resnet20, 64, labelled(3, 32, 32)),
    "lstm": (Recurrent, 32, symbols(64)),
    "transformer": (Transformer, 32, symbols(128)),
    "conv3d": (conv3d, 32, labelled(4, 32, 32, 32)),
}


def resident(field):
    """Bytes: VmRSS, now, or VmHWM, the most so far."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(field + ":"))


def forget_peak():
    with contextlib.suppress(OSError), open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def prepared(tensor, words):
    if "channels_last" in words and tensor.dim() == 4:
        return tensor.to(memory_format=torch.channels_last)
    if "channels_last" in words and tensor.dim() == 5:
        return tensor.to(memory_format=torch.channels_last_3d)
    return tensor


def prepared_network(make, words):
    torch.manual_seed(1)
    network = make()
    if "channels_last" in words:
        volumes = any(isinstance(part, nn.Conv3d) for part in network.modules())
        network = network.to(memory_format=torch.channels_last_3d if volumes else torch.channels_last)
    return network


def precision(words):
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled="bf16" in words)


def timed(step, steps):
    """Seconds for the steps, after some to warm up. All ranks begin and end together."""
    begin = 0
    for number in range(WARM_UP + steps):
        if number == WARM_UP:
            if dist.is_initialized():
                dist.barrier()
            begin = time.perf_counter()
        step(number)
    if dist.is_initialized():
        dist.barrier()
    return time.perf_counter() - begin


def train(name, ranks, passes, samples, batch, words):
    make, usual, data = NETWORKS[name]
    batch = batch or usual
    part = batch // ranks
    steps = passes * (samples // batch)
    network = prepared_network(make, words)
    if ranks > 1:
        network = nn.parallel.DistributedDataParallel(network, gradient_as_bucket_view="fused" in words)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.001, fused=True if "fused" in words else None)
    model = torch.compile(network) if "compile" in words else network
    inputs, targets = data(samples // batch * part)
    inputs = prepared(inputs, words)

    def step(number):
        first = number * part % len(inputs)
        optimizer.zero_grad()
        with precision(words):
            outputs = model(inputs[first:first + part])
            loss = F.cross_entropy(outputs.flatten(0, -2), targets[first:first + part].flatten())
        loss.backward()
        optimizer.step()

    return steps * batch / timed(step, steps)


def evaluate(name, ranks, passes, samples, batch, words):
    make, usual, data = NETWORKS[name]
    batch = batch or usual
    steps = max(passes * samples // batch // ranks, 1)
    network = prepared_network(make, words).eval()
    model = torch.compile(network) if "compile" in words else network
    batches = [(prepared(inputs, words), targets) for inputs, targets in (data(batch) for _ in range(4))]
    total = torch.zeros(())

    def step(number):
        inputs, targets = batches[number % len(batches)]
        with torch.inference_mode(), precision(words):
            outputs = model(inputs)
            total.add_(F.cross_entropy(outputs.flatten(0, -2), targets.flatten()))

    return ranks * steps * batch / timed(step, steps)


def work(rank, what, name, ranks, threads, passes, samples, batch, variants, port):
    torch.set_num_threads(threads)
    if ranks > 1:
        os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
        dist.init_process_group("gloo", rank=rank, world_size=ranks)
    for variant in variants:
        forget_peak()
        before = resident("VmRSS")
        result = {"variant": variant}
        try:
            run = {"train": train, "eval": evaluate}[what]
            result["rate"] = run(name, ranks, passes, samples, batch, variant.split("+"))
            result["growth"] = resident("VmHWM") - before
        except Exception as error:  # a variant that this installation cannot do
            result["error"] = (str(error).strip().splitlines() or [type(error).__name__])[0]
        torch.compiler.reset()
        if rank == 0:
            print(json.dumps(result), flush=True)
    if ranks > 1:
        dist.destroy_process_group()


if __name__ == "__main__":
    if sys.argv[1:] == ["version"]:
        print(torch.__version__)
        sys.exit()
    what, name = sys.argv[1:3]
    ranks, threads, passes, samples, batch = map(int, sys.argv[3:8])
    arguments = (what, name, ranks, threads, passes, samples, batch, sys.argv[8:], 20000 + os.getpid() % 20000)
    if ranks > 1:
        mp.spawn(work, arguments, ranks)
    else:
        work(0, *arguments)
