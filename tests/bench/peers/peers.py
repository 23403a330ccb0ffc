# SPDX-License-Identifier: GPL-3.0-or-later
"""Gradwright against PyTorch (training) and ONNX Runtime and OpenVINO (inference).

The sides alternate, the first one changing every round, so that whatever else loads the machine
hits both; medians are reported, and the share of the machine's limit, which is measured before and
after each work. Both sides include shuffling and batching. Before a training is timed, both take
the same steps from the same weights and batches, without dropout, and their losses are compared."""

import argparse
import json
import os
import statistics
import sys
import time
from datetime import date
from pathlib import Path

import torch
from safetensors.torch import save_file

import onnx_side
import pytorch
from machine import ROOT, note, processor
from nets import WORKS, shape_of, without_dropout
from ours import Ours, fail, run

OTHERS = ["first-step", "accuracy-99"]


def has_bf16():
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags


class Bench:
    def __init__(self, options):
        self.options = options
        self.ours = Ours(options.cli, options.works, options.threads)
        self.limits = {"fp32": [pytorch.limit()]}
        if has_bf16():
            self.limits["bf16"] = [pytorch.limit(torch.bfloat16)]

    def measure_limits(self):
        self.limits["fp32"].append(pytorch.limit())
        if "bf16" in self.limits:
            self.limits["bf16"].append(pytorch.limit(torch.bfloat16))

    def alternate(self, sides, what):
        """Runs every side in each round; the results by side."""
        results = {name: [] for name in sides}
        for round_ in range(self.options.rounds):
            names = list(sides) if round_ % 2 == 0 else list(reversed(sides))
            for name in names:
                results[name].append(sides[name]())
            note(f"{what}, round {round_ + 1} of {self.options.rounds}: " +
                 ", ".join(f"{name} {values[-1]:,.6g}" for name, values in results.items()))
        return results

    def prepare(self, work):
        project = work.project(self.ours)
        project["data"]["limit"] = 0 if work.samples else work.limit
        file = self.ours.save(project, work.name)
        return project, file, self.ours.export(file)

    def train(self, work):
        project, file, module = self.prepare(work)
        key = project["training"]["optimizer"]["key"]
        shape = shape_of(project)
        summary = self.ours.json("summary", file)
        if work.samples:
            x, y = pytorch.noise(work.samples, shape, 10)
        else:
            x, y = pytorch.mnist(work.limit)
        losses = self.compare_losses(work, project, key, x, y)
        peers = {"peer": pytorch.Peer(module, key, x, y, work.batch)}
        if self.options.compile:
            peers["compiled"] = pytorch.Peer(module, key, x, y, work.batch, compiled=True)
        parameters = sum(p.numel() for p in peers["peer"].module.Net().parameters())
        if parameters != summary["total_parameters"]:
            fail(f"{work.name} has {summary['total_parameters']:,} parameters, its peer "
                 f"{parameters:,}: they are not the same net")
        memory = []

        def ours():
            rate, peak = self.ours.train(work, file, self.options.seconds)
            memory.append(peak)
            return rate

        sides = {"ours": ours}
        for name, peer in peers.items():
            sides[name] = lambda peer=peer: peer.rate(self.options.seconds)
        results = self.alternate(sides, work.name)
        row = self.row(work, results, "samples/s")
        # Forward, gradient of the data, gradient of the weights; two operations a MAC.
        row["operations"] = 6 * summary["total_macs"]
        row["losses"] = losses
        row["memory"] = max(memory)
        _, row["peer_memory"] = run([sys.executable, ROOT / "tests/bench/peers/pytorch.py", module,
                                     key, work.batch, len(x), self.options.threads, 10,
                                     ",".join(map(str, shape))])
        row["memory_ratio"] = row["memory"] / row["peer_memory"]
        row["peer_memory_format"] = str(peers["peer"].format).removeprefix("torch.")
        return row

    def compare_losses(self, work, project, key, x, y):
        file = self.ours.save(without_dropout(project), f"{work.name}-without-dropout")
        module = self.ours.export(file)
        torch.manual_seed(3)
        loaded = pytorch.load(module)
        state = loaded.Net().state_dict()
        steps = work.loss_steps
        index = torch.arange(steps * work.batch) % len(x)
        inputs = x[index].reshape(steps, work.batch, *x.shape[1:])
        labels = y[index].reshape(steps, work.batch)
        tensors = {"inputs": inputs.contiguous(), "labels": labels.float()}
        for name, value in state.items():
            layer, _, weight = name.partition(".")
            if weight != "num_batches_tracked":
                tensors[f"{loaded.PATHS[layer]}/{weight}"] = value.clone()
        given = self.ours.path("given.safetensors")
        save_file(tensors, given)
        ours = self.ours.losses(work, file, given)
        theirs = pytorch.losses(module, key, state, inputs, labels, work.precision)
        given.unlink()
        difference = max(abs(a - b) / abs(b) for a, b in zip(ours[-1:], theirs[-1:]))
        note(f"{work.name}: loss after {steps} steps {ours[-1]:.5f}, PyTorch {theirs[-1]:.5f}")
        return {"steps": steps, "ours": ours[-1], "peer": theirs[-1], "difference": difference}

    def predict(self, work):
        project, file, module = self.prepare(work)
        net = pytorch.load(module).Net().eval()
        names = [name for name, layer in net.named_children() if hasattr(layer, "weight")]
        proto = onnx_side.model(net.state_dict(), names)
        seconds = self.options.seconds / 2
        versions = {}
        calls = {}
        for name, make in (("peer", onnx_side.onnx_runtime), ("openvino", onnx_side.open_vino)):
            versions[name], calls[name] = make(proto, work.batch, self.options.threads)
        sides = {"ours": lambda: self.ours.predict(work, file, seconds)}
        for name, call in calls.items():
            sides[name] = lambda call=call: onnx_side.median_time(call, seconds)
        results = self.alternate(sides, work.name)
        row = self.row(work, results, "s/batch")
        row["operations"] = 2 * self.ours.json("summary", file)["total_macs"]
        row["versions"] = versions
        # Times become rates, except for a single digit, whose latency counts.
        if work.batch > 1:
            row["ratio"] = 1 / row["ratio"]
        return row

    def row(self, work, results, unit):
        row = {"work": work.name, "unit": unit, "must": work.must, "aim": work.aim,
               "must_limit": work.must_limit, "precision": work.precision, "batch": work.batch}
        for name, values in results.items():
            row[name] = statistics.median(values)
        row["ratio"] = statistics.median(a / b for a, b in zip(results["ours"], results["peer"]))
        row["rounds"] = results
        return row

    def first_step(self):
        times = self.ours.work("first-step", "template:lenet-5")["seconds"]
        return {"work": "first-step", "unit": "s", "ours": times[-1], "cold": times[0],
                "must": 0.15, "aim": 0.05, "limit_share": None}

    def accuracy_99(self):
        """The time, from the program's start to its end, of the shortest training of LeNet-5 in
        whole epochs that reads 99 % of the test set."""
        for epochs in range(1, 11):
            start = time.monotonic()
            result = self.ours.json("train", "template:lenet-5", "--epochs", epochs, "--threads",
                                    self.options.threads, "--run-dir", self.ours.path("accuracy"))
            seconds = time.monotonic() - start
            if result["test_accuracy"] >= 0.99:
                return {"work": "accuracy-99", "unit": "s", "ours": seconds, "epochs": epochs,
                        "test_accuracy": result["test_accuracy"], "aim": 15,
                        "limit_share": None}
        fail(f"LeNet-5 reads {result['test_accuracy']:.2%} of the test set after {epochs} epochs")

    def add_limit_share(self, row):
        """Of the higher of the limits just before and just after the work: the machine may be
        slower later on."""
        self.measure_limits()
        limits = self.limits.get(row["precision"])
        if not limits:
            row["limit_share"] = None
            return
        rate = row["ours"] if row["unit"] == "samples/s" else row["batch"] / row["ours"]
        row["limit_gflops"] = max(limits[-2:])
        row["limit_share"] = row["operations"] * rate / (row["limit_gflops"] * 1e9)


def print_table(rows):
    print(f"{'work':20}{'ours':>12}{'peer':>12}{'ratio':>8}{'must':>7}{'aim':>6}{'of limit':>10}"
          f"{'memory':>8}{'losses':>8}")
    for row in rows:
        def cell(key, text, width):
            value = row.get(key)
            return f"{'':>{width}}" if value is None else f"{value:{text}}".rjust(width)

        losses = row.get("losses")
        print(f"{row['work']:20}" + cell("ours", ",.5g", 12) + cell("peer", ",.5g", 12) +
              cell("ratio", ".2f", 8) + cell("must", "g", 7) + cell("aim", "g", 6) +
              cell("limit_share", ".0%", 10) + cell("memory_ratio", ".2f", 8) +
              (f"{losses['difference']:8.2%}" if losses else ""))


def main():
    parser = argparse.ArgumentParser(prog="./dev bench peers", description=__doc__)
    parser.add_argument("work", nargs="*", metavar="WORK",
                        help="only these: " + ", ".join([w.name for w in WORKS] + OTHERS))
    parser.add_argument("--cli", type=Path, default=ROOT / "build/release/bin/gradwright-cli",
                        help="the gradwright-cli to measure")
    parser.add_argument("--works", type=Path, default=ROOT / "build/release/bin/bench_works")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3, help="of each side in a round")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--compile", action="store_true", help="also torch.compile, slow to start")
    options = parser.parse_args()
    known = {work.name: work for work in WORKS}
    for name in options.work:
        if name not in known and name not in OTHERS:
            parser.error(f"there is no work '{name}'; there are {', '.join([*known, *OTHERS])}")
    if options.rounds < 1 or options.threads < 1 or options.seconds <= 0:
        parser.error("rounds, threads and seconds have to be above 0")
    for program in (options.cli, options.works):
        if not program.exists():
            fail(f"there is no program {program}")

    if (load := os.getloadavg()[0]) > 0.5:
        note(f"bench: the machine is busy (load {load:.1f}): these figures will be too low, and "
             "not by the same factor")
    torch.set_num_threads(options.threads)
    bench = Bench(options)
    rows = []
    for name in options.work or [*known, *OTHERS]:
        if name in known:
            work = known[name]
            rows.append(bench.train(work) if work.kind == "train" else bench.predict(work))
            bench.add_limit_share(rows[-1])
        else:
            rows.append(bench.first_step() if name == "first-step" else bench.accuracy_99())
    limits = {key: max(values) for key, values in bench.limits.items()}
    print(f"{processor()}, {options.threads} threads, {date.today()}, PyTorch {torch.__version__}; "
          + ", ".join(f"{key} limit {value:,.0f} GFLOP/s" for key, value in limits.items()))
    print_table(rows)
    if options.json:
        document = {"processor": processor(), "threads": options.threads,
                    "date": str(date.today()), "torch": torch.__version__,
                    "limits_gflops": limits, "rows": rows}
        options.json.write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
