#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# MaxPool with ceil_mode=1 whose last window would lie in the padding alone: ONNX Runtime 1.32.0
# drops it. The shape inference of onnx 1.23.2 counts it, and OpenVINO 2026.4.1 computes it: its
# maximum of nothing is the lowest float32, -3.4e38, which the next layer gets.
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


pool = dict(ceil_mode=1, strides=[3], kernel_shape=[2], pads=[1, 1])
x = np.arange(-9, -4, dtype=np.float32).reshape(1, 1, 5)
ours, right = answers(helper.make_node("MaxPool", ["x"], ["y"], **pool), 17, x, 3)
print("MaxPool of -9 ... -5: OpenVINO", ours.ravel(), "ONNX Runtime", right.ravel())
assert right.ravel().tolist() == [-9, -6]
assert ours.ravel()[:2].tolist() == [-9, -6] and ours.ravel()[2] == np.finfo(np.float32).min

graph = helper.make_graph([helper.make_node("MaxPool", ["x"], ["y"], **pool)], "g",
                          [helper.make_tensor_value_info("x", F, [1, 1, 5])],
                          [helper.make_tensor_value_info("y", F, ["n", "c", "w"])])
inferred = onnx.shape_inference.infer_shapes(
    helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))
length = inferred.graph.output[0].type.tensor_type.shape.dim[2].dim_value
print("length by onnx' shape inference:", length)
assert length == 3
PYTHON
