#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Feeds what `gradwright-cli export` writes with raw data: prepare() and answers() of the program
have to give what `gradwright-cli predict` says of the same rows and images.

Needs torch and safetensors for the whole way, keras for its programs. Without torch it says so and
exits with 77, which CTest takes as skipped. Usage: exported_preparation.py CLI
"""

import csv
import importlib.util
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import zlib

os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

try:
    import numpy
    import torch
    import safetensors  # noqa: F401, the exported programs read with it
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)
try:
    import keras
except ImportError:
    keras = None

TOLERANCE = 2e-5


def run(cli, *arguments):
    done = subprocess.run([cli, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return done.stdout


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def png(pixels):
    """A gray image."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(
            ">I", zlib.crc32(kind + data))
    height, width = pixels.shape
    lines = b"".join(b"\0" + row.astype(numpy.uint8).tobytes() for row in pixels)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0,
                                                                0, 0))
            + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))


def programs(cli, trained, folder):
    """The program for each framework, and a function that answers prepared inputs."""
    weights = str(trained / "best.safetensors")
    run(cli, "export", trained, "-o", folder / "in_torch.py", "--force")
    program = load(folder / "in_torch.py")
    net = program.Net().eval()
    net.load_weights(weights)

    def torch_answers(inputs):
        with torch.no_grad():
            return net(inputs)
    made = [("torch", program, torch_answers)]
    if keras:
        run(cli, "export", trained, "-o", folder / "in_keras.py", "--format", "keras", "--force")
        other = load(folder / "in_keras.py")
        model = other.build_model()
        other.load_weights(model, weights)
        made.append(("keras", other, lambda inputs: model(inputs, training=False)))
    return made


def trained_run(cli, folder, project, *more):
    done = json.loads(run(cli, "train", project, "--fit", "--json", "--run-dir", folder / "runs",
                          "--epochs", "3", *more))
    return pathlib.Path(done["run"])


def table(cli, folder, name, text, target, task):
    """A table through all ways: rows as the csv module reads them, texts as they are."""
    file = folder / f"{name}.csv"
    file.write_text(text, encoding="utf-8")
    trained = trained_run(cli, folder, "template:two-spirals", "--data", "csv", "--set",
                          f"data.file={file}", "--set", f"data.target={target}", "--set",
                          f"data.task={task}")
    delimiter = ";" if ";" in text.splitlines()[0] else ","
    with open(file, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter=delimiter))
    said = json.loads(run(cli, "predict", trained, file, "--json"))
    for framework, program, answer in programs(cli, trained, folder):
        found = program.answers(answer(program.prepare(rows)))
        for ours, theirs in zip(said, found, strict=True):
            if task == "classification":
                likely = max(ours["probabilities"])
                assert theirs[0] == ours["class"], (name, framework, ours, theirs)
                assert abs(theirs[1] - likely) < TOLERANCE, (name, framework, ours, theirs)
            else:
                value = ours["values"][target]
                assert abs(theirs[target] - value) < TOLERANCE * (1 + abs(value)), (
                    name, framework, ours, theirs)
        print(f"ok  {name}, {framework}: {len(found)} rows", flush=True)


def images(cli, folder):
    draw = numpy.random.default_rng(3)
    for label in ("dark", "light"):
        (folder / "shades" / label).mkdir(parents=True)
        for i in range(15):
            low = 0 if label == "dark" else 120
            (folder / "shades" / label / f"{i}.png").write_bytes(
                png(draw.integers(low, low + 130, (8, 8))))
    trained = trained_run(cli, folder, "template:softmax-regression", "--data", "images", "--set",
                          f"data.folder={folder / 'shades'}", "--set", "data.size=8,8", "--set",
                          "data.channels=gray", "--set", "data.normalize=standardize")
    pixels = draw.integers(0, 256, (5, 8, 8))
    files = []
    for i, each in enumerate(pixels):
        files.append(folder / f"new{i}.png")
        files[-1].write_bytes(png(each))
    said = json.loads(run(cli, "predict", trained, *files, "--json"))
    for framework, program, answer in programs(cli, trained, folder):
        given = pixels[:, :, :, None] if framework == "keras" else pixels[:, None]
        found = program.answers(answer(program.prepare(given)))
        for ours, theirs in zip(said, found, strict=True):
            assert theirs[0] == ours["class"], (framework, ours, theirs)
            assert abs(theirs[1] - max(ours["probabilities"])) < TOLERANCE, (framework, ours, theirs)
        print(f"ok  images, {framework}: {len(found)} images", flush=True)


def main():
    cli = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        towns = ("Köln", "Ulm", "None", "Aachen")
        mixed = "amount;share;town;price\n" + "".join(
            f"1.{100 + i},{i % 10};{'' if i % 9 == 0 else i % 13} %;{towns[i % 4]};{2 * i},5\n"
            for i in range(80))
        table(cli, folder, "values", mixed, "price", "regression")
        classes = "a,b,kind\n" + "".join(
            f"{'NA' if i % 7 == 0 else i % 11},{'yes' if i % 3 else 'no'},{'x' if i % 2 else 'y'}\n"
            for i in range(80))
        table(cli, folder, "classes", classes, "kind", "classification")
        images(cli, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
