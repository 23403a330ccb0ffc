# SPDX-License-Identifier: GPL-3.0-or-later
"""Training and inference beside other programs that compute: Gradwright with all threads and with
one, and PyTorch with as many.

In each round, every side runs beside 0, 1, 2 and 4 busy processes, the sides in turns, so that
whatever else loads the machine hits all; medians are reported, and what is left of the side's rate
on a quiet machine. A fair scheduler leaves t threads on p processors beside n busy processes
p / (t + n) of a processor each, or one."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

from machine import ROOT, note, processor
from nets import WORKS, shape_of
from ours import Ours, fail

NAMES = ["lenet-32", "mlp-32", "small-cnn-32", "resnet18-64", "predict-1"]
LOADS = [0, 1, 2, 4]


class Busy:
    """So many processes that compute while it lasts."""

    def __init__(self, count):
        self.count = count

    def __enter__(self):
        self.processes = [subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"])
                          for _ in range(self.count)]
        time.sleep(0.2 if self.count else 0)

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()


class Bench:
    def __init__(self, options):
        self.options = options
        self.ours = Ours(options.cli, options.works, options.threads)
        self.torch = None
        if not options.alone:
            import pytorch
            self.torch = pytorch

    def our_rate(self, work, file, threads, nice=0, copies=1):
        """Samples per second, of all copies together."""
        kind = "train" if work.kind == "train" else "predict"
        command = [self.options.works, kind, file, "--batch", work.batch, "--threads", threads,
                   "--seconds", self.options.seconds, "--precision", work.precision]
        if kind == "train" and work.samples:
            command += ["--random", work.samples]
        prepare = (lambda: os.nice(nice)) if nice else None
        running = [subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE,
                                    text=True, preexec_fn=prepare) for _ in range(copies)]
        rate = 0
        for process in running:
            output = process.communicate()[0]
            if process.returncode != 0:
                fail(f"{' '.join(map(str, command))} failed")
            result = json.loads(output)
            rate += result["samples_per_second"] if kind == "train" else 1 / result["seconds"]
        return rate

    def sides(self, work):
        project = work.project(self.ours)
        project["data"]["limit"] = 0 if work.samples else work.limit
        file = self.ours.save(project, work.name)
        threads = self.options.threads
        sides = {"ours": lambda: self.our_rate(work, file, threads),
                 "ours, 1 thread": lambda: self.our_rate(work, file, 1)}
        if work.kind == "train":
            sides["ours, nice 5"] = lambda: self.our_rate(work, file, threads, nice=5)
            sides["two of ours"] = lambda: self.our_rate(work, file, threads, copies=2)
        if self.torch:
            self.add_peer(sides, work, project, file)
        return sides

    def add_peer(self, sides, work, project, file):
        import torch
        module = self.ours.export(file)
        shape = shape_of(project)
        if work.kind == "train":
            key = project["training"]["optimizer"]["key"]
            x, y = (self.torch.noise(work.samples, shape, 10) if work.samples
                    else self.torch.mnist(work.limit))
            peer = self.torch.Peer(module, key, x, y, work.batch)

            def rate(threads):
                torch.set_num_threads(threads)
                return peer.rate(self.options.seconds)
        else:
            def rate(threads):
                torch.set_num_threads(threads)
                return 1 / self.torch.predict(module, shape, work.batch, self.options.seconds)
        sides["PyTorch"] = lambda: rate(self.options.threads)
        sides["PyTorch, 1 thread"] = lambda: rate(1)

    def measure(self, work):
        sides = self.sides(work)
        rates = {name: {load: [] for load in LOADS} for name in sides}
        for round_ in range(self.options.rounds):
            names = list(sides)[round_ % len(sides):] + list(sides)[:round_ % len(sides)]
            for load in LOADS:
                for name in names:
                    with Busy(load):
                        rates[name][load].append(sides[name]())
            note(f"{work.name}: round {round_ + 1} of {self.options.rounds}")
        return {name: {load: statistics.median(values) for load, values in by_load.items()}
                for name, by_load in rates.items()}


def print_table(work, medians):
    unit = "digits per second" if work.kind != "train" else "samples per second"
    print(f"\n{work.name}, {unit}; of the side's quiet rate; of ours with one thread")
    print(f"{'busy processes':20}" + "".join(f"{load:>24}" for load in LOADS))
    for name, rates in medians.items():
        cells = (f"{rates[load]:,.0f} {rates[load] / rates[0]:.2f} "
                 f"{rates[load] / medians['ours, 1 thread'][load]:.2f}" for load in LOADS)
        print(f"{name:20}" + "".join(f"{cell:>24}" for cell in cells))


def main():
    parser = argparse.ArgumentParser(prog="./dev bench busy", description=__doc__)
    parser.add_argument("work", nargs="*", metavar="WORK", help="only these: " + ", ".join(NAMES))
    parser.add_argument("--cli", type=Path, default=ROOT / "build/release/bin/gradwright-cli")
    parser.add_argument("--works", type=Path, default=ROOT / "build/release/bin/bench_works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2, help="of each side in a round")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--alone", action="store_true", help="without PyTorch")
    options = parser.parse_args()
    known = {work.name: work for work in WORKS}
    for name in options.work:
        if name not in NAMES:
            parser.error(f"there is no work '{name}'; there are {', '.join(NAMES)}")
    bench = Bench(options)
    print(f"{processor()}, {options.threads} threads, {date.today()}, medians of "
          f"{options.rounds} rounds of {options.seconds:g} s")
    results = {}
    for name in options.work or NAMES:
        results[name] = bench.measure(known[name])
        print_table(known[name], results[name])
    if options.json:
        options.json.write_text(json.dumps({"processor": processor(), "threads": options.threads,
                                            "date": str(date.today()), "works": results},
                                           indent=2) + "\n")


if __name__ == "__main__":
    main()
