#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# An LSTM with layout=1 (samples first, ONNX opset 14) is computed by OpenVINO 2026.4.1 as if layout
# were 0: samples are taken for steps, and the output has the other shape. Nothing is said. (ONNX
# Runtime 1.32.0 refuses layout=1.)
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  openvino==2026.4.1 onnx==1.23.2 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import openvino
from onnx import TensorProto, helper, numpy_helper

F = TensorProto.FLOAT


def answers(node, opset, x, rank, weights={}):
    """The node for x by OpenVINO (float32 asked for)."""
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
    return compiled({"x": x})[0]


random = np.random.default_rng(1)
x = random.standard_normal((5, 4, 3)).astype(np.float32)  # 5 samples of 4 steps
weights = {"W": random.standard_normal((1, 8, 3)).astype(np.float32),
           "R": random.standard_normal((1, 8, 2)).astype(np.float32)}
batch_first = answers(helper.make_node("LSTM", ["x", "W", "R"], ["y"], hidden_size=2, layout=1), 17, x,
                      4, weights)
time_first = answers(helper.make_node("LSTM", ["x", "W", "R"], ["y"], hidden_size=2), 17, x, 4, weights)
print("layout=1: shape", batch_first.shape, "where ONNX has (5, 4, 1, 2); equal to layout=0:",
      np.array_equal(batch_first, time_first))
assert batch_first.shape == (5, 1, 4, 2) and np.array_equal(batch_first, time_first)
PYTHON
