#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A model whose last nodes are QuantizeLinear and DequantizeLinear in 16 bits (uint16 or int16, in
# ONNX since opset 21): OpenVINO 2026.4.1 reads it and refuses to compile it, with a failed check of
# its pass that strips 16-bit quantization. With a node behind, here Abs, it compiles and leaves the
# quantization out: 0.24 stays 0.24 at a scale of 0.5, where ONNX Runtime 1.32.0 and onnx' reference
# give 0.
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


x = np.array([0.24, 0.26, 100], np.float32)
constants = [helper.make_tensor("s", F, [], [0.5]),
             helper.make_tensor("z", TensorProto.UINT16, [], [7])]
pair = [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["d"])]
last = model_of(pair, x, [("d", F)], constants)
print("last:", by_onnx_runtime(last, x)[0], by_reference(last, x)[0])
assert by_onnx_runtime(last, x)[0].tolist() == [0, 0.5, 100]
try:
    by_openvino(last, x)
    raise SystemExit("it compiles now")
except RuntimeError as error:
    print("OpenVINO:", str(error).strip().splitlines()[-1])
    assert "stripping failed" in str(error)

followed = model_of(pair + [helper.make_node("Abs", ["d"], ["y"])], x, [("y", F)], constants)
print("with Abs behind:", by_openvino(followed, x)[0], by_onnx_runtime(followed, x)[0])
assert by_onnx_runtime(followed, x)[0].tolist() == [0, 0.5, 100]
assert np.array_equal(by_openvino(followed, x)[0], x)
PYTHON
