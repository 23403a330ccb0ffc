#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Trains templates with their own settings on several seeds and compares the mean of what they
reach on the test set with what they must reach.

Exit codes: 0 every bound is met, 1 one is missed or a training failed, 2 wrong usage.
"""

import argparse
import json
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

    @property
    def percent(self) -> bool:
        return self.metric == "test_accuracy"


CASES = [
    Case("perceptron", "perceptron", None),
    Case("softmax-regression", "softmax-regression", 0.920),
    Case("multilayer-perceptron", "multilayer-perceptron", 0.978),
    Case("lenet-5", "lenet-5", 0.988),
    Case("small-cnn", "small-cnn", 0.990),
    Case("two-spirals", "two-spirals", 0.98),
    Case("exclusive-or", "exclusive-or", 0.98),
]


def train(cli: str, case: Case, seed: int, folder: str) -> float:
    command = [cli, "train", f"template:{case.template}", "--seed", str(seed), "--json",
               "--run-dir", folder, *case.options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"accuracy: {' '.join(command)}\n{done.stderr.strip()}")
    return json.loads(done.stdout)[case.metric]


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
        with tempfile.TemporaryDirectory() as folder:
            values = [train(args.cli, case, seed, folder) for seed in range(1, args.seeds + 1)]
        mean = statistics.fmean(values)
        met = case.bound is None or mean >= case.bound
        if not met:
            missed.append(case.name)
        bound = "" if case.bound is None else f"   at least {text(case, case.bound)}"
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
