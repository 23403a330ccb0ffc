#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Classical methods on the first samples of MNIST, by gradwright-cli and by scikit-learn at like settings.

Run by hand, with scikit-learn: baselines.py GRADWRIGHT_CLI [--samples N] [--methods A,B]. It prints test
accuracies in percent and seconds (to fit; to answer), and fails where the accuracies are more than half
a point apart.
"""
import argparse
import gzip
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import numpy as np
from sklearn import ensemble, linear_model, multiclass, naive_bayes, neighbors, svm, tree

ROOT = pathlib.Path(__file__).resolve().parents[3]
MNIST = ROOT / "resources/datasets/mnist"


def idx(name, header, item, limit):
    data = gzip.open(MNIST / f"{name}.gz").read()
    return data[:header], np.frombuffer(data, np.uint8, offset=header)[: limit * item]


def resources(folder, samples):
    """A resources folder whose MNIST has so many training samples."""
    for name in ("templates", "blocks"):
        shutil.copytree(ROOT / "resources" / name, folder / name)
    mnist = folder / "datasets/mnist"
    mnist.mkdir(parents=True)
    for name, header, item, limit in (
        ("train-images-idx3-ubyte", 16, 784, samples), ("train-labels-idx1-ubyte", 8, 1, samples),
        ("t10k-images-idx3-ubyte", 16, 784, 10000), ("t10k-labels-idx1-ubyte", 8, 1, 10000)):
        head, values = idx(name, header, item, limit)
        count = (len(values) // item).to_bytes(4, "big")
        (mnist / name).write_bytes(head[:4] + count + head[8:] + values.tobytes())


def models(seed):
    return {
        "naive-bayes": naive_bayes.GaussianNB(),
        "logistic": multiclass.OneVsRestClassifier(
            linear_model.LogisticRegression(solver="liblinear")),
        "svm-linear": svm.LinearSVC(dual=False),
        "svm-rbf": svm.SVC(),
        "knn": neighbors.KNeighborsClassifier(5, algorithm="brute"),
        "tree": tree.DecisionTreeClassifier(random_state=seed),
        "forest": ensemble.RandomForestClassifier(random_state=seed, n_jobs=-1),
        "boosting": ensemble.AdaBoostClassifier(
            tree.DecisionTreeClassifier(max_depth=3, random_state=seed), n_estimators=100,
            random_state=seed),
    }


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("cli")
    arguments.add_argument("--samples", type=int, default=10000)
    arguments.add_argument("--methods", default=",".join(models(0)))
    arguments.add_argument("--seeds", type=int, default=1, help="of methods that draw numbers")
    options = arguments.parse_args()
    far = []
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        resources(folder / "resources", options.samples)
        project = json.loads((ROOT / "resources/templates/softmax-regression.gradwright").read_text())
        project["data"]["validation_fraction"] = 0.0
        (folder / "mnist.gradwright").write_text(json.dumps(project))
        # The mean of the pixels' preparation does not matter where it is the same for both.
        x, y, xt, yt = (idx(*part)[1] for part in (
            ("train-images-idx3-ubyte", 16, 784, options.samples),
            ("train-labels-idx1-ubyte", 8, 1, options.samples),
            ("t10k-images-idx3-ubyte", 16, 784, 10000), ("t10k-labels-idx1-ubyte", 8, 1, 10000)))
        x, xt = (part.reshape(-1, 784) / 255.0 for part in (x, xt))
        for key in options.methods.split(","):
            seeds = options.seeds if key in ("tree", "forest", "boosting") else 1
            ours, theirs = [], []
            for seed in range(seeds):
                run = subprocess.run(
                    [options.cli, "baseline", str(folder / "mnist.gradwright"), "--methods", key,
                     "--seed", str(seed), "--json"],
                    env=os.environ | {"GRADWRIGHT_RESOURCES": str(folder / "resources")},
                    capture_output=True, text=True, check=True)
                ours.append(json.loads(run.stdout)["methods"][0])
                start = time.time()
                model = models(seed)[key].fit(x, y)
                fitted = time.time()
                accuracy = float(np.mean(model.predict(xt) == yt))
                theirs.append((accuracy, fitted - start, time.time() - fitted))
            mean = np.mean([each["accuracy"] for each in ours])
            other = np.mean([each[0] for each in theirs])
            if abs(mean - other) > 0.005:
                far.append(key)
            print(f"{key:12} {100 * mean:6.2f} ({ours[0]['fit_seconds']:.1f} s; "
                  f"{ours[0]['answer_seconds']:.1f} s)  scikit-learn {100 * other:6.2f} "
                  f"({theirs[0][1]:.1f} s; {theirs[0][2]:.1f} s)", flush=True)
    if far:
        sys.exit("more than half a point apart: " + ", ".join(far))


if __name__ == "__main__":
    main()
