#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The reference evaluator of onnx 1.23.2 does not read an LSTM's clip: its numbers with clip=0.5 and
# without it are the same to the bit. ONNX Runtime 1.32.0 clips what enters the activations.
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
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

F = TensorProto.FLOAT


def answers(node, opset, x, rank, weights={}):
    """The node for x by the reference evaluator and by ONNX Runtime."""
    graph = helper.make_graph(
        [node], "g", [helper.make_tensor_value_info("x", F, x.shape)],
        [helper.make_tensor_value_info("y", F, [f"d{i}" for i in range(rank)])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return (ReferenceEvaluator(model).run(None, {"x": x})[0], session.run(None, {"x": x})[0])


random = np.random.default_rng(1)
x = 3 * random.standard_normal((5, 4, 3)).astype(np.float32)
weights = {"W": random.standard_normal((1, 8, 3)).astype(np.float32),
           "R": random.standard_normal((1, 8, 2)).astype(np.float32)}
free, _ = answers(helper.make_node("LSTM", ["x", "W", "R"], ["y"], hidden_size=2), 17, x, 4, weights)
ours, right = answers(helper.make_node("LSTM", ["x", "W", "R"], ["y"], hidden_size=2, clip=0.5), 17, x, 4,
                      weights)
print("largest difference: to ONNX Runtime", np.abs(ours - right).max(), "to no clip",
      np.abs(ours - free).max())
assert np.array_equal(ours, free) and np.abs(ours - right).max() > 0.1
PYTHON
