# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks that learn within minutes."""

from blocks import HE, conv
from graph import Graph


def points(hidden, outputs=1, activation="tanh"):
    g = Graph()
    x = g.add("input", "point", shape=[2])
    for number, count in enumerate(hidden, 1):
        x = g.add("dense", f"hidden{number}", [x], activation=activation, units=count)
    end = "sigmoid" if outputs == 1 else "softmax"
    g.chain(
        x, ("dense", "score", {"units": outputs}), (end, "probability"), ("output", "class")
    )
    return g


def cifar_resnet(depth):
    """He et al. 2015, section 4.2: 6n + 2 layers, three stages of n blocks."""
    n = (depth - 2) // 6
    g = Graph()
    x = g.add("input", "image", shape=[3, 32, 32])
    x = g.add("conv2d", "stem", [x], **conv(16))
    x = g.chain(x, ("batch-norm", "stem_bn"), ("relu", "stem_relu"))
    x = g.use("Residual block", "stage1", [x], n, filters=16)
    x = g.use("Residual block, halving", "stage2_first", [x], filters=32)
    x = g.use("Residual block", "stage2", [x], n - 1, filters=32)
    x = g.use("Residual block, halving", "stage3_first", [x], filters=64)
    x = g.use("Residual block", "stage3", [x], n - 1, filters=64)
    g.chain(
        x, ("global-average-pool", "pool"), ("dense", "scores", {"units": 10}),
        ("softmax", "probabilities"), ("output", "class"),
    )
    return g


def pictures(classes):
    """A residual network for photographs of 48 × 48 that learns from few of them in a minute."""
    g = Graph()
    x = g.add("input", "image", shape=[3, 48, 48])
    x = g.add("conv2d", "stem", [x], **conv(32, 5, 2))
    x = g.chain(x, ("batch-norm", "stem_bn"), ("relu", "stem_relu"), ("max-pool2d", "stem_pool"))
    x = g.use("Residual block", "stage1", [x], filters=32)
    x = g.use("Residual block, halving", "stage2", [x], filters=64)
    x = g.use("Residual block, halving", "stage3", [x], filters=128)
    g.chain(
        x, ("global-average-pool", "pool"), ("dense", "scores", {"units": classes}),
        ("softmax", "probabilities"), ("output", "class"),
    )
    return g


def denoising_autoencoder():
    g = Graph()
    g.chain(
        g.add("input", "image", shape=[1, 28, 28]),
        ("flatten", "pixels"),
        ("dense", "encoder", {"activation": "relu", "units": 256}),
        ("dense", "code", {"activation": "relu", "units": 32}),
        ("dense", "decoder", {"activation": "relu", "units": 256}),
        ("dense", "values", {"units": 784}),
        ("reshape", "picture", {"shape": [1, 28, 28]}),
        ("sigmoid", "brightness"),
        ("output", "reconstruction"),
    )
    return g


def small_unet():
    g = Graph()
    x = g.add("input", "image", shape=[1, 64, 64])
    block = "Double convolution"
    first = g.use(block, "down1", [x], filters=16)
    second = g.use(block, "down2", [g.add("max-pool2d", "pool1", [first])], filters=32)
    x = g.use(block, "bottom", [g.add("max-pool2d", "pool2", [second])], filters=64)
    x = g.add("conv-transpose2d", "up2", [x], **HE)
    x = g.use(block, "merge2", [g.add("concatenate", "join2", [second, x])], filters=32)
    x = g.add("conv-transpose2d", "up1", [x], filters=16, **HE)
    x = g.use(block, "merge1", [g.add("concatenate", "join1", [first, x])], filters=16)
    g.chain(
        x, ("conv2d", "score", {"filters": 1, "kernel": [1, 1]}), ("sigmoid", "probability"),
        ("output", "mask"),
    )
    return g


def tiny_vision_transformer():
    g = Graph()
    x = g.add("input", "image", shape=[1, 28, 28])
    x = g.chain(
        x,
        ("conv2d", "patches", {"filters": 64, "kernel": [4, 4], "stride": [4, 4]}),
        ("reshape", "row", {"shape": [64, 49]}),
        ("permute", "tokens"),
        ("positional-encoding", "positions", {"kind": "learned"}),
    )
    x = g.use("Transformer encoder", "encoder", [x], 4, dropout=0.0)
    g.chain(
        x,
        ("layer-norm", "norm"),
        ("global-average-pool", "pool"),
        ("dense", "scores", {"units": 10}),
        ("softmax", "probabilities"),
        ("output", "class"),
    )
    return g
