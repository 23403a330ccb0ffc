#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs what `gradwright-cli export` writes for PyTorch and Keras: trains each of the networks below
for one step, exports it, loads the run's weights into both programs and compares their answers
with those of `gradwright-cli predict` on the same rows.

Needs torch, keras and safetensors; without them it says so and exits with 77, which CTest takes as
skipped. Usage: exported_code.py CLI [PART OF A NAME]
"""

import importlib.util
import keyword
import os
import pathlib
import re
import sys
import tempfile
import warnings

os.environ.setdefault("KERAS_BACKEND", "torch")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

try:
    import keras
    import numpy
    import torch
    import safetensors  # noqa: F401, the exported programs read with it
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

# torch.export says so of its own recurrent layers.
warnings.filterwarnings("ignore", "The tensor attributes")

from exported_networks import (FORMULAS, LAYERS, ROWS, VECTOR, Case, difference, formula, run,
                               train)

TOLERANCE = 1e-5


def names():
    """Networks whose layers and parameters are called what torch and Python call theirs."""
    traced = torch.fx.symbolic_trace(torch.nn.Identity())
    members = {*dir(traced), *keyword.kwlist, "F", "torch", "keras", "layers", "ops", "sys"}
    layers = sorted(n for n in members if re.fullmatch(r"[A-Za-z_]\w*", n))
    cases = [Case(f"layers called {part[0]} to {part[-1]}", (VECTOR,),
                  *(("prelu", {"_name": n}) for n in part))
             for part in (layers[i:i + 40] for i in range(0, len(layers), 40))]
    taken = {*dir(torch.nn.ParameterDict()), *members}
    parameters = sorted(n for n in taken if re.fullmatch(r"[A-Za-z]\w{0,30}[A-Za-z0-9]", n))
    for part in (parameters[i:i + 16] for i in range(0, len(parameters), 16)):
        cases.append(formula("x * " + " + ".join(part), ", ".join(f"{n} = 0.5" for n in part)))
        cases[-1].name = f"parameters called {part[0]} to {part[-1]}"
    return cases


CASES = FORMULAS + LAYERS + names()


def load(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def channels_last(values):
    return numpy.moveaxis(values, 1, -1) if values.ndim > 3 else values


def check(cli, case, folder):
    """Largest difference of each program, relative to the largest answer (or 1)."""
    file, trained, values, ours = train(cli, case, folder)
    inputs, start = [], 0
    for each in case.shapes:
        size = int(numpy.prod(each))
        inputs.append(values[:, start:start + size].reshape(ROWS, *each))
        start += size
    weights = str(trained / "best.safetensors")
    if not os.path.exists(weights):
        weights = str(trained / "last.safetensors")

    run(cli, "export", file, "-o", folder / "in_torch.py", "--format", "pytorch")
    net = load(folder / "in_torch.py").Net().eval()
    net.load_weights(weights)
    tensors = tuple(torch.from_numpy(v.copy()) for v in inputs)
    with torch.no_grad():
        found = {"torch": difference(ours, net(*tensors).numpy()),
                 "torch, one row": difference(ours[:1], net(*(t[:1] for t in tensors)).numpy())}
        exported = torch.export.export(net, tensors).module()
        found["torch.export"] = difference(ours, exported(*tensors).numpy())

    to_keras = ("export", file, "-o", folder / "in_keras.py", "--format", "keras")
    if case.keras_refuses:
        try:
            run(cli, *to_keras)
        except RuntimeError as refused:
            if case.keras_refuses in str(refused):
                return found
            raise
        raise RuntimeError("Keras's program was written, not refused")
    run(cli, *to_keras)
    program = load(folder / "in_keras.py")
    model = program.build_model()
    program.load_weights(model, weights)
    given = [channels_last(v) for v in inputs]
    theirs = model(given if len(given) > 1 else given[0], training=False)
    found["keras"] = difference(ours, keras.ops.convert_to_numpy(theirs))
    return found


def main():
    cli = os.path.abspath(sys.argv[1])
    part = sys.argv[2] if len(sys.argv) > 2 else ""
    failures, worst = 0, {}
    for case in CASES:
        if part not in case.name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                found = check(cli, case, pathlib.Path(folder))
            except Exception as error:  # of any of the three: said, and the others go on
                print(f"FAIL  {case.name}: {type(error).__name__}: {error}")
                failures += 1
                continue
        wrong = {k: v for k, v in found.items() if not v <= TOLERANCE}
        failures += bool(wrong)
        print(f"{'FAIL' if wrong else 'ok'}  {case.name}", wrong or "", flush=True)
        for key, value in found.items():
            worst[key] = max(worst.get(key, 0.0), value)
    print(f"torch {torch.__version__}, keras {keras.__version__}: {failures} failures; "
          f"largest differences {worst}")
    return failures > 0


if __name__ == "__main__":
    sys.exit(main())
