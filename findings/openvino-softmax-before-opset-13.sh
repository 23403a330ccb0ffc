#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Softmax of ONNX below opset 13 flattens its input to two axes first, so that all values behind
# `axis` share one sum. OpenVINO 2026.4.1 normalizes that one axis alone, as from opset 13 on: for 2
# x 3 x 4 values and axis 1 the 12 probabilities of a sample add up to 4. ONNX Runtime 1.32.0
# flattens.
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


x = np.random.default_rng(1).standard_normal((2, 3, 4)).astype(np.float32)
ours, right = answers(helper.make_node("Softmax", ["x"], ["y"], axis=1), 11, x, 3)
print("sum of a sample's 12 probabilities: OpenVINO", ours[0].sum(), "ONNX Runtime", right[0].sum())
assert np.allclose(right.sum(axis=(1, 2)), 1, atol=1e-5)
assert np.allclose(ours.sum(axis=1), 1, atol=1e-5) and np.allclose(ours.sum(axis=(1, 2)), 4, atol=1e-4)
PYTHON
