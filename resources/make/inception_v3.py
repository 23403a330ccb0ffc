# SPDX-License-Identifier: GPL-3.0-or-later
"""Inception-v3 (Szegedy et al. 2016) with its auxiliary classifier, sizes as in torchvision."""

from blocks import conv_norm_relu
from graph import Graph
from imagenet import head, start

EPSILON = 0.001
UNIT = "Normalized convolution"


def unit(g, name, source, filters, kernel=1, stride=1, valid=False):
    wide = kernel if isinstance(kernel, list) else [kernel, kernel]
    params = {"filters": filters, "kernel": wide}
    if stride != 1:
        params["stride"] = [stride, stride]
    if valid:
        params["padding"] = "valid"
    return g.use(UNIT, name, [source], **params)


def units(g, x, *specs):
    """Each of (name, filters, kernel) fed by the one before."""
    nodes = []
    for name, filters, kernel in specs:
        x = unit(g, name, x, filters, kernel)
        nodes.append(x)
    return nodes


def pooled(g, x, filters):
    around = {"kernel": [3, 3], "padding": "same", "stride": [1, 1]}
    pool = g.add("average-pool2d", "pool", [x], **around)
    return unit(g, "project", pool, filters)


def shrunk(g, x):
    return g.add("max-pool2d", "pool", [x], kernel=[3, 3], stride=[2, 2])


def join(g, *branches):
    g.add("block-output", "out", [g.add("concatenate", "join", list(branches))])
    return g


def module_a():
    g = Graph("Inception-v3 at 35 × 35: two 3×3 convolutions take the place of a 5×5 one.")
    x = g.add("block-input", "in")
    one = unit(g, "one", x, 64)
    five = units(g, x, ("five1", 48, 1), ("five2", 64, 5))[-1]
    double = units(g, x, ("double1", 64, 1), ("double2", 96, 3), ("double3", 96, 3))[-1]
    pool = pooled(g, x, 32)
    g.promote("filters_pool", "filters", pool)
    return join(g, one, five, double, pool)


def module_b():
    g = Graph("Inception-v3: from 35 × 35 to 17 × 17.")
    x = g.add("block-input", "in")
    three = unit(g, "three", x, 384, 3, 2, True)
    double = units(g, x, ("double1", 64, 1), ("double2", 96, 3))[-1]
    double = unit(g, "double3", double, 96, 3, 2, True)
    return join(g, three, double, shrunk(g, x))


def module_c():
    g = Graph("Inception-v3 at 17 × 17: 7×7 convolutions taken apart into 1×7 and 7×1.")
    x = g.add("block-input", "in")
    wide, tall = [1, 7], [7, 1]
    one = unit(g, "one", x, 192)
    seven = units(g, x, ("seven1", 128, 1), ("seven2", 128, wide), ("seven3", 192, tall))
    double = units(
        g, x, ("double1", 128, 1), ("double2", 128, tall), ("double3", 128, wide),
        ("double4", 128, tall), ("double5", 192, wide),
    )
    pool = pooled(g, x, 192)
    g.promote("filters_7x7", "filters", *seven[:2], *double[:4])
    return join(g, one, seven[-1], double[-1], pool)


def module_d():
    g = Graph("Inception-v3: from 17 × 17 to 8 × 8.")
    x = g.add("block-input", "in")
    three = unit(g, "three2", unit(g, "three1", x, 192), 320, 3, 2, True)
    seven = units(g, x, ("seven1", 192, 1), ("seven2", 192, [1, 7]), ("seven3", 192, [7, 1]))[-1]
    seven = unit(g, "seven4", seven, 192, 3, 2, True)
    return join(g, three, seven, shrunk(g, x))


def module_e():
    g = Graph("Inception-v3 at 8 × 8: the ends of two branches spread into 1×3 and 3×1.")
    x = g.add("block-input", "in")
    one = unit(g, "one", x, 320)
    three = unit(g, "three", x, 384)
    ends = [unit(g, "three_wide", three, 384, [1, 3]), unit(g, "three_tall", three, 384, [3, 1])]
    double = units(g, x, ("double1", 448, 1), ("double2", 384, 3))[-1]
    ends += [
        unit(g, "double_wide", double, 384, [1, 3]), unit(g, "double_tall", double, 384, [3, 1])
    ]
    return join(g, one, *ends, pooled(g, x, 192))


def blocks():
    return {
        UNIT: conv_norm_relu(epsilon=EPSILON),
        "Inception A": module_a(),
        "Inception B": module_b(),
        "Inception C": module_c(),
        "Inception D": module_d(),
        "Inception E": module_e(),
    }


def network():
    g, x = start(299)
    tall = {"kernel": [3, 3], "stride": [2, 2]}
    x = unit(g, "stem1", x, 32, 3, 2, True)
    x = unit(g, "stem2", x, 32, 3, 1, True)
    x = unit(g, "stem3", x, 64, 3)
    x = g.add("max-pool2d", "stem_pool1", [x], **tall)
    x = unit(g, "stem4", x, 80)
    x = unit(g, "stem5", x, 192, 3, 1, True)
    x = g.add("max-pool2d", "stem_pool2", [x], **tall)
    x = g.use("Inception A", "mixed_a1", [x])
    x = g.use("Inception A", "mixed_a2", [x], 2, filters_pool=64)
    x = g.use("Inception B", "mixed_b", [x])
    x = g.use("Inception C", "mixed_c1", [x])
    x = g.use("Inception C", "mixed_c2", [x], 2, filters_7x7=160)
    x = g.use("Inception C", "mixed_c3", [x], filters_7x7=192)
    aux = g.add("average-pool2d", "aux_pool", [x], kernel=[5, 5], stride=[3, 3])
    aux = unit(g, "aux1", aux, 128)
    aux = unit(g, "aux2", aux, 768, 5, 1, True)
    g.chain(
        aux, ("flatten", "aux_flatten"), ("dense", "aux_scores", {"units": 1000}),
        ("softmax", "aux_probabilities"), ("output", "aux"),
    )
    x = g.use("Inception D", "mixed_d", [x])
    x = g.use("Inception E", "mixed_e", [x], 2)
    return head(g, x, dropout=0.5)
