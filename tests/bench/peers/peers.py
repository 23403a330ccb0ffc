# SPDX-License-Identifier: GPL-3.0-or-later
"""Training speed of Gradwright and eager PyTorch on the same nets, data, batch and threads.

The two sides alternate, whole epochs at a time and the first one changing every round, so that
whatever else loads the machine hits both; medians are reported. PyTorch is used well: the data
set is one tensor, shuffled by randperm and indexed in batches; Adam is the fused one; the faster
memory format is taken after a trial; no metrics are computed. Ours is what `train --json`
reports, losses and accuracy included.
"""

import argparse
import gzip
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

ROOT = Path(__file__).resolve().parents[3]
TRIAL_STEPS = 40

ACTIVATIONS = {"tanh": nn.Tanh, "relu": nn.ReLU, "sigmoid": nn.Sigmoid}


def fail(message):
    sys.exit(f"bench: {message}")


def multilayer_perceptron(act):
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 128), act(), nn.Linear(128, 64), act(), nn.Linear(64, 10))


def lenet_5(act):
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), act(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), act(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), act(), nn.Linear(120, 84), act(), nn.Linear(84, 10))


def small_cnn(act):
    return nn.Sequential(
        nn.Conv2d(1, 32, 3), act(), nn.Conv2d(32, 64, 3), act(), nn.MaxPool2d(2),
        nn.Dropout(0.25), nn.Flatten(), nn.Linear(9216, 128), act(), nn.Dropout(0.5),
        nn.Linear(128, 10))


# The template, its peer, and the epochs a round: a few seconds each on two cores.
WORKS = {
    "multilayer-perceptron": (multilayer_perceptron, 4),
    "lenet-5": (lenet_5, 2),
    "small-cnn": (small_cnn, 1),
}


def read_idx(name):
    path = ROOT / "resources/datasets/mnist" / name
    if not path.exists():
        fail(f"{path} is missing")
    with gzip.open(path) as file:
        data = file.read()
    dimensions = data[3]
    shape = np.frombuffer(data, ">u4", dimensions, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def training_data():
    """54,000 of the 60,000, as the templates take."""
    images = read_idx("train-images-idx3-ubyte.gz")[:54000]
    labels = read_idx("train-labels-idx1-ubyte.gz")[:54000]
    x = torch.from_numpy(images.astype(np.float32))[:, None] / 255
    return (x - 0.1307) / 0.3081, torch.from_numpy(labels.astype(np.int64))


class Cli:
    def __init__(self, path):
        self.path = path

    def __call__(self, *arguments):
        command = [str(self.path), *map(str, arguments), "--json"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            fail(f"{' '.join(command)} failed: {done.stderr.strip()}")
        try:
            return json.loads(done.stdout)
        except ValueError as error:
            fail(f"{' '.join(command)} did not print JSON: {error}")

    def activation(self, template):
        """The one activation of the template's hidden layers."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "net.gradwright"
            self("new", template, "-o", file)
            project = json.loads(file.read_text())
        found = set()

        def walk(value):
            if isinstance(value, dict):
                for key, inner in value.items():
                    if key in ("activation", "type", "layer") and inner in ACTIVATIONS:
                        found.add(inner)
                    walk(inner)
            elif isinstance(value, list):
                for inner in value:
                    walk(inner)

        walk(project)
        if len(found) != 1:
            fail(f"template {template} has activations {sorted(found)}, not a single one of "
                 f"{sorted(ACTIVATIONS)}: adapt tests/bench/peers/peers.py")
        return ACTIVATIONS[found.pop()]

    def rate(self, template, epochs, batch, threads):
        with tempfile.TemporaryDirectory() as folder:
            result = self("train", f"template:{template}", "--epochs", epochs, "--batch", batch,
                          "--optimizer", "adam", "--threads", threads, "--run-dir", folder)
        return float(result["samples_per_second"])


class Peer:
    def __init__(self, build, activation, x, y, batch):
        torch.manual_seed(1)
        self.build = lambda: build(activation).train()
        self.y = y
        self.batch = batch
        formats = [torch.contiguous_format]
        if any(isinstance(m, nn.Conv2d) for m in self.build()):
            formats.append(torch.channels_last)
        trials = {}
        for memory_format in formats:
            self.start(x, memory_format)
            self.steps(TRIAL_STEPS)  # warms up
            begin = time.perf_counter()
            self.steps(TRIAL_STEPS)
            trials[memory_format] = time.perf_counter() - begin
        self.format = min(trials, key=trials.get)
        self.start(x, self.format)
        self.steps(TRIAL_STEPS)

    def start(self, x, memory_format):
        self.x = x.contiguous(memory_format=memory_format)
        self.net = self.build().to(memory_format=memory_format)
        self.optimizer = torch.optim.Adam(self.net.parameters(), fused=True)
        self.loss = nn.CrossEntropyLoss()

    def parameters(self):
        return sum(p.numel() for p in self.net.parameters())

    def steps(self, count=None):
        """One epoch or `count` batches; returns the samples."""
        order = torch.randperm(len(self.x))
        batches = order.split(self.batch)[:count]
        for index in batches:
            self.optimizer.zero_grad(set_to_none=True)
            self.loss(self.net(self.x[index]), self.y[index]).backward()
            self.optimizer.step()
        return sum(len(index) for index in batches)

    def rate(self, epochs):
        rates = []
        for _ in range(epochs):
            begin = time.perf_counter()
            samples = self.steps()
            rates.append(samples / (time.perf_counter() - begin))
        return statistics.median(rates)


def best_seconds(work, rounds=10):
    best = float("inf")
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - begin)
    return best


def fp32_limit(size=2048, channels=256, side=64, images=8):
    """GFLOP/s of the faster of a square matrix product and a 3 x 3 convolution: the library behind
    the first is slow on some processors."""
    a, b = torch.randn(size, size), torch.randn(size, size)
    out = torch.empty(size, size)
    product = 2 * size**3 / best_seconds(lambda: torch.mm(a, b, out=out))
    like = {"memory_format": torch.channels_last}
    x = torch.randn(images, channels, side, side).to(**like)
    kernel = torch.randn(channels, channels, 3, 3).to(**like)
    with torch.no_grad():
        seconds = best_seconds(lambda: torch.nn.functional.conv2d(x, kernel, padding=1))
    convolution = 2 * images * channels**2 * 9 * side**2 / seconds
    return max(product, convolution) / 1e9


def processor():
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def measure(cli, work, x, y, options):
    build, epochs = WORKS[work]
    epochs = options.epochs or epochs
    summary = cli("summary", f"template:{work}")
    peer = Peer(build, cli.activation(work), x, y, options.batch)
    if peer.parameters() != summary["total_parameters"]:
        fail(f"template {work} has {summary['total_parameters']:,} parameters, its peer "
             f"{peer.parameters():,}: they are not the same net")
    ours, theirs = [], []
    for round_ in range(options.rounds):
        sides = [lambda: ours.append(cli.rate(work, epochs, options.batch, options.threads)),
                 lambda: theirs.append(peer.rate(epochs))]
        for side in sides if round_ % 2 == 0 else reversed(sides):
            side()
        print(f"{work}, round {round_ + 1} of {options.rounds}: ours {ours[-1]:,.0f}, "
              f"PyTorch {theirs[-1]:,.0f} samples/s", file=sys.stderr)
    return {
        "work": work,
        "ours": statistics.median(ours),
        "peer": statistics.median(theirs),
        "ratio": statistics.median(a / b for a, b in zip(ours, theirs)),
        "macs": summary["total_macs"],
        "peer_memory_format": str(peer.format).removeprefix("torch."),
        "rounds": {"ours": ours, "peer": theirs},
    }


def main():
    parser = argparse.ArgumentParser(prog="./dev bench peers", description=__doc__)
    parser.add_argument("--cli", type=Path, default=ROOT / "build/release/bin/gradwright-cli",
                        help="the gradwright-cli to measure")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--epochs", type=int, help="in a round, instead of each net's own number")
    parser.add_argument("--work", action="append", choices=WORKS, help="only this net; repeatable")
    options = parser.parse_args()
    for name in ("rounds", "batch", "threads", "epochs"):
        if getattr(options, name) is not None and getattr(options, name) < 1:
            parser.error(f"--{name} has to be at least 1")
    if not options.cli.exists():
        fail(f"there is no program {options.cli}")

    if (load := os.getloadavg()[0]) > 0.5:
        print(f"bench: the machine is busy (load {load:.1f}): these figures will be too low, and "
              "not by the same factor", file=sys.stderr)
    torch.set_num_threads(options.threads)
    x, y = training_data()
    cli = Cli(options.cli)
    limits = [fp32_limit()]
    rows = []
    for work in options.work or WORKS:
        rows.append(measure(cli, work, x, y, options))
        limits.append(fp32_limit())
    limit = max(limits)
    for row in rows:
        # Forward, gradient of the data, gradient of the weights; two operations a MAC.
        row["limit_share"] = 3 * 2 * row["macs"] * row["ours"] / (limit * 1e9)

    print(f"{processor()}, {options.threads} threads, batch {options.batch}, Adam, "
          f"PyTorch {torch.__version__}; fp32 limit {limit:,.0f} GFLOP/s")
    print(f"{'training, samples/s':24}{'ours':>12}{'PyTorch':>12}{'ratio':>8}{'of limit':>10}")
    for row in rows:
        print(f"{row['work']:24}{row['ours']:12,.0f}{row['peer']:12,.0f}{row['ratio']:8.2f}"
              f"{row['limit_share']:10.1%}")
    if options.json:
        document = {
            "processor": processor(),
            "threads": options.threads,
            "batch": options.batch,
            "optimizer": "adam",
            "torch": torch.__version__,
            "fp32_limit_gflops": limit,
            "rows": rows,
        }
        options.json.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
