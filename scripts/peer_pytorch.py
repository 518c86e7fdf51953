#!/usr/bin/env python3
"""peer_pytorch.py NETWORK STEPS: trains NETWORK (mlp, cnn, resnet20, lstm) on random data with PyTorch's
DistributedDataParallel, two processes of one thread each over gloo, and prints the samples per second over STEPS steps, after a few warm-up steps. The networks, batches and optimizers are those of scripts/bench_peer.sh."""
import os
import sys
import time

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch import nn
from torch.nn import functional as F

RANKS = 2
WARM_UP = 3


class Residual(nn.Module):
    def __init__(self, inputs, filters, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, filters, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(filters)
        self.shortcut = None
        if stride != 1 or inputs != filters:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        return F.relu(y + (x if self.shortcut is None else self.shortcut(x)))


def resnet20():
    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    inputs = 16
    for filters, stride in ((16, 1), (32, 2), (64, 2)):
        for block in range(3):
            layers.append(Residual(inputs, filters, stride if block == 0 else 1))
            inputs = filters
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


class Language(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(96, 128)
        self.lstm = nn.LSTM(128, 256, 2, batch_first=True)
        self.output = nn.Linear(256, 96)

    def forward(self, x):
        return self.output(self.lstm(self.embedding(x))[0]).transpose(1, 2)


def mlp():
    return nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))


def cnn():
    return nn.Sequential(nn.Conv2d(1, 32, 3, 1, 1), nn.ReLU(), nn.Conv2d(32, 64, 3, 1, 1), nn.ReLU(),
                         nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64 * 14 * 14, 128), nn.ReLU(), nn.Linear(128, 10))


def images(*shape):
    return lambda count: (torch.randn(count, *shape), torch.randint(0, 10, (count,)))


def symbols(count):
    return torch.randint(0, 96, (count, 64)), torch.randint(0, 96, (count, 64))


NETWORKS = {  # network, batch, data
    "mlp": (mlp, 256, images(784)),
    "cnn": (cnn, 64, images(1, 28, 28)),
    "resnet20": (resnet20, 64, images(3, 32, 32)),
    "lstm": (Language, 32, symbols),
}


def work(rank, name, steps, port):
    torch.set_num_threads(1)
    torch.manual_seed(1)
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    dist.init_process_group("gloo", rank=rank, world_size=RANKS)
    make, batch, data = NETWORKS[name]
    network = nn.parallel.DistributedDataParallel(make())
    optimizer = torch.optim.Adam(network.parameters(), lr=0.001)
    batches = [data(batch // RANKS) for _ in range(8)]
    for step in range(WARM_UP + steps):
        if step == WARM_UP:
            dist.barrier()
            begin = time.perf_counter()
        inputs, targets = batches[step % len(batches)]
        optimizer.zero_grad()
        F.cross_entropy(network(inputs), targets).backward()
        optimizer.step()
    dist.barrier()
    if rank == 0:
        print(f"{steps * batch / (time.perf_counter() - begin):.2f}")
    dist.destroy_process_group()


if __name__ == "__main__":
    if len(sys.argv) == 2 and sys.argv[1] == "version":
        print(torch.__version__)
    else:
        mp.spawn(work, (sys.argv[1], int(sys.argv[2]), 20000 + os.getpid() % 20000), RANKS)
