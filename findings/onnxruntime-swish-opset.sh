#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# ONNX Runtime 1.32.0 has a kernel for Swish, which came with ONNX opset 24, but only for models
# that import opset 24 itself: the same model that imports 25 is refused, though Swish did not
# change.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
  onnx==1.23.2 onnxruntime==1.32.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

for opset in (24, 25):
    graph = helper.make_graph([helper.make_node("Swish", ["x"], ["y"], alpha=1.5)], "g",
                              [helper.make_tensor_value_info("x", TensorProto.FLOAT, [4])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, [4])])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=11)
    onnx.checker.check_model(model)
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString())
        message = str(session.run(None, {"x": np.array([-1, 0, 1, 2], np.float32)})[0])
        computed = True
    except Exception as error:  # of ONNX Runtime's own types
        message = str(error).strip()
        computed = False
    print(opset, message)
    assert computed == (opset == 24)
PYTHON
