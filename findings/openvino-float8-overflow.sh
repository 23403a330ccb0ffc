#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A Cast to float8e4m3fn saturates at 448 by default (ONNX opset 19 and later, attribute
# saturate=1); ONNX Runtime 1.32.0 does so. OpenVINO 2026.4.1 makes NaN of everything above.
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


x = np.array([0.1, 448, 500, -1e6], np.float32)
there_and_back = [helper.make_node("Cast", ["x"], ["h"], to=TensorProto.FLOAT8E4M3FN),
                  helper.make_node("Cast", ["h"], ["y"], to=F)]
ours, right = answers(there_and_back, 21, x, 1)
print("OpenVINO", ours, "ONNX Runtime", right)
assert right.tolist() == [0.1015625, 448, 448, -448]
assert ours[:2].tolist() == [0.1015625, 448] and np.isnan(ours[2:]).all()
PYTHON
