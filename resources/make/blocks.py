# SPDX-License-Identifier: GPL-3.0-or-later
"""Blocks that networks are made of: the presets of the palette, and those of the templates."""

from graph import Graph

AROUND = [1, 1, 1, 1]
HE = {"initializer": "he-normal"}


def conv(filters=None, kernel=3, stride=1, bias=False, **params):
    """Padded on both sides alike, as papers (and PyTorch) count it."""
    wide = kernel if isinstance(kernel, list) else [kernel, kernel]
    out = {**HE, **params}
    if filters not in (None, 32):
        out["filters"] = filters
    if wide != [3, 3]:
        out["kernel"] = wide
    if stride != 1:
        out["stride"] = [stride, stride]
    sides = [wide[0] // 2, wide[0] // 2, wide[1] // 2, wide[1] // 2]
    if out.get("padding") == "valid":
        del out["padding"]  # the default
    elif any(sides) and "padding" not in params:
        out["padding"] = "explicit"
        out["padding_sides"] = sides
    if not bias:
        out["bias"] = False
    return out


def residual_basic(down):
    g = Graph(
        "Two 3×3 convolutions with a shortcut around them (He et al. 2015). "
        + (
            "The first one halves the image; the shortcut is a 1×1 convolution that changes "
            "the number of channels."
            if down
            else "Input and output have the same shape: set the filters to the number of channels."
        )
    )
    stride = 2 if down else 1
    x = g.add("block-input", "in")
    a = g.add("conv2d", "conv1", [x], **conv(64, 3, stride))
    b = g.chain(a, ("batch-norm", "bn1"), ("relu", "relu1"))
    c = g.add("conv2d", "conv2", [b], **conv(64))
    d = g.add("batch-norm", "bn2", [c])
    shortcut = x
    if down:
        p = g.add("conv2d", "project", [x], **conv(64, 1, 2))
        shortcut = g.add("batch-norm", "project_bn", [p])
    s = g.add("add", "sum", [d, shortcut])
    g.chain(s, ("relu", "relu2"), ("block-output", "out"))
    g.promote("filters", "filters", a, c, *([p] if down else []))
    if down:
        g.promote("stride", "stride", a, p)
    return g


def bottleneck(down, squeeze=False, begins_as_shortcut=False):
    """begins_as_shortcut: the last normalization begins with a scale of 0 (Goyal et al. 2017), so
    that the gradients of many blocks in a row begin small."""
    g = Graph(
        "1×1, 3×3 and 1×1 convolutions with a shortcut around them (He et al. 2015)"
        + (", and the channels weighed before the sum (Hu et al. 2018). " if squeeze else ". ")
        + (
            "The shortcut is a 1×1 convolution that changes size and number of channels."
            if down
            else "Input and output have the same shape: set the filters of the output to the "
            "number of channels."
        )
    )
    x = g.add("block-input", "in")
    a = g.add("conv2d", "conv1", [x], **conv(64, 1))
    y = g.chain(a, ("batch-norm", "bn1"), ("relu", "relu1"))
    b = g.add("conv2d", "conv2", [y], **conv(64, 3, 2 if down else 1))
    y = g.chain(b, ("batch-norm", "bn2"), ("relu", "relu2"))
    c = g.add("conv2d", "conv3", [y], **conv(256, 1))
    y = g.add("batch-norm", "bn3", [c], **({"initial_scale": 0.0} if begins_as_shortcut else {}))
    if squeeze:
        y = se = g.use("Squeeze and excitation", "weigh", [y], channels=256, squeezed=16)
    shortcut = x
    if down:
        p = g.add("conv2d", "project", [x], **conv(256, 1, 2))
        shortcut = g.add("batch-norm", "project_bn", [p])
    s = g.add("add", "sum", [y, shortcut])
    g.chain(s, ("relu", "relu3"), ("block-output", "out"))
    g.promote("filters", "filters", a, b)
    g.promote("filters_out", "filters", c, *([p] if down else []))
    if squeeze:
        g.promote("filters_out", "channels", se)
        g.promote("squeezed", "squeezed", se)
    if down:
        g.promote("stride", "stride", b, p)
    return g


def squeeze_excitation():
    g = Graph(
        "Weighs the channels of an image by what the whole image holds (Hu, Shen, Sun 2018): "
        "their means go through two Dense layers and come back as factors from 0 to 1. Set the "
        "channels to those of the input."
    )
    x = g.add("block-input", "in")
    y = g.add("global-average-pool", "squeeze", [x])
    a = g.add("dense", "reduce", [y], activation="relu", units=16)
    b = g.add("dense", "excite", [a], activation="sigmoid", units=256)
    g.chain(g.add("multiply", "weigh", [x, b]), ("block-output", "out"))
    g.promote("channels", "units", b)
    g.promote("squeezed", "units", a)
    return g


def inception():
    g = Graph(
        "Looks at each place in four ways at once, with 1×1, 3×3 and 5×5 convolutions and a "
        "maximum, and joins the channels (Szegedy et al. 2014); 1×1 convolutions in front keep "
        "it cheap."
    )
    x = g.add("block-input", "in")

    def branch(name, filters, kernel, source):
        return g.add(
            "conv2d", name, [source], **conv(filters, kernel, 1, True, activation="relu")
        )

    one = branch("one", 64, 1, x)
    reduce3 = branch("reduce3", 96, 1, x)
    three = branch("three", 128, 3, reduce3)
    reduce5 = branch("reduce5", 16, 1, x)
    five = branch("five", 32, 5, reduce5)
    pool = g.add("max-pool2d", "pool", [x], kernel=[3, 3], padding="same", stride=[1, 1])
    project = branch("project", 32, 1, pool)
    joined = g.add("concatenate", "join", [one, three, five, project])
    g.add("block-output", "out", [joined])
    for key, node in [
        ("filters_1x1", one),
        ("reduce_3x3", reduce3),
        ("filters_3x3", three),
        ("reduce_5x5", reduce5),
        ("filters_5x5", five),
        ("filters_pool", project),
    ]:
        g.promote(key, "filters", node)
    return g


def transformer_encoder():
    g = Graph(
        "Self-attention, then two Dense layers at each step, each with layer normalization in "
        "front and a shortcut around it (Vaswani et al. 2017; normalization first as in Xiong et "
        "al. 2020). Set the features to those of the input."
    )
    x = g.add("block-input", "in")
    n = g.add("layer-norm", "norm1", [x])
    attention = g.add("multi-head-self-attention", "attention", [n])
    d1 = g.add("dropout", "dropout1", [attention], rate=0.1)
    s = g.add("add", "sum1", [x, d1])
    n = g.add("layer-norm", "norm2", [s])
    a = g.add("dense", "expand", [n], activation="gelu", units=128)
    b = g.add("dense", "contract", [a])
    d2 = g.add("dropout", "dropout2", [b], rate=0.1)
    t = g.add("add", "sum2", [s, d2])
    g.add("block-output", "out", [t])
    g.promote("heads", "heads", attention)
    g.promote("features", "units", b)
    g.promote("hidden", "units", a)
    g.promote("dropout", "rate", d1, d2)
    return g


def inverted_residual(shortcut):
    g = Graph(
        "Widens the channels by a 1×1 convolution, filters each for itself and narrows them again, "
        "without an activation at the narrow end (Sandler et al. 2018). "
        + (
            "Input and output have the same shape: set the filters to the number of channels."
            if shortcut
            else "Without a shortcut, for where size or channels change."
        )
    )
    x = g.add("block-input", "in")
    a = g.add("conv2d", "expand", [x], **conv(144, 1))
    y = g.chain(a, ("batch-norm", "bn1"), ("relu6", "relu1"))
    around = {"bias": False, "padding": "explicit", "padding_sides": AROUND, **HE}
    b = g.add(
        "depthwise-conv2d", "filter", [y], **around, **({} if shortcut else {"stride": [2, 2]})
    )
    y = g.chain(b, ("batch-norm", "bn2"), ("relu6", "relu2"))
    c = g.add("conv2d", "contract", [y], **conv(24, 1))
    y = g.add("batch-norm", "bn3", [c])
    if shortcut:
        y = g.add("add", "sum", [y, x])
    g.add("block-output", "out", [y])
    g.promote("expanded", "filters", a)
    g.promote("filters", "filters", c)
    if not shortcut:
        g.promote("stride", "stride", b)
    return g


def conv_norm_relu(activation="relu", epsilon=None):
    g = Graph(
        "A convolution without bias, batch normalization and ReLU: the usual three in a row "
        "(Ioffe, Szegedy 2015)."
    )
    x = g.add("block-input", "in")
    a = g.add("conv2d", "conv", [x], bias=False, padding="same", **HE)
    g.chain(
        a,
        ("batch-norm", "bn", {"epsilon": epsilon} if epsilon else {}),
        (activation, "relu"),
        ("block-output", "out"),
    )
    for key in ("filters", "kernel", "stride", "padding"):
        g.promote(key, key, a)
    return g


def double_convolution():
    g = Graph("Two 3×3 convolutions with ReLU, as on each level of a U-Net (Ronneberger 2015).")
    x = g.add("block-input", "in")
    a = g.add("conv2d", "conv1", [x], activation="relu", padding="same", **HE)
    b = g.add("conv2d", "conv2", [a], activation="relu", padding="same", **HE)
    g.add("block-output", "out", [b])
    g.promote("filters", "filters", a, b)
    return g


def vgg_convolution():
    g = Graph("A 3×3 convolution with ReLU; repeated, a stage of VGG (Simonyan, Zisserman 2014).")
    x = g.add("block-input", "in")
    a = g.add("conv2d", "conv", [x], activation="relu", padding="same", **HE)
    g.add("block-output", "out", [a])
    g.promote("filters", "filters", a)
    return g


def all_blocks():
    """By name, as networks use them."""
    return {
        "Residual block": residual_basic(False),
        "Residual block, halving": residual_basic(True),
        "Bottleneck": bottleneck(False),
        "Bottleneck, halving": bottleneck(True),
        "Weighed bottleneck": bottleneck(False, True),
        "Weighed bottleneck, halving": bottleneck(True, True),
        "Squeeze and excitation": squeeze_excitation(),
        "Inception": inception(),
        "Transformer encoder": transformer_encoder(),
        "Inverted residual": inverted_residual(True),
        "Inverted residual, halving": inverted_residual(False),
        "Normalized convolution": conv_norm_relu(),
        "Double convolution": double_convolution(),
        "3×3 convolution": vgg_convolution(),
    }


# What the palette offers: files and names.
PRESETS = {
    "residual": "Residual block",
    "residual-halving": "Residual block, halving",
    "bottleneck": "Bottleneck",
    "bottleneck-halving": "Bottleneck, halving",
    "inception": "Inception",
    "squeeze-and-excitation": "Squeeze and excitation",
    "weighed-bottleneck": "Weighed bottleneck",
    "inverted-residual": "Inverted residual",
    "normalized-convolution": "Normalized convolution",
    "double-convolution": "Double convolution",
    "transformer-encoder": "Transformer encoder",
}
