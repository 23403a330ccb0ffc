#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs what `gradwright-cli quantize --onnx` writes in ONNX Runtime and, where it is installed, in
OpenVINO (asked for FP32), over a whole test set, against what our own integers answer (`infer` of the
file that `quantize` writes): of 8 bits, and kernels of 4 bits.

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
INT4_GROUPS = (32, 4, 1 << 20)  # the last one: a scale for each unit
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


def has_broken_blocks(model):
    """Whether a block of an INT4 kernel is shorter than the others, which OpenVINO refuses."""
    shapes = {tensor.name: tensor.dims for tensor in model.graph.initializer}
    for node in model.graph.node:
        given = {attribute.name: attribute.i for attribute in node.attribute}
        block = given.get("block_size", 0)
        if node.op_type == "DequantizeLinear" and block > 0:
            if shapes[node.input[0]][given["axis"]] % block != 0:
                return True
    return False


def answers_of_others(model, x):
    onnx.checker.check_model(onnx.load(model), full_check=True)
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    yield "ONNX Runtime", in_pieces(lambda part: session.run(None, {name: part})[0], x)
    if has_broken_blocks(onnx.load(model)):
        print("  OpenVINO takes no kernel whose last block is shorter")
        return
    try:
        import openvino
    except ImportError:
        return
    compiled = openvino.Core().compile_model(str(model), "CPU",
                                             {"INFERENCE_PRECISION_HINT": "f32"})
    yield "OpenVINO", in_pieces(lambda part: compiled(part)[0], x)


def our_answers(cli, file, model, folder, x):
    """What `infer` answers for the input of the ONNX model."""
    numpy.save(folder / "x.npy", x)
    name = onnx.load(model).graph.input[0].name
    answers = folder / f"answers-{file.name}"
    call(cli, "infer", file, "--input", f"{name}={folder / 'x.npy'}", "--output", answers)
    return numpy.load(next(answers.glob("*.npy")))


def compare(model, ours, x):
    passed = True
    for runtime, theirs in answers_of_others(model, x):
        equal = float((theirs.argmax(1) == ours.argmax(1)).mean())
        print(f"  {runtime}: {100 * equal:.2f} % equal answers of {len(x)}, largest difference of "
              f"a probability {abs(theirs - ours).max():.2g}")
        passed &= equal >= LEAST_EQUAL[runtime]
    return passed


def check_int8(cli, run, folder, x):
    """Whether all answer alike; prints a line for each."""
    file, model = folder / "int8.safetensors", folder / "int8.onnx"
    report = json.loads(call(cli, "quantize", run, "-o", file, "--onnx", model, "--json"))
    test = report["test"]
    kept = sum(layer["precision"] == "fp32" for layer in report["layers"])
    print(f"{run.name}: accuracy FP32 {100 * test['fp32']['accuracy']:.2f} %, INT8 "
          f"{100 * test['int8']['accuracy']:.2f} %, {kept} of {len(report['layers'])} layers in "
          f"FP32, weights {report['weight_bytes']['fp32']} -> {report['weight_bytes']['int8']}")
    return compare(model, our_answers(cli, file, model, folder, x), x)


def check_int4(cli, run, folder, x, groups):
    """The same with kernels of 4 bits, so many features to a scale."""
    passed = True
    for group in groups:
        file, model = folder / f"int4-{group}.gwmodel", folder / f"int4-{group}.onnx"
        report = json.loads(call(cli, "quantize", run, "--weights", "int4", "--group", group,
                                 "--most-loss", 100, "-o", file, "--onnx", model, "--json"))
        constants = [tensor for tensor in onnx.load(model).graph.initializer
                     if tensor.data_type == onnx.TensorProto.INT4]
        test = report["test"]
        print(f"{run.name}: INT4 in groups of {group}, accuracy "
              f"{100 * test['int4']['accuracy']:.2f} %, {len(constants)} kernels")
        passed &= len(constants) == len(report["kernels"]) > 0
        passed &= compare(model, our_answers(cli, file, model, folder, x), x)
    return passed


def check(cli, run, folder, groups):
    project = json.loads((run / "run.json").read_text())["project"]
    print(project["name"])
    x = images(project["data"]["dataset"])
    return check_int8(cli, run, folder, x) & check_int4(cli, run, folder, x, groups)


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
            groups = INT4_GROUPS if number == 0 else INT4_GROUPS[:1]
            passed &= check(options.cli, run, own, groups)
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
