#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs what `gradwright-cli quantize --onnx` writes in ONNX Runtime and, where it is installed, in
OpenVINO (asked for FP32), over a whole test set, against what our own integers answer (`infer` of the
file that `quantize` writes).

Trains each template for an epoch on some samples, or takes runs that are there.
Needs onnx and onnxruntime; without them it says so and exits with 77, which CTest takes as skipped.
Usage: quantized_models.py CLI [--runs RUN...]
"""

import argparse
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import numpy
    import onnx
    import onnxruntime
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

TEMPLATES = (("lenet-5", 3000), ("small-residual", 2000))
LEAST_EQUAL = {"ONNX Runtime": 0.999, "OpenVINO": 0.995}
FOLDERS = {"mnist": ("/usr/share/datasets/mnist", "/usr/share/gradwright/datasets/mnist"),
           "fashion-mnist": ("/usr/share/datasets/fashion-mnist",)}


def call(*arguments):
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, arguments))}\n{done.stderr}")
    return done.stdout


def images(dataset):
    """The test images in [0, 1], as the preparation "unit" makes them."""
    source = pathlib.Path(__file__).resolve().parents[2] / "resources" / "datasets"
    for folder in (*FOLDERS[dataset], source / dataset, source):
        for path in sorted(pathlib.Path(folder).rglob("t10k-images*")):
            opened = gzip.open if path.suffix == ".gz" else open
            with opened(path, "rb") as file:
                pixels = numpy.frombuffer(file.read(), numpy.uint8, offset=16)
            return pixels.reshape(-1, 1, 28, 28).astype(numpy.float32) / 255
    print(f"skipped: no test images of {dataset}")
    sys.exit(77)


def in_pieces(answer, x):
    return numpy.concatenate([answer(x[i:i + 500]) for i in range(0, len(x), 500)])


def answers_of_others(model, x):
    onnx.checker.check_model(onnx.load(model), full_check=True)
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    yield "ONNX Runtime", in_pieces(lambda part: session.run(None, {name: part})[0], x)
    try:
        import openvino
    except ImportError:
        return
    compiled = openvino.Core().compile_model(str(model), "CPU",
                                             {"INFERENCE_PRECISION_HINT": "f32"})
    yield "OpenVINO", in_pieces(lambda part: compiled(part)[0], x)


def check(cli, run, folder):
    """Whether all answer alike; prints a line for each."""
    record = json.loads((run / "run.json").read_text())
    project = record["project"]
    file, model = folder / "int8.safetensors", folder / "int8.onnx"
    report = json.loads(call(cli, "quantize", run, "-o", file, "--onnx", model, "--json"))
    x = images(project["data"]["dataset"])
    numpy.save(folder / "x.npy", x)
    name = onnx.load(model).graph.input[0].name
    call(cli, "infer", file, "--input", f"{name}={folder / 'x.npy'}", "--output", folder / "answers")
    ours = numpy.load(next((folder / "answers").glob("*.npy")))
    test = report["test"]
    kept = sum(layer["precision"] == "fp32" for layer in report["layers"])
    print(f"{project['name']}: accuracy FP32 {100 * test['fp32']['accuracy']:.2f} %, INT8 "
          f"{100 * test['int8']['accuracy']:.2f} %, {kept} of {len(report['layers'])} layers in "
          f"FP32, weights {report['weight_bytes']['fp32']} -> {report['weight_bytes']['int8']}")
    passed = True
    for runtime, theirs in answers_of_others(model, x):
        equal = float((theirs.argmax(1) == ours.argmax(1)).mean())
        print(f"  {runtime}: {100 * equal:.2f} % equal answers of {len(x)}, largest difference of "
              f"a probability {abs(theirs - ours).max():.2g}")
        passed &= equal >= LEAST_EQUAL[runtime]
    return passed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cli", type=pathlib.Path)
    parser.add_argument("--runs", nargs="*", type=pathlib.Path, default=[])
    options = parser.parse_args()
    passed = True
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        runs = list(options.runs)
        if not runs:
            for template, samples in TEMPLATES:
                project = folder / f"{template}.gradwright"
                call(options.cli, "new", template, "-o", project)
                call(options.cli, "train", project, "--epochs", 1, "--quiet", "--set",
                     f"data.limit={samples}")
                runs += sorted((folder / f"{template}.runs").iterdir())
        for number, run in enumerate(runs):
            own = folder / str(number)
            own.mkdir()
            passed &= check(options.cli, run, own)
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
