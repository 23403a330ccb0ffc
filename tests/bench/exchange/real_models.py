#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens real ONNX models with gradwright-cli and compares what they answer with ONNX Runtime.

Each model gets random arrays for its inputs. A line per model: how it opens (layers, with nodes of
ONNX, as a whole run, not), whether its outputs equal ONNX Runtime's (relative 1e-3, absolute 1e-4),
and why not.
Usage: real_models.py CLI FOLDER|MODEL... [--json FILE]
Needs numpy, onnx and onnxruntime; without them it says so and exits with 77.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time

try:
    import numpy
    import onnx
    import onnxruntime
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

RTOL, ATOL = 1e-3, 1e-4
KINDS = {"tensor(float)": numpy.float32, "tensor(int64)": numpy.int64,
         "tensor(int32)": numpy.int32, "tensor(bool)": numpy.bool_,
         "tensor(float16)": numpy.float16, "tensor(double)": numpy.float64,
         "tensor(uint8)": numpy.uint8}
# What names of axes and settings mean, where a model takes only some lengths.
LENGTHS = {"sequence": 8, "seq": 8, "width": 64, "height": 64}
PER_MODEL = {"silero": {"input": (1, 576), "state": (2, 1, 128), "sr": 16000},
             "rec_infer": {"x": (1, 3, 48, 96)}, "det_infer": {"x": (1, 3, 64, 96)},
             "cls_infer": {"x": (1, 3, 48, 192)}, "320n": {"images": (1, 3, 320, 320)},
             "nmp": {"serving_default_input_2:0": (1, 43844, 1)}}


def arrays(path, session):
    """Random inputs: small whole numbers, and real ones between -1 and 1."""
    random = numpy.random.default_rng(1)
    wanted = next((v for k, v in PER_MODEL.items() if k in str(path)), {})
    made = {}
    for each in session.get_inputs():
        kind = KINDS[each.type]
        given = wanted.get(each.name)
        if isinstance(given, int):
            made[each.name] = numpy.array(given, kind)
            continue
        shape = given or tuple(
            axis if isinstance(axis, int) and axis > 0
            else 1 if place == 0
            else next((v for k, v in LENGTHS.items() if k in str(axis).lower()), 16)
            for place, axis in enumerate(each.shape))
        if numpy.issubdtype(kind, numpy.floating):
            made[each.name] = random.uniform(-1, 1, shape).astype(kind)
        elif kind is numpy.bool_:
            made[each.name] = numpy.ones(shape, kind)
        else:
            made[each.name] = random.integers(1, 9, shape).astype(kind)
    return made


def compare(cli, path, folder):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    inputs = arrays(path, session)
    expected = dict(zip([o.name for o in session.get_outputs()], session.run(None, inputs)))
    lengths = []
    for each in session.get_inputs():
        for place, axis in enumerate(each.shape):
            if not isinstance(axis, int) or axis < 1:
                # A name stands for one length; the batch is not asked for.
                lengths += ["--length", f"{each.name}:{place}={inputs[each.name].shape[place]}"]
    command = [cli, "inspect", str(path), "--json", *lengths]
    found = subprocess.run(command, capture_output=True, text=True)
    result = {"model": path.name, "opens": "no", "equal": False, "reason": ""}
    if found.returncode == 0:
        said = json.loads(found.stdout)
        if said["opens"] and not said["unable"]:
            result["opens"] = ("whole run" if said["whole_run"] else
                               f"{len(said['onnx_nodes'])} nodes" if said["onnx_nodes"]
                               else "layers")
        reasons = said["problems"] + said["unable"]
        result["reason"] = reasons[0]["reason"] if reasons else ""
    arguments = []
    for name, values in inputs.items():
        file = folder / f"{len(arguments)}.npy"
        numpy.save(file, values.astype(numpy.float32) if values.dtype == numpy.float16 else values)
        arguments += ["--input", f"{name}={file}"]
    begin = time.monotonic()
    run = subprocess.run([cli, "infer", str(path), *arguments, "--output", str(folder / "out")],
                         capture_output=True, text=True)
    result["seconds"] = round(time.monotonic() - begin, 2)
    if run.returncode != 0:
        result["reason"] = run.stderr.strip().splitlines()[-1] if run.stderr.strip() else ""
        return result
    if result["opens"] == "no":
        result["opens"] = "whole run, given its inputs"
    worst = 0.0
    for name, wanted in expected.items():
        file = folder / "out" / (name.replace("/", "_").replace(":", "_") + ".npy")
        ours = numpy.load(file)
        if ours.shape != wanted.shape:
            result["reason"] = f"{name}: {ours.shape} and not {wanted.shape}"
            return result
        wanted = wanted.astype(numpy.float64)
        if wanted.size and not numpy.allclose(ours, wanted, RTOL, ATOL, equal_nan=True):
            gap = numpy.abs(ours - wanted).max()
            result["reason"] = f"{name} is off by {gap:.3g} of {numpy.abs(wanted).max():.3g}"
            return result
        worst = max(worst, float(numpy.abs(ours - wanted).max()) if wanted.size else 0)
    result.update(equal=True, reason=f"within {worst:.2g}")
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cli")
    parser.add_argument("paths", nargs="+", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    models = [m for p in options.paths for m in (sorted(p.rglob("*.onnx")) if p.is_dir() else [p])]
    results = []
    for path in models:
        with tempfile.TemporaryDirectory() as folder:
            try:
                results.append(compare(options.cli, path, pathlib.Path(folder)))
            except Exception as error:  # of any of the programs: said, and the others go on
                results.append({"model": path.name, "opens": "?", "equal": False,
                                "reason": f"{type(error).__name__}: {error}".splitlines()[0]})
        last = results[-1]
        print(f"{last['model']:40} {last['opens']:24} {'equal' if last['equal'] else 'DIFFERS':8}"
              f"{last['reason']}", flush=True)
    opened = sum(r["opens"] not in ("no", "?") for r in results)
    equal = sum(r["equal"] for r in results)
    print(f"{opened} of {len(results)} open, {equal} equal ONNX Runtime")
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
