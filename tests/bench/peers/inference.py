# SPDX-License-Identifier: GPL-3.0-or-later
"""Inference of templates by Gradwright, ONNX Runtime and OpenVINO, on as many threads.

Each side runs the same network with the weights that a training would begin with: ours as optimized
for inference, the others from our ONNX export, with their own optimizations. The sides take turns,
so that whatever else loads the machine hits all; medians of the rounds' median times are reported.
OpenVINO is asked for FP32, since its default is BF16 where the processor has that."""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np

from machine import ROOT, note, processor

NETWORKS = ["small-cnn", "fashion-cnn", "resnet-18", "resnet-50", "mobilenet-v2", "vgg-16",
            "tiny-vision-transformer", "character-lstm"]


def median_time(call, seconds):
    call()
    times = []
    begin = time.perf_counter()
    while len(times) < 3 or time.perf_counter() - begin < seconds:
        since = time.perf_counter()
        call()
        times.append(time.perf_counter() - since)
    return statistics.median(times)


def inputs_of(session, batch):
    """Noise for each input; 0 for indices."""
    random = np.random.default_rng(1)
    made = {}
    for port in session.get_inputs():
        shape = [axis if isinstance(axis, int) else batch for axis in port.shape]
        made[port.name] = (np.zeros(shape, np.int64) if "int64" in port.type
                           else random.standard_normal(shape, np.float32))
    return made


class Bench:
    def __init__(self, options):
        self.options = options

    def ours(self, network, batch, *extra):
        command = [self.options.cli, "bench", f"template:{network}", "--batch", batch, "--seconds",
                   self.options.seconds, "--threads", self.options.threads, "--json", *extra]
        result = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        if result.returncode != 0:
            sys.exit(f"{result.stderr}{command} failed")
        return json.loads(result.stdout)["measured"][0]["median_seconds"]

    def sides(self, network, batch, folder):
        import onnxruntime
        import openvino

        file = Path(folder) / f"{network}.onnx"
        if not file.exists():
            subprocess.run([str(self.options.cli), "export", f"template:{network}", "--format",
                            "onnx", "-o", str(file)], check=True, capture_output=True)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.options.threads
        session = onnxruntime.InferenceSession(str(file), options,
                                               providers=["CPUExecutionProvider"])
        values = inputs_of(session, batch)
        core = openvino.Core()
        model = core.read_model(str(file))
        model.reshape({port.any_name: list(values[port.any_name].shape) for port in model.inputs})
        request = core.compile_model(model, "CPU", {
            "INFERENCE_NUM_THREADS": self.options.threads, "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
        seconds = self.options.seconds
        sides = {"ours": lambda: self.ours(network, batch),
                 "ONNX Runtime": lambda: median_time(lambda: session.run(None, values), seconds),
                 "OpenVINO": lambda: median_time(lambda: request.infer(values), seconds)}
        for precision in self.options.precision:
            sides[f"ours, {precision.upper()}"] = (
                lambda precision=precision: self.ours(network, batch, "--precision", precision))
        if self.options.as_trained:
            sides["ours, as trained"] = lambda: self.ours(network, batch, "--as-trained")
        return sides

    def measure(self, network, batch, folder):
        sides = self.sides(network, batch, folder)
        times = {name: [] for name in sides}
        for round_ in range(self.options.rounds):
            names = list(sides)[round_ % len(sides):] + list(sides)[:round_ % len(sides)]
            for name in names:
                times[name].append(sides[name]())
        note(f"{network}, batch {batch}")
        return {name: statistics.median(values) for name, values in times.items()}


def main():
    parser = argparse.ArgumentParser(prog="./dev bench inference", description=__doc__)
    parser.add_argument("network", nargs="*", help="only these: " + ", ".join(NETWORKS))
    parser.add_argument("--cli", type=Path, default=ROOT / "build/release/bin/gradwright-cli")
    parser.add_argument("--works", type=Path, help="not used")
    parser.add_argument("--batch", type=int, nargs="*", default=[1, 64])
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1, help="of each side in a round")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--precision", nargs="*", choices=["bf16", "int8"], default=[],
                        help="ours in these, too; in integers by structure, without calibration, "
                             "which takes the same time")
    parser.add_argument("--as-trained", action="store_true", help="ours without the passes, too")
    options = parser.parse_args()
    for name in options.network:
        if name not in NETWORKS:
            parser.error(f"there is no network '{name}'; there are {', '.join(NETWORKS)}")
    bench = Bench(options)
    print(f"{processor()}, {options.threads} threads, {date.today()}, FP32, medians of "
          f"{options.rounds} rounds of {options.seconds:g} s; ms, and ours over the faster peer")
    results, ratios = {}, []
    with tempfile.TemporaryDirectory(prefix="gradwright-inference-") as folder:
        for network in options.network or NETWORKS:
            for batch in options.batch:
                times = bench.measure(network, batch, folder)
                ratio = times["ours"] / min(times["ONNX Runtime"], times["OpenVINO"])
                ratios.append(ratio)
                results[f"{network}, {batch}"] = times
                cells = "  ".join(f"{name} {1e3 * value:9.3f}" for name, value in times.items())
                print(f"{network:24} {batch:4}  {cells}  {ratio:.2f}", flush=True)
    print(f"geometric mean {math.exp(statistics.mean(math.log(ratio) for ratio in ratios)):.2f}, "
          f"largest {max(ratios):.2f}")
    if options.json:
        options.json.write_text(json.dumps({"processor": processor(), "threads": options.threads,
                                            "date": str(date.today()), "seconds": results},
                                           indent=2) + "\n")


if __name__ == "__main__":
    main()
