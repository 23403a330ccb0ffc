#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes small projects and runs with another gradwright-cli, and the figures that it prints of them.

    make_old_files.py GRADWRIGHT_CLI RESOURCES

RESOURCES is the folder resources/ of the sources. What is written stands beside this script; see README.md.
"""

import gzip
import json
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib

HERE = pathlib.Path(__file__).parent
PROGRAM = pathlib.Path(sys.argv[1]).resolve()
RESOURCES = pathlib.Path(sys.argv[2]).resolve()
TRAINING, TEST = 1000, 300  # of MNIST's samples, as in tests/app/cli.cpp


def noise(seed):
    """Whole numbers below 2^16 that look random (a linear congruential generator)."""
    while True:
        seed = (seed * 6364136223846793005 + 1442695040888963407) % 2**64
        yield seed >> 48


def png(path, size, brightness, seed):
    numbers = noise(seed)
    rows = b"".join(
        b"\0" + bytes(min(255, brightness + next(numbers) % 60) for _ in range(size)) for _ in range(size)
    )

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", size, size, 8, 0, 0, 0, 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    )


def idx(path, dims, values):
    path.write_bytes(bytes([0, 0, 8, len(dims)]) + b"".join(struct.pack(">I", d) for d in dims) + bytes(values))


def mnist_head(folder):
    for name, count in (("train", TRAINING), ("t10k", TEST)):
        for kind, head in (("images-idx3", 16), ("labels-idx1", 8)):
            file = f"{name}-{kind}-ubyte"
            data = gzip.open(RESOURCES / "datasets/mnist" / (file + ".gz")).read()
            each = 784 if kind.startswith("images") else 1
            (folder / file).write_bytes(data[:4] + struct.pack(">I", count) + data[8:head] + data[head : head + count * each])


def houses(path, count, seed):
    """The column "kind" holds numbers that stand for categories; some sizes are missing."""
    numbers = noise(seed)
    lines = ["size;view;kind;street;price"]
    for i in range(count):
        size, view, kind = 1 + next(numbers) % 40, next(numbers) % 3, next(numbers) % 4
        price = 100 + 20 * size + 50 * (view == 0) + 30 * (kind == 2)
        lines.append(f"{'?' if i % 17 == 5 else size};{('sea', 'hill', 'none')[view]};{kind};no{i};{price}")
    path.write_text("\n".join(lines) + "\n")


def chain(*layers):
    """A network whose layers follow one another."""
    nodes = []
    for number, (name, layer, params) in enumerate(layers, 1):
        nodes.append({"id": number, "name": name, "layer": layer, "params": params})
    links = [{"id": i, "from": [i, 0], "to": [i + 1, 0]} for i in range(1, len(layers))]
    return {"nodes": nodes, "links": links, "blocks": {}}


class Case:
    def __init__(self, name, world):
        self.folder = world / name
        self.name = name
        self.expected = {}
        self.world = world
        self.folder.mkdir()

    def call(self, *arguments, start=False):
        environment = dict(
            os.environ,
            XDG_DATA_HOME=str(self.world / "data"),
            XDG_CACHE_HOME=str(self.world / "cache"),
            GRADWRIGHT_RESOURCES=str(self.world / "resources"),
            OMP_NUM_THREADS="1",
        )
        command = [str(PROGRAM), *map(str, arguments)]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=pipe, stderr=pipe, text=True)
        if start:
            return process
        out, err = process.communicate()
        if process.returncode != 0:
            sys.exit(f"{self.name}: {' '.join(command)}\n{err}")
        return out

    def project(self, template, change):
        """From a template, since `new` writes what belongs to every project."""
        self.call("new", template, "-o", "project.gradwright")
        path = self.folder / "project.gradwright"
        project = json.loads(path.read_text())
        change(project)
        path.write_text(json.dumps(project, indent=1) + "\n")

    @property
    def run(self):
        return next(iter((self.folder / "project.runs").iterdir()))

    def train(self, *arguments, epochs=3, resumed=4, rate=0.02, predict=()):
        self.call("train", "project.gradwright", "--epochs", epochs, "--threads", 1, "--quiet", "--json",
                  "--learning-rate", rate, *arguments)
        self.measure(predict)
        self.resume(resumed)

    def measure(self, predict):
        self.expected["summary"] = json.loads(self.call("summary", "project.gradwright", "--json"))["layers"]
        self.expected["evaluate"] = json.loads(self.call("evaluate", self.run, "--json"))
        if predict:
            self.expected["predict_arguments"] = list(predict)
            answers = json.loads(self.call("predict", self.run, *predict, "--json"))
            self.expected["predict"] = answers

    def resume(self, epochs):
        """What a copy of the run gives when it is trained on; the run itself stays."""
        copy = self.folder / "copy"
        shutil.copytree(self.run, copy)
        answer = json.loads(self.call("train", "--resume", copy, "--epochs", epochs, "--quiet", "--json"))
        self.expected["resume_epochs"] = epochs
        self.expected["resume"] = {
            "steps": answer["steps"],
            "evaluate": json.loads(self.call("evaluate", copy, "--split", "training", "--json")),
        }
        shutil.rmtree(copy)

    def keep(self):
        """Beside this script; the folder's own path becomes @FOLDER@ and the program's world goes."""
        target = HERE / self.name
        shutil.rmtree(target, ignore_errors=True)
        run = target / "run"
        shutil.copytree(self.folder, target, ignore=shutil.ignore_patterns("project.runs", "unused"))
        shutil.copytree(self.run, run, ignore=shutil.ignore_patterns(".lock", "events.*"))
        record = run / "run.json"
        record.write_text(record.read_text().replace(str(self.folder), "@FOLDER@"))
        (target / "expected.json").write_text(json.dumps(self.expected, indent=1, ensure_ascii=False) + "\n")


def small_dense(units):
    def change(project):
        for node in project["network"]["nodes"]:
            if node["layer"] == "dense" and "activation" in node.get("params", {}):
                node["params"]["units"] = units

    return change


def digits(world):
    """Every parameter of MNIST and of augmentation."""
    case = Case("digits", world)

    def change(project):
        small_dense(8)(project)
        project["network"]["nodes"][0]["params"] = {"shape": [1, 20, 20]}
        project["data"]["params"] = {"size": 20, "binarize": True, "normalize": "standardize"}

    case.project("multilayer-perceptron", change)
    augmentation = {
        "shift": 0.05, "rotation": 5, "scale": 0.05, "shear": 3, "flip-horizontal": "yes",
        "flip-vertical": "yes", "crop": 0.1, "elastic": 0.5, "elastic-smoothness": 4, "brightness": 0.05,
        "contrast": 0.05, "noise": 0.02, "cutout": 0.1, "mixup": 0.2,
    }
    settings = [part for key, value in augmentation.items() for part in ("--set", f"augmentation.{key}={value}")]
    for name in ("1-ballpoint.png", "7-crossed.png"):
        shutil.copy(RESOURCES / "samples" / name, case.folder)
    case.train("--set", "data.limit=600", *settings, predict=["1-ballpoint.png", "7-crossed.png"])
    case.keep()


def table(world):
    """Every parameter of a CSV table, given by --set."""
    case = Case("table", world)
    houses(case.folder / "houses.csv", 150, 1)
    houses(case.folder / "others.csv", 40, 2)
    houses(case.folder / "new.csv", 5, 3)
    case.project("peaks-and-pits", small_dense(8))
    params = {
        "file": "houses.csv", "test-file": "others.csv", "target": "price", "task": "regression",
        "ignore": "street", "categorical": "kind", "missing": "drop", "normalize": "range",
        "scale-target": "true", "test-fraction": 0.3, "delimiter": "semicolon", "header": "yes",
    }
    settings = [part for key, value in params.items() for part in ("--set", f"data.{key}={value}")]
    case.train("--data", "csv", *settings, "--fit", "--batch", 16, predict=["new.csv"])
    case.keep()


def text(world):
    """Every parameter of a text."""
    case = Case("text", world)
    lines = "".join(f"{n} times {n} is {n * n}; Twice {n} is {2 * n}.\n" for n in range(1, 120))
    (case.folder / "squares.txt").write_text(lines)

    def change(project):
        layers = {node["name"]: node for node in project["network"]["nodes"]}
        layers["letters"]["params"]["shape"] = [16]
        layers["embedding"]["params"] = {"dimensions": 6, "vocabulary": 64}
        layers["lstm"]["params"]["units"] = 12

    case.project("character-lstm", change)
    params = {"file": "squares.txt", "steps": 16, "lower-case": "true", "test-fraction": 0.2}
    settings = [part for key, value in params.items() for part in ("--set", f"data.{key}={value}")]
    case.train(
        "--data", "text", *settings, "--fit", predict=["--text", "7 times ", "--length", "12", "--temperature", "0"]
    )
    case.keep()


def patterns(world):
    """Every parameter of generated patterns, in a project file and not by --set; batch normalization and
    dropout, whose state a checkpoint holds; two parts of a batch, which run.json records."""
    case = Case("patterns", world)

    def change(project):
        project["network"] = chain(
            ("image", "input", {"shape": [1, 12, 12]}),
            ("conv", "conv2d", {"filters": 4, "kernel": [3, 3]}),
            ("norm", "batch-norm", {}),
            ("relu", "relu", {}),
            ("pool", "max-pool2d", {}),
            ("dropout", "dropout", {}),
            ("flatten", "flatten", {}),
            ("scores", "dense", {"units": 3}),
            ("probabilities", "softmax", {}),
            ("kind", "output", {}),
        )
        project["canvas"] = {"positions": {}, "frames": [], "notes": []}
        project["data"]["params"] = {
            "size": 12, "channels": 1, "classes": 3, "samples": 300, "test-samples": 60, "noise": 0.4, "seed": 7,
        }
        project["training"]["params"] = {"batch": 16, "epochs": 2, "replicas": 2}

    case.project("cifar-resnet-20", change)
    case.train()
    case.keep()


def shapes(world):
    """Every parameter of generated shapes: images from images."""
    case = Case("shapes", world)

    def change(project):
        project["network"] = chain(
            ("image", "input", {"shape": [1, 16, 16]}),
            ("conv", "conv2d", {"filters": 4, "padding": "same", "activation": "relu"}),
            ("score", "conv2d", {"filters": 1, "kernel": [1, 1]}),
            ("probability", "sigmoid", {}),
            ("mask", "output", {}),
        )
        project["canvas"] = {"positions": {}, "frames": [], "notes": []}
        project["data"]["params"] = {"size": 16, "samples": 100, "test-samples": 30, "noise": 0.1, "seed": 4}

    case.project("small-unet", change)
    case.train("--batch", 10)
    case.keep()


def surface(world):
    """Every parameter of the generated surface, with the optimizer's and the schedule's own."""
    case = Case("surface", world)
    case.project("peaks-and-pits", small_dense(6))
    params = {"pattern": "gaussians", "samples": 300, "test-samples": 70, "noise": 0.02, "seed": 9}
    settings = [part for key, value in params.items() for part in ("--set", f"data.{key}={value}")]
    case.train(
        *settings, "--optimizer", "sgd", "--set", "optimizer.momentum=0.8", "--schedule", "step", "--set",
        "schedule.gamma=0.5", "--set", "schedule.every=2", "--set", "warmup_epochs=1",
    )
    case.keep()


def weather(world):
    """The table that comes with the program: a class as the target."""
    case = Case("weather", world)
    case.project("weather", small_dense(8))
    params = {
        "target": "weather", "task": "classification", "ignore": "date", "categorical": "", "missing": "mean",
        "normalize": "standardize", "scale-target": "false", "test-fraction": 0.25,
    }
    settings = [part for key, value in params.items() for part in ("--set", f"data.{key}={value}")]
    case.train(*settings, "--loss", "softmax-cross-entropy", "--fit")
    case.keep()


def pictures(world):
    """Every parameter of image folders."""
    case = Case("pictures", world)
    for part, count in (("learn", 8), ("test", 3)):
        for name, brightness in (("bright", 150), ("dark", 20)):
            for i in range(count):
                png(case.folder / part / name / f"{i}.png", 9 + i % 3, brightness, 100 * count + i)

    def change(project):
        project["network"] = chain(
            ("image", "input", {"shape": [1, 8, 6]}),
            ("flatten", "flatten", {}),
            ("scores", "dense", {"units": 2}),
            ("probabilities", "softmax", {}),
            ("kind", "output", {}),
        )
        project["canvas"] = {"positions": {}, "frames": [], "notes": []}

    case.project("softmax-regression", change)
    params = {
        "folder": "learn", "test-folder": "test", "size": "8x6", "channels": "gray", "fit": "pad",
        "normalize": "standardize", "test-fraction": 0.25,
    }
    settings = [part for key, value in params.items() for part in ("--set", f"data.{key}={value}")]
    case.train("--data", "images", *settings, "--batch", 4, predict=["test/bright/0.png", "test/dark/2.png"])
    case.keep()


def idx_files(world):
    """Every parameter of IDX files."""
    case = Case("idx", world)
    numbers = noise(5)
    for part, count in (("training", 60), ("test", 20)):
        labels = [i % 3 for i in range(count)]
        pixels = [
            (80 * label + next(numbers) % 60) if (row + column) % (label + 2) == 0 else next(numbers) % 40
            for label in labels for row in range(8) for column in range(8)
        ]
        idx(case.folder / f"{part}-images", [count, 8, 8], pixels)
        idx(case.folder / f"{part}-labels", [count], labels)

    def change(project):
        project["network"] = chain(
            ("image", "input", {"shape": [1, 6, 6]}),
            ("flatten", "flatten", {}),
            ("scores", "dense", {"units": 3}),
            ("probabilities", "softmax", {}),
            ("kind", "output", {}),
        )
        project["canvas"] = {"positions": {}, "frames": [], "notes": []}

    case.project("softmax-regression", change)
    params = {
        "training-images": "training-images", "training-labels": "training-labels", "test-images": "test-images",
        "test-labels": "test-labels", "size": 6, "binarize": "false", "normalize": "standardize",
    }
    settings = [part for key, value in params.items() for part in ("--set", f"data.{key}={value}")]
    case.train("--data", "idx", *settings, "--batch", 8)
    case.keep()


def stopped(world):
    """Every parameter of the points; stopped by Ctrl+C within an epoch, of which there are 800 steps."""
    params = {"pattern": "spirals", "classes": 3, "samples": 2000, "test-samples": 100, "noise": 0.05, "seed": 3}
    settings = [part for key, value in params.items() for part in ("--set", f"data.{key}={value}")]
    step = 0
    while step % 800 == 0:
        shutil.rmtree(world / "stopped", ignore_errors=True)
        case = Case("stopped", world)
        case.project("two-spirals", small_dense(8))
        process = case.call(
            "train", "project.gradwright", *settings, "--fit", "--epochs", 1000, "--batch", 2, "--threads", 1,
            "--schedule", "constant", "--quiet", start=True,
        )
        time.sleep(0.06)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
        if process.returncode != 1 or "--resume" not in err:
            sys.exit(f"stopped: not stopped but {process.returncode}: {err}")
        lines = (case.run / "metrics.jsonl").read_text().splitlines()
        step = json.loads(lines[-1])["step"] if lines else 0
    case.resume(step // 800 + 2)
    case.keep()


def templates(world):
    """Projects as they begin, with blocks and what blocks promote."""
    target = HERE / "templates"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    case = Case("templates", world)
    expected = {}
    for key in ("small-residual", "cifar-resnet-20", "small-unet"):
        case.call("new", key, "-o", target / f"{key}.gradwright")
        expected[key] = json.loads(case.call("summary", target / f"{key}.gradwright", "--json"))["layers"]
    (target / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


def main():
    with tempfile.TemporaryDirectory() as name:
        world = pathlib.Path(name)
        shutil.copytree(RESOURCES, world / "resources", ignore=shutil.ignore_patterns("mnist"))
        (world / "resources/datasets/mnist").mkdir()
        mnist_head(world / "resources/datasets/mnist")
        for case in (digits, table, text, patterns, shapes, surface, weather, pictures, idx_files, stopped, templates):
            case(world)


if __name__ == "__main__":
    main()
