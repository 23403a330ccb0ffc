#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The reference evaluator of onnx 1.23.2 is no oracle for LRN: with one sample of six channels and
# size 5 it differs from the operator's formula. ONNX Runtime 1.32.0 follows the formula.
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


x = np.random.default_rng(1).standard_normal((1, 6, 2, 2)).astype(np.float32)
ours, right = answers(helper.make_node("LRN", ["x"], ["y"], size=5, alpha=0.5, beta=0.75, bias=1.0), 17, x,
                      4)
squares = x.astype(float) ** 2
by_hand = np.stack([x[:, c] / (1 + 0.1 * squares[:, max(0, c - 2):c + 3].sum(axis=1)) ** 0.75
                    for c in range(6)], axis=1)
wrong = [c for c in range(6) if np.abs(ours[:, c] - by_hand[:, c]).max() > 1e-3]
print("channels that differ from the formula: reference evaluator", wrong, "ONNX Runtime",
      [c for c in range(6) if np.abs(right[:, c] - by_hand[:, c]).max() > 1e-3])
print("largest difference", np.abs(ours - by_hand).max())
assert np.abs(right - by_hand).max() < 1e-5 and wrong
PYTHON
