#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Resize of ONNX opset 18: OpenVINO 2026.4.1 reads neither antialias nor keep_aspect_ratio_policy,
# and says nothing. A single bright pixel of eight vanishes when they become two, and a picture of 4
# x 8 that is to stay below 4 x 4 is squeezed. ONNX Runtime 1.32.0 follows both.
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


x = np.zeros((1, 1, 1, 8), np.float32)
x[0, 0, 0, 3] = 8
ours, right = answers(helper.make_node("Resize", ["x", "", "scales"], ["y"], mode="linear", antialias=1),
                      18, x, 4, {"scales": np.array([1, 1, 1, 0.25], np.float32)})
print("antialias: OpenVINO", ours.ravel(), "ONNX Runtime", right.ravel())
assert right.ravel().tolist() == [1.25, 0.75] and ours.ravel().tolist() == [0, 0]

x = np.random.default_rng(1).standard_normal((1, 1, 4, 8)).astype(np.float32)
ours, right = answers(helper.make_node("Resize", ["x", "", "", "sizes"], ["y"], mode="nearest", axes=[2, 3],
                                       keep_aspect_ratio_policy="not_larger"),
                      18, x, 4, {"sizes": np.array([4, 4], np.int64)})
print("not_larger: OpenVINO", ours.shape, "ONNX Runtime", right.shape)
assert ours.shape == (1, 1, 4, 4) and right.shape == (1, 1, 2, 4)
PYTHON
