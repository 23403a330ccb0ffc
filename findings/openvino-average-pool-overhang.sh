#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# AveragePool with ceil_mode=1 and count_include_pad=1: what a window reaches beyond the padding
# does not count in ONNX Runtime 1.32.0, but does in OpenVINO 2026.4.1, which divides by the whole
# kernel: the average of ones in a corner is 1/9 there and 1/4 in ONNX Runtime.
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


x = np.ones((1, 1, 4, 4), np.float32)
ours, right = answers(helper.make_node("AveragePool", ["x"], ["y"], kernel_shape=[3, 3], strides=[2, 2],
                                       pads=[1, 1, 1, 1], ceil_mode=1, count_include_pad=1), 19, x, 4)
print("last column: OpenVINO", ours[0, 0, :, 2], "ONNX Runtime", right[0, 0, :, 2])
assert np.allclose(right[0, 0, :, 2], [2 / 6, 3 / 6, 1 / 4])
assert np.allclose(ours[0, 0, :, 2], [2 / 9, 3 / 9, 1 / 9])
PYTHON
