# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks for ImageNet, as published; their sizes are checked in tests/engine/project."""

from blocks import HE, conv
from graph import Graph

TALL = {"kernel": [3, 3], "stride": [2, 2]}  # pooling that overlaps


def head(g, x, classes=1000, dropout=None):
    x = g.add("global-average-pool", "pool", [x])
    if dropout:
        x = g.add("dropout", "dropout", [x], **({} if dropout == 0.5 else {"rate": dropout}))
    g.chain(
        x, ("dense", "scores", {"units": classes}), ("softmax", "probabilities"),
        ("output", "class"),
    )
    return g


def start(size=224):
    g = Graph()
    return g, g.add("input", "image", shape=[3, size, size])


def dense_head(g, x):
    """Two wide layers with dropout in front of the scores."""
    wide = {"activation": "relu", "units": 4096, **HE}
    g.chain(
        x,
        ("flatten", "flatten"),
        ("dropout", "dropout1"),
        ("dense", "dense1", wide),
        ("dropout", "dropout2"),
        ("dense", "dense2", wide),
        ("dense", "scores", {"units": 1000}),
        ("softmax", "probabilities"),
        ("output", "class"),
    )
    return g


def layer(filters, kernel, stride=1, **params):
    return conv(filters, kernel, stride, True, activation="relu", **params)


def padded(sides):
    return {"padding": "explicit", "padding_sides": [sides] * 4}


def alexnet():
    g, x = start()
    norm = {"alpha": 5e-4, "k": 2.0}
    x = g.chain(
        x,
        ("conv2d", "conv1", {**layer(64, 11, 4), **padded(2)}),
        ("local-response-norm", "norm1", norm),
        ("max-pool2d", "pool1", TALL),
        ("conv2d", "conv2", layer(192, 5)),
        ("local-response-norm", "norm2", norm),
        ("max-pool2d", "pool2", TALL),
        ("conv2d", "conv3", layer(384, 3)),
        ("conv2d", "conv4", layer(256, 3)),
        ("conv2d", "conv5", layer(256, 3)),
        ("max-pool2d", "pool3", TALL),
    )
    return dense_head(g, x)


def zfnet():
    g, x = start()
    norm = {"alpha": 5e-4, "k": 2.0}
    pool = {**TALL, **padded(1)}
    x = g.chain(
        x,
        ("conv2d", "conv1", {**layer(96, 7, 2), **padded(1)}),
        ("max-pool2d", "pool1", pool),
        ("local-response-norm", "norm1", norm),
        ("conv2d", "conv2", layer(256, 5, 2, padding="valid")),
        ("max-pool2d", "pool2", pool),
        ("local-response-norm", "norm2", norm),
        ("conv2d", "conv3", layer(384, 3)),
        ("conv2d", "conv4", layer(384, 3)),
        ("conv2d", "conv5", layer(256, 3)),
        ("max-pool2d", "pool3", TALL),
    )
    return dense_head(g, x)


def vgg(convolutions):
    g, x = start()
    for stage, (repeat, filters) in enumerate(zip(convolutions, [64, 128, 256, 512, 512]), 1):
        x = g.use("3×3 convolution", f"stage{stage}", [x], repeat, filters=filters)
        x = g.add("max-pool2d", f"pool{stage}", [x])
    return dense_head(g, x)


def googlenet():
    g, x = start()
    ceil = {**TALL, "ceil_mode": True}
    x = g.chain(
        x,
        ("conv2d", "conv1", layer(64, 7, 2)),
        ("max-pool2d", "pool1", ceil),
        ("local-response-norm", "norm1"),
        ("conv2d", "reduce2", layer(64, 1)),
        ("conv2d", "conv2", layer(192, 3)),
        ("local-response-norm", "norm2"),
        ("max-pool2d", "pool2", ceil),
    )
    table = {  # Szegedy et al. 2014, table 1
        "3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64), "pool3": None,
        "4a": (192, 96, 208, 16, 48, 64), "4b": (160, 112, 224, 24, 64, 64),
        "4c": (128, 128, 256, 24, 64, 64), "4d": (112, 144, 288, 32, 64, 64),
        "4e": (256, 160, 320, 32, 128, 128), "pool4": None,
        "5a": (256, 160, 320, 32, 128, 128), "5b": (384, 192, 384, 48, 128, 128),
    }
    keys = ("filters_1x1", "reduce_3x3", "filters_3x3", "reduce_5x5", "filters_5x5",
            "filters_pool")
    for name, filters in table.items():
        if filters is None:
            x = g.add("max-pool2d", name, [x], **ceil)
        else:
            x = g.use("Inception", f"inception{name}", [x], **dict(zip(keys, filters)))
    return head(g, x, dropout=0.4)


def resnet(repeats, kind):
    """kind: Residual block, Bottleneck or Weighed bottleneck."""
    g, x = start()
    x = g.add("conv2d", "stem", [x], **conv(64, 7, 2))
    x = g.chain(
        x,
        ("batch-norm", "stem_bn"),
        ("relu", "stem_relu"),
        ("max-pool2d", "stem_pool", {**TALL, **padded(1)}),
    )
    basic = kind == "Residual block"
    for stage, repeat in enumerate(repeats, 1):
        width = 64 << (stage - 1)
        wide = {"filters": width}
        if not basic:
            wide["filters_out"] = 4 * width
        if kind == "Weighed bottleneck":
            wide["squeezed"] = width // 4
        name = f"stage{stage}"
        if basic and stage == 1:
            x = g.use(kind, name, [x], repeat, **wide)
            continue
        first = {"stride": [1, 1]} if stage == 1 else {}
        x = g.use(f"{kind}, halving", f"{name}_first", [x], 1, **wide, **first)
        x = g.use(kind, name, [x], repeat - 1, **wide)
    return head(g, x)


def mobilenet_v2():
    g, x = start()
    x = g.add("conv2d", "stem", [x], **conv(32, 3, 2))
    x = g.chain(x, ("batch-norm", "stem_bn"), ("relu6", "stem_relu"))
    # The first bottleneck is not widened.
    x = g.chain(
        x,
        ("depthwise-conv2d", "first_filter", {"bias": False, **padded(1), **HE}),
        ("batch-norm", "first_bn1"),
        ("relu6", "first_relu"),
        ("conv2d", "first_contract", conv(16, 1)),
        ("batch-norm", "first_bn2"),
    )
    channels = 16
    table = [(24, 2, 2), (32, 3, 2), (64, 4, 2), (96, 3, 1), (160, 3, 2), (320, 1, 1)]
    for stage, (filters, repeat, stride) in enumerate(table, 2):
        x = g.use(
            "Inverted residual, halving", f"stage{stage}_first", [x],
            expanded=6 * channels, filters=filters, stride=[stride, stride],
        )
        channels = filters
        if repeat > 1:
            x = g.use(
                "Inverted residual", f"stage{stage}", [x], repeat - 1,
                expanded=6 * channels, filters=filters,
            )
    x = g.add("conv2d", "last", [x], **conv(1280, 1))
    x = g.chain(x, ("batch-norm", "last_bn"), ("relu6", "last_relu"))
    return head(g, x, dropout=0.2)
