#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# An LSTM's peephole weights (input P) make no difference in OpenVINO 2026.4.1: the model compiles
# without a warning and computes, to the bit, what it computes without them. ONNX Runtime 1.32.0
# uses them.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  openvino==2026.4.1 onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime
import openvino
from onnx import TensorProto, helper, numpy_helper

F = TensorProto.FLOAT


def answers(node, opset, x, rank, weights={}):
    """The node for x by OpenVINO (float32 asked for) and by ONNX Runtime."""
    nodes = node if isinstance(node, list) else [node]
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", F, x.shape)],
        [helper.make_tensor_value_info("y", F, [f"d{i}" for i in range(rank)])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    onnx.checker.check_model(model)
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(model.SerializeToString()), "CPU",
                                  {"INFERENCE_PRECISION_HINT": "f32"})
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return compiled({"x": x})[0], session.run(None, {"x": x})[0]


random = np.random.default_rng(1)
x = random.standard_normal((5, 4, 3)).astype(np.float32)
weights = {"W": random.standard_normal((1, 8, 3)).astype(np.float32),
           "R": random.standard_normal((1, 8, 2)).astype(np.float32)}
peepholes = {"P": random.standard_normal((1, 6)).astype(np.float32)}

plain, _ = answers(helper.make_node("LSTM", ["x", "W", "R"], ["y"], hidden_size=2), 17, x, 4, weights)
ours, right = answers(helper.make_node("LSTM", ["x", "W", "R", "", "", "", "", "P"], ["y"],
                                       hidden_size=2), 17, x, 4, weights | peepholes)
print("peepholes: OpenVINO", ours.ravel()[-2:], "ONNX Runtime", right.ravel()[-2:],
      "without them", plain.ravel()[-2:])
assert np.array_equal(ours, plain) and np.abs(ours - right).max() > 0.01
PYTHON
