#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Feeds what `gradwright-cli export` writes with raw data: prepare() and answers() of the program
have to give what `gradwright-cli predict` says of the same rows, images and texts.

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


def programs(cli, trained, folder, are_several=False):
    """The program for each framework, and a function that answers prepared inputs, a list where the
    network has several."""
    weights = str(trained / "best.safetensors")
    run(cli, "export", trained, "-o", folder / "in_torch.py", "--force")
    program = load(folder / "in_torch.py")
    net = program.Net().eval()
    net.load_weights(weights)

    def torch_answers(inputs):
        with torch.no_grad():
            return net(*inputs) if are_several else net(inputs)
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


def table(cli, folder, name, text, target, task, template="template:two-spirals"):
    """A table through all ways: rows as the csv module reads them, texts as they are."""
    file = folder / f"{name}.csv"
    file.write_text(text, encoding="utf-8")
    trained = trained_run(cli, folder, template, "--data", "csv", "--set",
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


def colours(draw, count, width, height):
    """Images of bytes, H x W x 3, reddish and bluish in turns."""
    made = draw.integers(0, 120, (count, height, width, 3))
    for i, each in enumerate(made):
        each[..., 0 if i % 2 else 2] += 130
    return made.astype(numpy.uint8)


def bitmap(pixels):
    """A BMP file of colours."""
    height, width, _ = pixels.shape
    padding = bytes(-3 * width % 4)
    lines = b"".join(row[:, ::-1].tobytes() + padding for row in pixels[::-1])
    return (b"BM" + struct.pack("<IHHI", 54 + len(lines), 0, 0, 54)
            + struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(lines), 0, 0, 0, 0)
            + lines)


def answers_agree(name, framework, said, found):
    for ours, theirs in zip(said, found, strict=True):
        assert theirs[0] == ours["class"], (name, framework, ours, theirs)
        assert abs(theirs[1] - max(ours["probabilities"])) < TOLERANCE, (name, framework, ours,
                                                                         theirs)
    print(f"ok  {name}, {framework}: {len(found)} rows", flush=True)


def layers(*entries):
    """A chain of layers as a project has them."""
    return [{"id": i + 1, "name": name, "layer": layer, "params": params}
            for i, (name, layer, params) in enumerate(entries)]


def project(folder, name, nodes, links, data):
    """A project for classes; links are pairs of names, with the port where that is not 0."""
    ids = {node["name"]: node["id"] for node in nodes}
    lines = [{"id": i + 1, "from": [ids[a], 0], "to": [ids[b], port[0] if port else 0]}
             for i, (a, b, *port) in enumerate(links)]
    file = folder / f"{name}.gradwright"
    file.write_text(json.dumps({
        "format": "gradwright project", "schema": 1, "name": name,
        "uuid": "4b69651b-5257-4ca5-9a23-5c1d5526d33b", "description": "",
        "network": {"nodes": nodes, "links": lines, "blocks": {}},
        "canvas": {"positions": {}, "frames": [], "notes": []},
        "data": {"dataset": "csv", "validation_fraction": 0.1, "split_seed": 1, "limit": 0, **data},
        "training": {"objectives": [{"output": "", "weight": 1.0, "loss": {
            "key": "softmax-cross-entropy", "params": {}}}],
            "optimizer": {"key": "adam", "params": {}},
            "schedule": {"key": "constant", "params": {}},
            "params": {"batch": 8, "epochs": 3, "threads": 1}}}), encoding="utf-8")
    return file


def image_columns(cli, folder):
    """A table of images alone, one of images and numbers for two inputs: images of the size that is
    trained on, as files and as arrays."""
    draw = numpy.random.default_rng(5)
    pictures = colours(draw, 40, 6, 4)
    text = "picture,weight,town,kind\n"
    for i, each in enumerate(pictures):
        (folder / f"p{i}.bmp").write_bytes(bitmap(each))
        text += f"p{i}.bmp,{i % 7}.5,{('Ulm', 'Köln')[i // 2 % 2]},{'red' if i % 2 else 'blue'}\n"
    file = folder / "pictures.csv"
    file.write_text(text, encoding="utf-8")
    with open(file, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    given = [{**row, "picture": str(folder / row["picture"])} for row in rows]
    arrays = [{**row, "picture": pixels} for row, pixels in zip(rows, pictures)]
    data = {"file": str(file), "target": "kind", "image_size": [4, 6],
            "image_normalize": "standardize"}
    alone = project(folder, "alone", layers(
        ("image", "input", {"shape": [3, 4, 6]}), ("flat", "flatten", {}),
        ("scores", "dense", {"units": 2}), ("kind", "output", {})),
        [("image", "flat"), ("flat", "scores"), ("scores", "kind")],
        {"params": {**data, "ignore": "weight, town"}})
    both = project(folder, "both", layers(
        ("numbers", "input", {"shape": [3]}), ("image", "input", {"shape": [3, 4, 6]}),
        ("flat", "flatten", {}), ("joined", "concatenate", {}),
        ("scores", "dense", {"units": 2}), ("kind", "output", {})),
        [("image", "flat"), ("flat", "joined"), ("numbers", "joined", 1), ("joined", "scores"),
         ("scores", "kind")],
        {"params": data, "inputs": {"image": ["picture"], "numbers": ["weight", "town"]}})
    for name, made in (("images of a table", alone), ("several inputs", both)):
        done = json.loads(run(cli, "train", made, "--json", "--run-dir", folder / "runs"))
        trained = pathlib.Path(done["run"])
        said = json.loads(run(cli, "predict", trained, file, "--json"))
        for framework, program, answer in programs(cli, trained, folder, name == "several inputs"):
            forms = [arrays, given] if importlib.util.find_spec("PIL") else [arrays]
            for form in forms:
                prepared = program.prepare(form)
                found = program.answers(answer(prepared))
                answers_agree(name, framework, said, found)
        try:
            program.prepare([{**arrays[0], "picture": pictures[0][:3]}])
            raise AssertionError("an image of another size was taken")
        except ValueError as refused:
            assert "picture holds images of 4 x 6 pixels" in str(refused), refused


def texts(cli, folder):
    """The text that is written on, a character after another, always the likeliest."""
    file = folder / "text.txt"
    file.write_text("Ein Männlein steht im Walde \U0001F600 ganz still und stumm.\n" * 12,
                    encoding="utf-8")
    trained = trained_run(cli, folder, "template:character-lstm", "--data", "text", "--set",
                          f"data.file={file}", "--set", "data.steps=16", "--batch", "4")
    for framework, program, answer in programs(cli, trained, folder):
        # Shorter than the network's steps, and longer, with characters that it does not know.
        for prompt in ("Ein M", "im Walde \U0001F600 ganz st\u4e2dll"):
            wanted = run(cli, "predict", trained, "--text", prompt, "--length", "8",
                         "--temperature", "0", "--json")
            text = prompt
            for _ in range(8):
                [(character, likely)] = program.answers(answer(program.prepare([text])), [text])
                assert 0 < likely <= 1, likely
                text += character
            assert text == json.loads(wanted)["text"], (framework, text, wanted)
        print(f"ok  text, {framework}", flush=True)


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
        table(cli, folder, "one score", classes, "kind", "classification",
              "template:logistic-regression")
        images(cli, folder)
        image_columns(cli, folder)
        texts(cli, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
