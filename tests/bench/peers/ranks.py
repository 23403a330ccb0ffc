# SPDX-License-Identifier: GPL-3.0-or-later
"""Two processes that share each batch: Gradwright under mpirun, in one process with two threads,
and PyTorch's DistributedDataParallel with gloo, in turns; medians of samples per second.

Each process has one thread. As a program it is a rank of PyTorch's side:
    ranks.py --rank R PORT MODULE OPTIMIZER BATCH SAMPLES SHAPE EPOCHS"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from machine import ROOT, note, processor
from nets import WORKS, shape_of
from ours import Ours, fail

NAMES = ["small-cnn-128", "resnet18-64"]
RANKS = 2
BATCH = 128


def torch_rank(rank, port, module, optimizer, batch, samples, shape, epochs):
    import torch
    import torch.distributed as dist
    from torch import nn
    from torch.nn.parallel import DistributedDataParallel

    import pytorch
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=port)
    torch.set_num_threads(1)
    dist.init_process_group("gloo", rank=rank, world_size=RANKS)
    x, y = (pytorch.mnist(samples) if shape[0] == 1 else pytorch.noise(samples, shape, 10))
    torch.manual_seed(1)
    net = DistributedDataParallel(pytorch.load(module).Net().train())
    update = pytorch.optimizer_of(optimizer, net)
    loss = nn.CrossEntropyLoss()
    rates = []
    for _ in range(epochs):
        order = torch.randperm(samples, generator=torch.Generator().manual_seed(1))
        begin = time.perf_counter()
        for first in range(0, samples - batch + 1, batch):
            own = order[first:first + batch].chunk(RANKS)[rank]
            update.zero_grad(set_to_none=True)
            loss(net(x[own]), y[own]).backward()
            update.step()
        rates.append(samples // batch * batch / (time.perf_counter() - begin))
    if rank == 0:
        print(statistics.median(rates[1:] or rates))
    dist.destroy_process_group()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def gloo_rate(module, optimizer, samples, shape, epochs):
    port = free_port()
    command = [sys.executable, __file__, "--rank"]
    rest = [port, module, optimizer, BATCH, samples, ",".join(map(str, shape)), epochs]
    running = [subprocess.Popen([str(part) for part in [*command, rank, *rest]],
                                stdout=subprocess.PIPE, text=True) for rank in range(RANKS)]
    outputs = [process.communicate()[0] for process in running]
    if any(process.returncode for process in running):
        fail("PyTorch's side failed")
    return float(outputs[0])


def our_rate(options, file, epochs, ranks, *more):
    start = ["mpirun", "-n", ranks, "--map-by", ":OVERSUBSCRIBE", "--bind-to", "none"]
    environment = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1",
                   "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    with tempfile.TemporaryDirectory() as folder:
        command = [*(start if ranks > 1 else []), options.cli, "train", file, "--epochs", epochs,
                   "--batch", BATCH, "--threads", RANKS // ranks, "--run-dir", folder, "--json", *more]
        result = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                                env=environment)
    if result.returncode != 0:
        fail(result.stderr[-2000:])
    return json.loads(result.stdout)["samples_per_second"]


def main():
    if sys.argv[1:2] == ["--rank"]:
        rank, port, module, optimizer, batch, samples, shape, epochs = sys.argv[2:]
        torch_rank(int(rank), port, module, optimizer, int(batch), int(samples),
                   [int(side) for side in shape.split(",")], int(epochs))
        return
    parser = argparse.ArgumentParser(prog="./dev bench ranks", description=__doc__)
    parser.add_argument("work", nargs="*", metavar="WORK", help="only these: " + ", ".join(NAMES))
    parser.add_argument("--cli", type=Path, default=ROOT / "build/release/bin/gradwright-cli")
    parser.add_argument("--works", type=Path, default=ROOT / "build/release/bin/bench_works")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=3)
    options = parser.parse_args()
    known = {work.name: work for work in WORKS}
    ours = Ours(options.cli, options.works, RANKS)
    print(f"{processor()}, {RANKS} processes, {date.today()}, batch {BATCH}, medians of "
          f"{options.rounds} rounds")
    for name in options.work or NAMES:
        work = known[name]
        project = work.project(ours)
        samples = 256 if work.samples else 3200
        if work.samples:
            project["data"].update(dataset="patterns", params={"samples": samples,
                                                               "test_samples": 20})
        project["data"].update(limit=0 if work.samples else samples, validation_fraction=0)
        file = ours.save(project, name)
        shape, key = shape_of(project), project["training"]["optimizer"]["key"]
        module = ours.export(file)
        sides = {"one process, two threads": lambda: our_rate(options, file, options.epochs, 1),
                 "two processes": lambda: our_rate(options, file, options.epochs, RANKS),
                 "two processes, sums after":
                     lambda: our_rate(options, file, options.epochs, RANKS, "--no-overlap"),
                 "PyTorch, gloo, two processes":
                     lambda: gloo_rate(module, key, samples, shape, options.epochs)}
        rates = {side: [] for side in sides}
        for round_ in range(options.rounds):
            for side, measure in sides.items():
                rates[side].append(measure())
            note(f"{name}: round {round_ + 1} of {options.rounds}")
        medians = {side: statistics.median(values) for side, values in rates.items()}
        print(f"\n{name}, samples per second, of one process, of gloo")
        for side, rate in medians.items():
            print(f"{side:30}{rate:>12,.0f}{rate / medians['one process, two threads']:>8.2f}"
                  f"{rate / medians['PyTorch, gloo, two processes']:>8.2f}")


if __name__ == "__main__":
    main()
