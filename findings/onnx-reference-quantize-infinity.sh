#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# QuantizeLinear saturates: +inf becomes 255 in uint8, and so say ONNX Runtime 1.32.0 and OpenVINO
# 2026.4.1. The reference evaluator of onnx 1.23.2 says 0: it turns the quotient into an integer
# before it clips, and infinity becomes the least int32 (on x86-64). Values beyond 2^31 times the
# scale go the same way, so that 1e10 is 0 too, the smallest value in place of the largest.
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


x = np.array([np.inf, 1e10, 300, -np.inf, 3], np.float32)
model = model_of([helper.make_node("QuantizeLinear", ["x", "s", "z"], ["y"])], x,
                 [("y", TensorProto.UINT8)],
                 [helper.make_tensor("s", F, [], [1.0]),
                  helper.make_tensor("z", TensorProto.UINT8, [], [10])])
answers = [run(model, x)[0].tolist() for run in (by_openvino, by_onnx_runtime, by_reference)]
print(answers)
assert answers == [[255, 255, 255, 0, 13], [255, 255, 255, 0, 13], [0, 0, 255, 0, 13]]
PYTHON
