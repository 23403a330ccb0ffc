#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs what `gradwright-cli export --format onnx` writes in ONNX Runtime, after ONNX's own checker:

- networks of each layer, trained for one step, against `gradwright-cli predict` on the same rows,
  with both operator sets;
- with the program onnx-cases (a target of the build), every layer with the corners of its
  parameters and every op against the reference in FP64, and every template, with random weights,
  against the CPU engine.

Needs onnx and onnxruntime; without them it says so and exits with 77, which CTest takes as skipped.
OpenVINO is compared, too, where it is installed and `--openvino` is given.
Usage: onnx_files.py CLI [--cases ONNX_CASES] [--openvino] [--part PART_OF_A_NAME]
"""

import argparse
import json
import os
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

from exported_networks import (FORMULAS, IMAGE, LAYERS, STEPS, VECTOR, VOLUME, Case, difference,
                               layer, run, train)

TOLERANCE = 1e-5
OPSETS = (21, 17)
TYPES = {"F32": numpy.float32, "I32": numpy.int32, "I64": numpy.int64}

ACTIVATIONS = ("relu", "leaky-relu", "sigmoid", "tanh", "elu", "selu", "celu", "gelu", "gelu-tanh",
               "silu", "mish", "hard-swish", "hard-sigmoid", "hard-tanh", "relu6", "softplus",
               "softsign", "step")
FURTHER = [
    *(layer(key) for key in ACTIVATIONS),
    layer("softmax", VECTOR),
    *(layer(key, shape) for key in ("dropout", "identity", "flatten", "batch-norm")
      for shape in (VECTOR, IMAGE)),
    layer("dense", VECTOR, units=4),
    layer("max-pool1d", (9, 3), kernel=[3], stride=[2], padding="same"),
    layer("max-pool2d", kernel=[3, 2], stride=[2, 2], padding="explicit",
          padding_sides=[2, 1, 0, 1]),
    layer("average-pool2d", kernel=[3, 3], padding="same", count_padding=True),
    layer("max-pool3d", VOLUME),
    layer("average-pool3d", VOLUME, kernel=[2, 2, 2], padding="same"),
    layer("global-average-pool"),
    layer("global-max-pool"),
    layer("adaptive-average-pool", size=[2, 3]),
    layer("upsample", factor=[2, 3]),
    layer("upsample", factor=[3, 2], mode="bilinear"),
    layer("local-response-norm", size=3),
    layer("local-response-norm", size=4),
    *(Case(key, (IMAGE, IMAGE), (key, {}))
      for key in ("add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate")),
    Case("multiply by a vector", (IMAGE, (3,)), ("multiply", {})),
]


def given_to(session, inputs):
    """The inputs in the types that the model wants."""
    kinds = {"tensor(int64)": numpy.int64, "tensor(int32)": numpy.int32}
    return {i.name: inputs[i.name].astype(kinds.get(i.type, numpy.float32))
            for i in session.get_inputs()}


class Runtimes:
    def __init__(self, with_openvino):
        self.worst = {}
        self.core = None
        if with_openvino:
            import openvino
            self.core = openvino.Core()

    def answers(self, path, inputs):
        """What each runtime makes of the model, a list of outputs in their order."""
        onnx.checker.check_model(onnx.load(path), full_check=True)
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        given = given_to(session, inputs)
        found = {"onnxruntime": session.run(None, given)}
        if self.core:
            # Else it computes in bfloat16 where the processor has AMX.
            model = self.core.compile_model(str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
            results = model(given)
            found["openvino"] = [results[output] for output in model.outputs]
        return [output.name for output in session.get_outputs()], found

    def rounding(self, path, inputs, found):
        """What rounding alone does to the answers: ONNX Runtime with and without optimization. The
        logits of a deep network with random weights are in the hundreds."""
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(str(path), options,
                                               providers=["CPUExecutionProvider"])
        given = given_to(session, inputs)
        return max(difference(a, b)
                   for a, b in zip(session.run(None, given), found["onnxruntime"], strict=True))

    def check(self, name, expected, found, tolerance=TOLERANCE):
        """Whether all is near enough; prints the line of the case."""
        far = {}
        for runtime, outputs in found.items():
            for wanted, output in zip(expected, outputs, strict=True):
                if output.shape != wanted.shape:
                    far[runtime] = f"shape {output.shape} and not {wanted.shape}"
                    continue
                value = difference(wanted, output.astype(numpy.float64))
                if not value <= tolerance:
                    far[runtime] = value
                self.worst[runtime] = max(self.worst.get(runtime, (0.0, "")), (value, name))
        print(f"{'FAIL' if far else 'ok'}  {name}", far or "", flush=True)
        return not far


def check_export(cli, case, folder, runtimes):
    _, trained, values, ours = train(cli, case, folder)
    done = True
    for opset in OPSETS:
        path = folder / f"case{opset}.onnx"
        run(cli, "export", trained, "-o", path, "--format", "onnx", "--opset", opset)
        (name,) = [i.name for i in onnx.load(path).graph.input]
        _, found = runtimes.answers(path, {name: values})
        flat = {k: [o.reshape(ours.shape) for o in v] for k, v in found.items()}
        done &= runtimes.check(f"{case.name}, opset {opset}", [ours], flat)
    return done


def check_written(program, opset, part, folder, runtimes):
    """What onnx-cases writes. Returns the number of faults, and of cases that are refused."""
    subprocess.run([program, folder, str(opset), part], check=True)
    faults, refused = 0, 0

    def array(entry):
        return numpy.fromfile(folder / entry["file"], TYPES[entry["type"]]).reshape(entry["shape"])

    for case in json.loads((folder / "cases.json").read_text()):
        if "refused" in case:
            refused += 1
            continue
        name = f"{case['name']}, opset {opset}"
        try:
            inputs = {key: array(entry) for key, entry in case["inputs"].items()}
            names, found = runtimes.answers(folder / case["model"], inputs)
            expected = [array(case["outputs"][key]) for key in names]
            rounding = runtimes.rounding(folder / case["model"], inputs, found)
            faults += not runtimes.check(name, expected, found, max(TOLERANCE, 2 * rounding))
        except Exception as error:  # of any of the programs: said, and the others go on
            print(f"FAIL  {name}: {type(error).__name__}: {error}")
            faults += 1
    return faults, refused


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cli", type=os.path.abspath)
    parser.add_argument("--part", default="")
    parser.add_argument("--cases", type=os.path.abspath)
    parser.add_argument("--openvino", action="store_true")
    options = parser.parse_args()
    onnxruntime.set_default_logger_severity(3)
    runtimes = Runtimes(options.openvino)
    faults, refused = 0, 0
    for case in FORMULAS + LAYERS + FURTHER:
        if options.part not in case.name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                faults += not check_export(options.cli, case, pathlib.Path(folder), runtimes)
            except Exception as error:  # of any of the programs: said, and the others go on
                print(f"FAIL  {case.name}: {type(error).__name__}: {error}")
                faults += 1
    for opset in OPSETS if options.cases else ():
        with tempfile.TemporaryDirectory() as folder:
            found = check_written(options.cases, opset, options.part, pathlib.Path(folder),
                                  runtimes)
            faults, refused = faults + found[0], refused + found[1]
    print(f"onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}: {faults} failures, "
          f"{refused} cases refused; largest differences {runtimes.worst}")
    return faults > 0


if __name__ == "__main__":
    sys.exit(main())
