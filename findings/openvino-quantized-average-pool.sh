#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# AveragePool with count_include_pad=1 between DequantizeLinear and QuantizeLinear: OpenVINO 2026.4.1
# pools the stored integers, and pads them with the integer 0, not with the zero point. In FP32 (asked
# for), a border of zeros becomes one of -scale x zero point: -11.2 stands where -0.8 is right. onnx'
# reference and ONNX Runtime 1.32.0 agree. A zero point of 0, or padding that is not counted, is right.
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


x = np.linspace(-3, 3, 16, dtype=np.float32).reshape(1, 1, 4, 4)


def pooled(zero_point, **attributes):
    """Corner of the quantized average by OpenVINO, ONNX Runtime and the reference."""
    nodes = [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
             helper.make_node("DequantizeLinear", ["q", "s", "z"], ["d"]),
             helper.make_node("AveragePool", ["d"], ["p"], kernel_shape=[2, 2], pads=[1, 1, 1, 1],
                              **attributes),
             helper.make_node("QuantizeLinear", ["p", "s", "z"], ["r"]),
             helper.make_node("DequantizeLinear", ["r", "s", "z"], ["y"])]
    model = model_of(nodes, x, [("y", F)],
                     [helper.make_tensor("s", F, [], [0.1]),
                      helper.make_tensor("z", TensorProto.UINT8, [], [zero_point])])
    return [float(run(model, x)[0][0, 0, 0, 0])
            for run in (by_openvino, by_onnx_runtime, by_reference)]


for zero_point, attributes in ((140, {"count_include_pad": 1}), (140, {}),
                               (0, {"count_include_pad": 1})):
    print(zero_point, attributes, pooled(zero_point, **attributes))
wrong, *right = pooled(140, count_include_pad=1)
assert np.allclose(right, -0.8, atol=1e-4) and np.isclose(wrong, -11.2, atol=1e-4)
assert np.allclose(pooled(140), -3, atol=1e-4)
assert np.allclose(pooled(0, count_include_pad=1), 0, atol=1e-4)
PYTHON
