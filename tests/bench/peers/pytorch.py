# SPDX-License-Identifier: GPL-3.0-or-later
"""PyTorch's side, used well: the data set is one tensor, shuffled by randperm and indexed in
batches; fused optimizers; the faster memory format is taken after a trial; no metrics.

As a program it trains for some steps, so that its memory can be measured:
    pytorch.py MODULE OPTIMIZER BATCH SAMPLES THREADS STEPS SHAPE"""

import gzip
import importlib.util
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

ROOT = Path(__file__).resolve().parents[3]


def read_idx(name):
    with gzip.open(ROOT / "resources/datasets/mnist" / name) as file:
        data = file.read()
    dimensions = data[3]
    shape = np.frombuffer(data, ">u4", dimensions, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def mnist(samples):
    images = read_idx("train-images-idx3-ubyte.gz")[:samples]
    labels = read_idx("train-labels-idx1-ubyte.gz")[:samples]
    x = torch.from_numpy(images.astype(np.float32))[:, None] / 255
    return (x - 0.1307) / 0.3081, torch.from_numpy(labels.astype(np.int64))


def noise(samples, shape, classes):
    torch.manual_seed(1)
    return torch.randn(samples, *shape), torch.arange(samples) % classes


def load(module):
    spec = importlib.util.spec_from_file_location("net", module)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def optimizer_of(key, net):
    if key == "adam":
        return torch.optim.Adam(net.parameters(), lr=0.001, fused=True)
    return torch.optim.SGD(net.parameters(), lr=0.001, momentum=0.9, fused=True)


class Peer:
    def __init__(self, module, optimizer, x, y, batch, compiled=False):
        self.module, self.key, self.y, self.batch = load(module), optimizer, y, batch
        self.compiled = compiled
        formats = [torch.contiguous_format]
        if x.dim() == 4:
            formats.append(torch.channels_last)
        trials = {}
        for memory_format in formats:
            self.start(x, memory_format)
            trials[memory_format] = min(self.seconds(1) for _ in range(3))
        self.format = min(trials, key=trials.get)
        self.start(x, self.format)
        self.seconds(1)

    def start(self, x, memory_format):
        self.x = x.contiguous(memory_format=memory_format)
        net = self.module.Net().train()
        if x.dim() == 4:
            net = net.to(memory_format=memory_format)
        self.optimizer = optimizer_of(self.key, net)
        self.net = torch.compile(net) if self.compiled else net
        self.loss = nn.CrossEntropyLoss()

    def steps(self):
        while True:
            for index in torch.randperm(len(self.x)).split(self.batch):
                if len(index) < self.batch:
                    continue
                self.optimizer.zero_grad(set_to_none=True)
                self.loss(self.net(self.x[index]), self.y[index]).backward()
                self.optimizer.step()
                yield

    def seconds(self, count):
        steps = self.steps()
        begin = time.perf_counter()
        for _ in range(count):
            next(steps)
        return time.perf_counter() - begin

    def rate(self, seconds):
        """Samples a second, over whole batches for about that long."""
        steps = self.steps()
        done, begin = 0, time.perf_counter()
        while done < 3 or time.perf_counter() - begin < seconds:
            next(steps)
            done += 1
        return done * self.batch / (time.perf_counter() - begin)


def losses(module, optimizer, state, inputs, labels, precision):
    loaded = load(module)
    net = loaded.Net().train()
    net.load_state_dict(state)
    step = optimizer_of(optimizer, net)
    values = []
    for x, y in zip(inputs, labels):
        step.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            out = net(x)
        loss = nn.functional.cross_entropy(out.float(), y)
        loss.backward()
        step.step()
        values.append(loss.item())
    return values


def predict(module, shape, batch, seconds):
    """Median time of a forward pass."""
    net = load(module).Net().eval()
    x = torch.randn(batch, *shape)
    times = []
    with torch.inference_mode():
        begin = time.perf_counter()
        while len(times) < 10 or time.perf_counter() - begin < seconds:
            since = time.perf_counter()
            net(x)
            times.append(time.perf_counter() - since)
    return statistics.median(times)


def best_seconds(work, rounds=6):
    best = float("inf")
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begin)
    return best


def limit(dtype=torch.float32, size=2048, channels=256, side=64, images=4):
    """GFLOP/s of the faster of a square matrix product and a 3 x 3 convolution: the library behind
    the first is slow on some processors."""
    a, b = (torch.randn(size, size).to(dtype) for _ in range(2))
    out = torch.empty(size, size, dtype=dtype)
    product = 2 * size**3 / best_seconds(lambda: torch.mm(a, b, out=out))
    like = {"memory_format": torch.channels_last, "dtype": dtype}
    x = torch.randn(images, channels, side, side).to(**like)
    kernel = torch.randn(channels, channels, 3, 3).to(**like)
    with torch.no_grad():
        seconds = best_seconds(lambda: torch.nn.functional.conv2d(x, kernel, padding=1))
    convolution = 2 * images * channels**2 * 9 * side**2 / seconds
    return max(product, convolution) / 1e9


def main():
    module, optimizer, batch, samples, threads, steps, shape = sys.argv[1:]
    torch.set_num_threads(int(threads))
    shape = [int(side) for side in shape.split(",")]
    x, y = mnist(int(samples)) if shape == [1, 28, 28] else noise(int(samples), shape, 10)
    Peer(module, optimizer, x, y, int(batch)).seconds(int(steps))


if __name__ == "__main__":
    main()
