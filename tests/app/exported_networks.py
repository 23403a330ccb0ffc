# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks of one layer or a few, with tables for them, that tests of exports train for one step
and hold beside what other programs make of the export."""

import csv
import json
import subprocess

import numpy

ROWS = 24
VECTOR, STEPS, IMAGE = (6,), (5, 3), (3, 4, 5)


class Case:
    """Inputs of these shapes feed the first layer; each further one follows the one before it."""

    def __init__(self, name, shapes, *layers, low=-2.0, keras_refuses=None):
        self.name, self.shapes, self.layers = name, shapes, layers
        self.low = low  # the smallest number that inputs hold
        self.keras_refuses = keras_refuses  # what the refusal to write Keras says


def formula(text, parameters="", shapes=(IMAGE,), shared=True, **more):
    params = {"formula": text, "parameters": parameters, "shared": shared}
    return Case(f"{text} | {parameters}{'' if shared else ' per channel'}", shapes,
                ("formula", params), **more)


FORMULAS = [
    formula("x * sigmoid(beta * x)", "beta = 1"),
    formula("x * sigmoid(beta * x)", "beta = 1", shared=False),
    formula("x * sigmoid(beta * x)", "beta = 0.5", (STEPS,), shared=False),
    formula("x * sigmoid(beta * x)", "beta = 2", (VECTOR,), shared=False),
    formula("max(x, 0) + a * min(x, 0)", "a = 0.25", shared=False),
    formula("x + sin(a * x)^2 / a", "a = 1", (STEPS,)),
    formula("sigmoid(g) * x + (1 - sigmoid(g)) * y", "g = 0", (IMAGE, IMAGE), shared=False),
    formula("a * x + b * y - z * w / c", "a = 1, b = -0.5, c = 3 fixed",
            (STEPS, (3,), (5, 1), (1, 1)), shared=False),
    formula("x * y + tanh(y)", "", ((3,), IMAGE)),
    formula("max(x, y, k * x) - min(y, x, 0.5, -x)", "k = 0.3", (IMAGE, (1, 4, 5))),
    formula("exp(-abs(x)) + log(x^2 + 1) + sqrt(abs(x) + k)", "k = 0.1", shared=False),
    formula("cos(x) + erf(a * x) + floor(3 * x) * 0.1 + sign(x)", "a = 1"),
    formula("clip(x, -1, 0.5) + clip(a * x, -3, 1e-3)", "a = 1"),
    formula("pow(abs(x) + 0.1, k) + pow(2, x) + 2 ^ (k * x)", "k = 1.5"),
    formula("x^3 + x^-2 + x^0 + x^1 + (x^2)^0.5 + -x^2 + 2^3^2", "", low=0.5),
    formula("(x + 1)^2 / (x - (1 - x) + 3) - -(x - 2) * -pi / e", "", low=0.5),
    formula("1 / (c + x^2) - 3 * (2 - x) / (2 * (5 + c))", "c = 1"),
    formula("relu(x) + gelu(a * x) + gelu_tanh(x) + silu(x) + swish(2 * x)", "a = 1"),
    formula("mish(x) + softplus(x) + softsign(x) + step(x - 0.3) * a", "a = 1"),
    formula("hard_swish(2 * x) + hard_sigmoid(2 * x) + hard_tanh(x) + relu6(4 * x) + selu(x)", ""),
    formula("leaky_relu(x) + leaky_relu(a * x, 0.3) + elu(x) + elu(x, 0.4) + celu(x) + celu(x, 2)",
            "a = 1"),
    formula("max(0.5, x) - max(a, x) + min(a, 0.1) * x + max(1, 2)", "a = 0.2"),
    formula("sigmoid(a) * x + clip(a, 0, 1) + relu(a) + a^2 + sqrt(a)", "a = 0.7", shared=False),
    formula("lambda * x + layers * ops * keras - numpy + is + F + torch + self + nn + sys",
            "lambda = 1, layers = 2, ops = 0.5, keras = 1, numpy = 0.1, is = 0.2, F = 0.3, "
            "torch = 0.4, self = 0.5, nn = 0.6, sys = 0.7"),
    formula("1e-7 * x + 1e9 * a * x / 1e9", "a = 1e-3"),
    formula("a * x + 2 * b", "b = 3, a = -2"),
    formula("x", ""),
]

VOLUME = (2, 4, 3, 5)


def layer(key, shape=IMAGE, name="", **params):
    keras_refuses = params.pop("keras_refuses", None)
    shown = ", ".join(f"{k}={v}" for k, v in params.items())
    return Case(name or f"{key} {'x'.join(map(str, shape))} {shown}", (shape,), (key, params),
                keras_refuses=keras_refuses)


LAYERS = [
    layer("conv2d", filters=4, stride=[2, 1], dilation=[1, 2], padding="same"),
    layer("conv2d", filters=4, kernel=[2, 3], stride=[2, 2], padding="same", activation="elu"),
    layer("conv1d", (9, 3), filters=4, stride=[2], dilation=[2]),
    layer("conv3d", VOLUME, filters=2, kernel=[2, 1, 2], stride=[2, 1, 2], dilation=[1, 2, 1]),
    layer("depthwise-conv2d", kernel=[2, 2], stride=[2, 2], dilation=[2, 2], multiplier=2),
    layer("depthwise-conv2d", kernel=[2, 2], stride=[1, 2], padding="same"),
    layer("separable-conv2d", kernel=[2, 2], stride=[2, 2], dilation=[2, 2], filters=4),
    layer("conv-transpose2d", filters=2),
    layer("conv-transpose2d", filters=2, kernel=[1, 2], stride=[3, 3]),
    layer("conv-transpose2d", filters=2, kernel=[2, 1], stride=[3, 3], padding="same"),
    layer("conv-transpose2d", filters=2, kernel=[3, 4], stride=[2, 2], padding="same"),
    layer("conv-transpose2d", filters=2, kernel=[3, 2], stride=[1, 1], dilation=[2, 3]),
    layer("conv-transpose2d", filters=2, kernel=[3, 3], stride=[2, 3], padding="explicit",
          padding_sides=[1, 1, 2, 1], output_padding=[1, 1]),
    layer("conv-transpose2d", filters=2, kernel=[1, 2], stride=[4, 4], padding="explicit",
          padding_sides=[0, 0, 1, 0], output_padding=[2, 1]),
    layer("conv-transpose2d", filters=2, stride=[2, 2], dilation=[2, 1],
          keras_refuses="a stride and dilation"),
    layer("conv-transpose2d", filters=3, groups=3, keras_refuses="3 groups"),
    layer("pad", sides=[1, 0, 2, 3]),
    layer("pad", sides=[1, 0, 2, 3], value=-1.5),
    layer("pad", sides=[1, 0, 2, 3], mode="reflect"),
    layer("pad", sides=[1, 0, 2, 3], mode="replicate"),
    layer("slice", axis=0, begin=1),
    layer("slice", axis=0, reverse=True),
    layer("slice", axis=2, begin=1, end=5, step=2, reverse=True),
    layer("slice", STEPS, axis=0, end=4, step=3, reverse=True),
    layer("slice", STEPS, axis=1, reverse=True),
    layer("slice", VECTOR, reverse=True),
    layer("dropout", rate=0.0),
    layer("dropout", rate=0.5),
    layer("spatial-dropout", rate=0.0),
    layer("gaussian-noise", deviation=0.0),
    layer("group-norm", groups=3),
    layer("group-norm", (3, 1, 1), groups=3),
    layer("group-norm", (3, 1, 1), groups=3, affine=False),
    layer("group-norm", VECTOR, groups=6),
    layer("instance-norm", affine=True),
    layer("instance-norm", (3, 1, 1)),
    layer("instance-norm", (1, 4), affine=True),
    layer("layer-norm"),
    layer("layer-norm", (1, 3, 3)),
    layer("layer-norm", (6, 1)),
    layer("rms-norm", over="all"),
    layer("batch-norm"),
    layer("prelu"),
    layer("average-pool2d", padding="explicit", padding_sides=[1, 0, 1, 1]),
    layer("positional-encoding", STEPS),
    layer("positional-encoding", STEPS, kind="learned"),
    layer("class-token", STEPS),
    layer("class-token", STEPS, tokens=2),
    layer("multi-head-self-attention", STEPS, heads=3, causal=True),
    *(layer(key, STEPS, units=2, bidirectional=both, sequences=all_steps)
      for key in ("simple-rnn", "lstm", "gru")
      for both in (False, True) for all_steps in (False, True)),
    Case("three layers", (IMAGE,), ("conv2d", {"filters": 4, "activation": "gelu"}),
         ("max-pool2d", {}), ("flatten", {}), ("dense", {"units": 3})),
]


def chain(case):
    """The network in a project's form, and the name of each input."""
    nodes, links = [], []

    def add(layer, params=None, name=None):
        number = len(nodes) + 1
        nodes.append({"id": number, "name": name or f"layer{number}", "layer": layer,
                      "params": params or {}})
        return number

    def link(source, target, port=0):
        links.append({"id": len(links) + 1, "from": [source, 0], "to": [target, port]})

    inputs = [add("input", {"shape": list(shape)}, f"in{i}") for i, shape in enumerate(case.shapes)]
    last = None
    for i, (layer, params) in enumerate(case.layers):
        params = dict(params)
        node = add(layer, params, params.pop("_name", f"checked{i}"))
        for port, source in enumerate(inputs if last is None else [last]):
            link(source, node, port)
        last = node
    flat = add("flatten")
    link(last, flat)
    link(flat, add("output"))
    return {"nodes": nodes, "links": links, "blocks": {}}


def project(case, table, targets):
    columns = columns_of(case)
    return {
        "format": "gradwright project", "schema": 1, "name": "exported", "uuid": "",
        "network": chain(case), "canvas": {"positions": {}, "frames": [], "notes": []},
        "data": {"dataset": "csv",
                 "params": {"file": str(table), "task": "regression", "normalize": "none",
                            "scale_target": False, "target": ",".join(targets),
                            "test_fraction": 0.2},
                 "inputs": {f"in{i}": names for i, names in enumerate(columns)},
                 "validation_fraction": 0, "split_seed": 1, "limit": 0},
        "training": {"objectives": [{"output": "", "weight": 1.0,
                                     "loss": {"key": "mean-squared-error", "params": {}}}],
                     "optimizer": {"key": "adam", "params": {}},
                     "schedule": {"key": "constant", "params": {}},
                     "params": {"batch": ROWS, "epochs": 1, "learning_rate": 0.05, "threads": 1}}}


def columns_of(case):
    columns = []
    for i, shape in enumerate(case.shapes):
        columns.append([f"c{i}_{k}" for k in range(int(numpy.prod(shape)))])
    return columns


def write_table(path, header, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows([header] + [[repr(float(v)) for v in row] for row in rows])


def run(cli, *arguments):
    done = subprocess.run([cli, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"gradwright-cli {' '.join(map(str, arguments))}: {done.stderr}")
    return done.stdout


def difference(ours, theirs):
    scale = max(1.0, float(numpy.abs(ours).max()))
    return float(numpy.abs(ours - theirs).max()) / scale


def train(cli, case, folder):
    """Trains the case for one step: its project's file, the run's folder, what its inputs are fed
    and what `predict` answers to that, a row per sample."""
    rng = numpy.random.default_rng(7)
    columns = [name for names in columns_of(case) for name in names]
    values = rng.uniform(case.low, 2.0, (ROWS, len(columns))).astype(numpy.float32)
    sketch = folder / "sketch.gradwright"
    sketch.write_text(json.dumps(project(case, folder / "rows.csv", ["t0"])))
    shape = json.loads(run(cli, "summary", sketch, "--json"))["layers"][-1]["output_shape"]
    count = int(numpy.prod(shape))
    targets = [f"t{i}" for i in range(count)]
    rows = numpy.concatenate([values, rng.uniform(-1, 1, (ROWS, count))], axis=1)
    write_table(folder / "rows.csv", columns + targets, rows)
    file = folder / "case.gradwright"
    file.write_text(json.dumps(project(case, folder / "rows.csv", targets)))
    run(cli, "train", file, "--run-dir", folder / "runs", "--quiet")
    trained = next((folder / "runs").iterdir())
    answers = json.loads(run(cli, "predict", trained, folder / "rows.csv", "--json"))
    ours = numpy.array([[row["values"][t] for t in targets] for row in answers])
    return file, trained, values, ours
