#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trains templates with their own settings on several seeds and compares the mean of what they
reach on the test set with what they must reach.

Exit codes: 0 every bound is met, 1 one is missed or a training failed, 2 wrong usage.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field


@dataclass
class Case:
    name: str
    template: str
    bound: float | None  # the least mean, in the metric's own unit; None = only shown
    metric: str = "test_accuracy"
    options: list[str] = field(default_factory=list)
    needs: str = ""  # a folder without which the case is left out
    most: bool = False  # the bound is the largest mean that is good

    @property
    def percent(self) -> bool:
        return self.metric in ("test_accuracy", "error_of_linear")

    def met(self, mean: float) -> bool:
        return self.bound is None or (mean <= self.bound if self.most else mean >= self.bound)


FASHION = "/usr/share/datasets/fashion-mnist"


CASES = [
    Case("perceptron", "perceptron", None),
    Case("softmax-regression", "softmax-regression", 0.920),
    Case("multilayer-perceptron", "multilayer-perceptron", 0.978),
    Case("lenet-5", "lenet-5", 0.988),
    Case("small-cnn", "small-cnn", 0.990),
    Case("two-spirals", "two-spirals", 0.98),
    Case("exclusive-or", "exclusive-or", 0.98),
    Case("small-cnn-augmented", "small-cnn-augmented", 0.994),
    Case("fashion-mlp", "fashion-mlp", 0.885, needs=FASHION),
    Case("fashion-cnn", "fashion-cnn", 0.915, needs=FASHION),
    # Squared error on the test rows as a share of linear regression's on the same split.
    Case("weather", "weather", 0.9, metric="error_of_linear", most=True),
    Case("peaks-and-pits", "peaks-and-pits", None, metric="test_r2"),
    # The template's epochs take about five minutes on two cores.
    Case("character-lstm", "character-lstm", 2.0, metric="bits", most=True),
]


def train(cli: str, case: Case, seed: int, folder: str) -> float:
    command = [cli, "train", f"template:{case.template}", "--seed", str(seed), "--json",
               "--run-dir", folder, *case.options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"accuracy: {' '.join(command)}\n{done.stderr.strip()}")
    result = json.loads(done.stdout)
    if case.metric == "bits":  # the loss is in nats a character
        return result["test_loss"] / math.log(2)
    if case.metric == "error_of_linear":
        return (1 - result["test_r2"]) / (1 - linear_r2(cli, case, folder))
    return result[case.metric]


def linear_r2(cli: str, case: Case, folder: str) -> float:
    """R² of linear regression: the template without its hidden layers, solved by L-BFGS."""
    file = os.path.join(folder, "linear.gradwright")
    subprocess.run([cli, "new", case.template, "-o", file, "--force"], check=True,
                   capture_output=True)
    with open(file, encoding="utf-8") as stream:
        project = json.load(stream)
    nodes = project["network"]["nodes"]
    kept = [node for node in nodes if not node["name"].startswith("hidden")]
    project["network"]["nodes"] = kept
    project["network"]["links"] = [
        {"id": i + 1, "from": [kept[i]["id"], 0], "to": [kept[i + 1]["id"], 0]}
        for i in range(len(kept) - 1)]
    with open(file, "w", encoding="utf-8") as stream:
        json.dump(project, stream)
    done = subprocess.run(
        [cli, "train", file, "--optimizer", "lbfgs", "--schedule", "constant", "--batch", "100000",
         "--epochs", "60", "--json", "--run-dir", folder],
        capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"accuracy: linear regression: {done.stderr.strip()}")
    return json.loads(done.stdout)["test_r2"]


def text(case: Case, value: float) -> str:
    return f"{100 * value:.2f} %" if case.percent else f"{value:.3f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cli", required=True, help="gradwright-cli")
    parser.add_argument("--seeds", type=int, default=3, help="seeds 1 to this (default 3)")
    parser.add_argument("--json", help="also writes the figures here")
    parser.add_argument("names", nargs="*", help="cases; all unless given")
    args = parser.parse_args()
    unknown = set(args.names) - {case.name for case in CASES}
    if unknown:
        known = ", ".join(case.name for case in CASES)
        parser.error(f"no case is called {', '.join(sorted(unknown))}. There are: {known}")

    figures = {}
    missed = []
    for case in CASES:
        if args.names and case.name not in args.names:
            continue
        if case.needs and not os.path.isdir(case.needs):
            print(f"{case.name:<28} left out: {case.needs} is not there", flush=True)
            continue
        with tempfile.TemporaryDirectory() as folder:
            values = [train(args.cli, case, seed, folder) for seed in range(1, args.seeds + 1)]
        mean = statistics.fmean(values)
        met = case.met(mean)
        if not met:
            missed.append(case.name)
        bound = "" if case.bound is None else (
            f"   at {'most' if case.most else 'least'} {text(case, case.bound)}")
        print(f"{case.name:<28} {text(case, mean):>9}   seeds: "
              f"{', '.join(text(case, value) for value in values)}{bound}"
              f"{'' if met else '   MISSED'}", flush=True)
        figures[case.name] = {"metric": case.metric, "values": values, "mean": mean,
                              "bound": case.bound, "met": met}
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(figures, file, indent=2)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
