#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# QuantizeLinear is round(x / scale) + zero point, with ties to the even integer. With an odd zero
# point OpenVINO 2026.4.1 adds before it rounds, so that each tie goes the other way: -2.5, -1.5,
# 0.5, 1.5 at a scale of 1, there and back, become -3, -1, 1, 1; the reference and ONNX Runtime
# 1.32.0 say -2, -2, 0, 2. Even zero points are right. DynamicQuantizeLinear, which finds its zero
# point itself, has a tie of its own: 2.5 + 128 is 131 there, 130 by the others.
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


x = np.array([-2.5, -1.5, 0.5, 1.5], np.float32)


def there_and_back(zero_point):
    nodes = [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
             helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"])]
    model = model_of(nodes, x, [("y", F)],
                     [helper.make_tensor("s", F, [], [1.0]),
                      helper.make_tensor("z", TensorProto.INT8, [], [zero_point])])
    return [run(model, x)[0].tolist() for run in (by_openvino, by_onnx_runtime, by_reference)]


for zero_point in (-3, -4):
    print(zero_point, there_and_back(zero_point))
assert there_and_back(-3) == [[-3, -1, 1, 1], [-2, -2, 0, 2], [-2, -2, 0, 2]]
assert there_and_back(-4) == [[-2, -2, 0, 2]] * 3

alone = model_of([helper.make_node("QuantizeLinear", ["x", "s", "z"], ["y"])], x,
                 [("y", TensorProto.INT8)], [helper.make_tensor("s", F, [], [1.0]),
                                             helper.make_tensor("z", TensorProto.INT8, [], [-3])])
print("alone", [run(alone, x)[0].tolist() for run in (by_openvino, by_onnx_runtime)])
assert by_openvino(alone, x)[0].tolist() == [-6, -4, -2, -2]
assert by_onnx_runtime(alone, x)[0].tolist() == [-5, -5, -3, -1]

x = np.array([-127.5, 127.5, 2.5], np.float32)
dynamic = model_of([helper.make_node("DynamicQuantizeLinear", ["x"], ["y", "s", "z"])], x,
                   [("y", TensorProto.UINT8), ("s", F), ("z", TensorProto.UINT8)], [])
answers = [run(dynamic, x) for run in (by_openvino, by_onnx_runtime, by_reference)]
print("dynamic", [[np.asarray(each).tolist() for each in answer] for answer in answers])
assert [int(answer[0][2]) for answer in answers] == [131, 130, 130]
assert all(float(answer[1]) == 1 and int(answer[2]) == 128 for answer in answers)
PYTHON
