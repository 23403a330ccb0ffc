#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# DynamicQuantizeLinear of a tensor of zeros: its formula divides by a range of 0. Of three engines
# each has its own scale: OpenVINO 2026.4.1 says 0, ONNX Runtime 1.32.0 says 1, onnx 1.23.2's
# reference 1/255. The stored zeros agree, so that only what reads the scale by itself (a division
# by it, say) differs: there OpenVINO's answer is infinite.
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
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

F = TensorProto.FLOAT


def model_of(nodes, x, outputs, constants):
    """Opset 21, checked, with the shapes of its results inferred."""
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", F, x.shape)],
        [helper.make_tensor_value_info(name, kind, None) for name, kind in outputs], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    onnx.checker.check_model(model)
    return model


def by_openvino(model, x):
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(model.SerializeToString()), "CPU",
                                  {"INFERENCE_PRECISION_HINT": "f32"})
    result = compiled({"x": x})
    return [result[i] for i in range(len(model.graph.output))]


def by_onnx_runtime(model, x):
    session = onnxruntime.InferenceSession(model.SerializeToString(),
                                           providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x})


def by_reference(model, x):
    return ReferenceEvaluator(model).run(None, {"x": x})


x = np.zeros(3, np.float32)
nodes = [helper.make_node("DynamicQuantizeLinear", ["x"], ["y", "s", "z"])]
model = model_of(nodes, x, [("y", TensorProto.UINT8), ("s", F), ("z", TensorProto.UINT8)], [])
answers = [run(model, x) for run in (by_openvino, by_onnx_runtime, by_reference)]
print([[np.asarray(each).tolist() for each in answer] for answer in answers])
assert all(np.asarray(answer[0]).tolist() == [0, 0, 0] for answer in answers)
assert np.allclose([float(answer[1]) for answer in answers], [0, 1, 1 / 255], atol=1e-9)

divided = model_of(nodes + [helper.make_node("Div", ["one", "s"], ["r"])], x, [("r", F)],
                   [helper.make_tensor("one", F, [], [1.0])])
results = [float(run(divided, x)[0]) for run in (by_openvino, by_onnx_runtime)]
print("1 / scale:", results)
assert np.isinf(results[0]) and results[1] == 1
PYTHON
