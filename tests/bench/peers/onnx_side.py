# SPDX-License-Identifier: GPL-3.0-or-later
"""Inference of the small CNN by ONNX Runtime and OpenVINO."""

import statistics
import time

import numpy as np


def model(state, names):
    """The small CNN as ONNX, from PyTorch's weights; `names`: its two convolutions and two dense
    layers."""
    from onnx import TensorProto, helper, numpy_helper

    conv1, conv2, dense1, dense2 = names
    weights = [numpy_helper.from_array(state[key].numpy(), key)
               for layer in names for key in (f"{layer}.weight", f"{layer}.bias")]

    def conv(layer, source, target):
        return helper.make_node("Conv", [source, f"{layer}.weight", f"{layer}.bias"], [target],
                                kernel_shape=[3, 3])

    def dense(layer, source, target):
        return helper.make_node("Gemm", [source, f"{layer}.weight", f"{layer}.bias"], [target],
                                transB=1)

    nodes = [
        conv(conv1, "x", "a"), helper.make_node("Relu", ["a"], ["b"]),
        conv(conv2, "b", "c"), helper.make_node("Relu", ["c"], ["d"]),
        helper.make_node("MaxPool", ["d"], ["e"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["e"], ["f"]),
        dense(dense1, "f", "g"), helper.make_node("Relu", ["g"], ["h"]),
        dense(dense2, "h", "i"), helper.make_node("Softmax", ["i"], ["y"], axis=1),
    ]
    graph = helper.make_graph(
        nodes, "small-cnn",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 1, 28, 28])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 10])], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)


def median_time(call, seconds):
    times = []
    begin = time.perf_counter()
    while len(times) < 10 or time.perf_counter() - begin < seconds:
        since = time.perf_counter()
        call()
        times.append(time.perf_counter() - since)
    return statistics.median(times)


def onnx_runtime(proto, batch, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options,
                                           providers=["CPUExecutionProvider"])
    x = np.random.default_rng(1).standard_normal((batch, 1, 28, 28), np.float32)
    return onnxruntime.__version__, lambda: session.run(None, {"x": x})


def open_vino(proto, batch, threads):
    import openvino

    core = openvino.Core()
    network = core.read_model(proto.SerializeToString())
    network.reshape([batch, 1, 28, 28])
    request = core.compile_model(network, "CPU", {
        "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
    x = np.random.default_rng(1).standard_normal((batch, 1, 28, 28), np.float32)
    return openvino.__version__.split("-")[0], lambda: request.infer({0: x})
