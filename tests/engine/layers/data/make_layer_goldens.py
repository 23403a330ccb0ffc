#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes layer_goldens.safetensors beside this file: what PyTorch computes, in double, for every
layer that it has. Each case holds inputs, weights, the output in training, a target, and the
gradients of the mean squared error between both. Needs torch 2.4 or later, numpy and safetensors;
the tests read only its output.

Inputs are batch × our shape: sequences are steps × features, images channels × rows × columns.
"""

import json
import pathlib

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

torch.set_default_dtype(torch.float64)
torch.manual_seed(20240)

BATCH = 3
cases = []
tensors = {}


def exact(tensor):
    """In single precision where that loses nothing."""
    tensor = tensor.detach().clone().contiguous()
    single = tensor.float()
    return single if torch.equal(single.double(), tensor) else tensor


def rounded(*shape):
    """Normal numbers that single precision holds exactly."""
    return torch.randn(*shape).float().double()


def case(layer, shapes, function, params=None, module=None, inputs=None):
    """`function` maps the inputs to the output; `module` holds the weights."""
    index = len(cases)
    if module is not None:
        module.train()
        with torch.no_grad():
            for weight in module.parameters():
                weight.copy_(rounded(*weight.shape) * 0.5)
            for buffer in module.buffers():
                if buffer.dtype == torch.float64:
                    buffer.copy_(rounded(*buffer.shape).abs() + 0.5)
    values = inputs or [rounded(BATCH, *shape) for shape in shapes]
    for value in values:
        value.requires_grad_(inputs is None)
    if module is not None:
        for name, weight in module.state_dict().items():
            if weight.dtype == torch.float64:
                tensors[f"{index}/weight/{name}"] = weight.clone()
    output = function(*values)
    target = rounded(*output.shape)
    loss = F.mse_loss(output, target)
    if output.requires_grad:
        loss.backward()
    tensors[f"{index}/output"] = output.detach()
    tensors[f"{index}/target"] = target
    for i, value in enumerate(values):
        tensors[f"{index}/input/{i}"] = value.detach()
        if inputs is None:
            gradient = value.grad if value.grad is not None else torch.zeros_like(value)
            tensors[f"{index}/input_gradient/{i}"] = gradient
    if module is not None:
        for name, weight in module.named_parameters():
            tensors[f"{index}/gradient/{name}"] = weight.grad
    cases.append({"layer": layer, "inputs": [list(s) for s in shapes], "params": params or {}})


def layer(name, shape, module, params=None, turned=False, before=None, after=None):
    """A module on one input; `turned`: it wants the features of a sequence in front."""

    def function(x):
        x = x.transpose(1, 2) if turned else x
        x = before(x) if before else x
        y = module(x)
        y = after(y) if after else y
        return y.transpose(1, 2) if turned else y

    case(name, [shape], function, params, module)


VECTOR, STEPS, IMAGE, VOLUME = (7,), (6, 4), (4, 4, 6), (2, 4, 3, 5)


def activations():
    functions = {
        "identity": lambda x: x * 1,
        "relu": F.relu,
        "relu6": lambda x: F.relu6(x),
        "elu": F.elu,
        "selu": F.selu,
        "celu": F.celu,
        "gelu": F.gelu,
        "gelu-tanh": lambda x: F.gelu(x, approximate="tanh"),
        "silu": F.silu,
        "mish": F.mish,
        "hard-swish": F.hardswish,
        "softplus": F.softplus,
        "sigmoid": torch.sigmoid,
        "hard-sigmoid": F.hardsigmoid,
        "tanh": torch.tanh,
        "hard-tanh": F.hardtanh,
        "softsign": F.softsign,
        "leaky-relu": lambda x: F.leaky_relu(x, 0.01),
        "step": lambda x: torch.heaviside(x.detach(), torch.zeros(())),
    }
    for name, function in functions.items():
        case(name, [IMAGE], function)
    case("leaky-relu", [VECTOR], lambda x: F.leaky_relu(x, 0.3), {"slope": 0.3})
    case("elu", [VECTOR], lambda x: F.elu(x, 0.4), {"alpha": 0.4})
    case("celu", [VECTOR], lambda x: F.celu(x, 2.0), {"alpha": 2.0})
    case("softmax", [VECTOR], lambda x: F.softmax(x, 1))
    case("log-softmax", [VECTOR], lambda x: F.log_softmax(x, 1))
    layer("prelu", IMAGE, nn.PReLU(4))
    layer("prelu", STEPS, nn.PReLU(4), turned=True)
    layer("prelu", IMAGE, nn.PReLU(1), {"shared": True})


def convolutions():
    layer("dense", VECTOR, nn.Linear(7, 5), {"units": 5})
    layer("dense", STEPS, nn.Linear(4, 3), {"units": 3, "activation": "tanh"}, after=torch.tanh)
    layer("dense", VECTOR, nn.Linear(7, 2, bias=False), {"units": 2, "bias": False})
    layer("conv1d", (9, 4), nn.Conv1d(4, 6, 3), {"filters": 6}, turned=True)
    layer("conv1d", (9, 4), nn.Conv1d(4, 6, 4, stride=2, dilation=2, groups=2, bias=False),
          {"filters": 6, "kernel": [4], "stride": [2], "dilation": [2], "groups": 2, "bias": False,
           "padding": "explicit", "padding_sides": [3, 1]}, turned=True,
          before=lambda x: F.pad(x, (3, 1)))
    layer("conv2d", IMAGE, nn.Conv2d(4, 3, 3, padding="same"), {"filters": 3, "padding": "same"})
    layer("conv2d", IMAGE, nn.Conv2d(4, 6, (2, 3), stride=(2, 1), groups=2, dilation=(1, 2)),
          {"filters": 6, "kernel": [2, 3], "stride": [2, 1], "groups": 2, "dilation": [1, 2],
           "padding": "explicit", "padding_sides": [1, 0, 2, 1], "activation": "relu"},
          before=lambda x: F.pad(x, (2, 1, 1, 0)), after=F.relu)
    layer("conv3d", VOLUME, nn.Conv3d(2, 3, (2, 3, 1), stride=(1, 1, 2), padding=(1, 1, 0)),
          {"filters": 3, "kernel": [2, 3, 1], "stride": [1, 1, 2], "padding": "explicit",
           "padding_sides": [1, 1, 1, 1, 0, 0]})
    layer("depthwise-conv2d", IMAGE, nn.Conv2d(4, 8, 3, groups=4), {"multiplier": 2})
    separable = nn.ModuleDict({"depthwise": nn.Conv2d(4, 8, 3, padding=1, groups=4, bias=False),
                               "pointwise": nn.Conv2d(8, 5, 1)})
    case("separable-conv2d", [IMAGE], lambda x: separable["pointwise"](separable["depthwise"](x)),
         {"filters": 5, "multiplier": 2, "padding": "same"}, separable)
    layer("conv-transpose2d", IMAGE, nn.ConvTranspose2d(4, 3, 2, stride=2), {"filters": 3})
    layer("conv-transpose2d", IMAGE,
          nn.ConvTranspose2d(4, 6, (3, 4), stride=(3, 2), padding=(1, 2), output_padding=(2, 1),
                             groups=2, dilation=(1, 2)),
          {"filters": 6, "kernel": [3, 4], "stride": [3, 2], "padding": "explicit",
           "padding_sides": [1, 1, 2, 2], "output_padding": [2, 1], "groups": 2,
           "dilation": [1, 2]})


def pools():
    case("max-pool2d", [IMAGE], lambda x: F.max_pool2d(x, 2))
    case("max-pool2d", [IMAGE], lambda x: F.max_pool2d(x, 3, stride=2, padding=1, ceil_mode=True),
         {"kernel": [3, 3], "stride": [2, 2], "padding": "explicit",
          "padding_sides": [1, 1, 1, 1], "ceil_mode": True})
    case("average-pool2d", [IMAGE], lambda x: F.avg_pool2d(x, 2))
    for counted in (False, True):
        for ceil in (False, True):
            case("average-pool2d", [(3, 6, 7)],
                 lambda x: F.avg_pool2d(x, (3, 2), stride=2, padding=1, ceil_mode=ceil,
                                        count_include_pad=counted),
                 {"kernel": [3, 2], "stride": [2, 2], "padding": "explicit",
                  "padding_sides": [1, 1, 1, 1], "ceil_mode": ceil, "count_padding": counted})
    case("max-pool1d", [(9, 4)],
         lambda x: F.max_pool1d(x.transpose(1, 2), 3, stride=2).transpose(1, 2), {"kernel": [3]})
    case("average-pool1d", [(8, 4)],
         lambda x: F.avg_pool1d(x.transpose(1, 2), 3, stride=2, ceil_mode=True).transpose(1, 2),
         {"kernel": [3], "ceil_mode": True})
    case("max-pool3d", [VOLUME], lambda x: F.max_pool3d(x, 2))
    case("average-pool3d", [VOLUME], lambda x: F.avg_pool3d(x, (2, 1, 3), stride=(2, 1, 2)),
         {"kernel": [2, 1, 3], "stride": [2, 1, 2]})
    case("global-average-pool", [IMAGE], lambda x: x.mean((2, 3)))
    case("global-average-pool", [STEPS], lambda x: x.mean(1))
    case("global-max-pool", [IMAGE], lambda x: x.amax((2, 3)))
    case("global-max-pool", [STEPS], lambda x: x.amax(1))
    case("adaptive-average-pool", [(3, 7, 5)], lambda x: F.adaptive_avg_pool2d(x, (3, 2)),
         {"size": [3, 2]})
    case("adaptive-average-pool", [(3, 6, 4)], lambda x: F.adaptive_avg_pool2d(x, 2),
         {"size": [2, 2]})


def normalizations():
    layer("batch-norm", IMAGE, nn.BatchNorm2d(4))
    layer("batch-norm", VECTOR, nn.BatchNorm1d(7, eps=0.01), {"epsilon": 0.01})
    layer("batch-norm", STEPS, nn.BatchNorm1d(4), turned=True)
    layer("batch-norm", VOLUME, nn.BatchNorm3d(2))
    layer("layer-norm", STEPS, nn.LayerNorm(4))
    layer("layer-norm", IMAGE, nn.LayerNorm(4), before=lambda x: x.movedim(1, -1),
          after=lambda x: x.movedim(-1, 1))
    layer("layer-norm", IMAGE, nn.LayerNorm(IMAGE), {"over": "all"})
    layer("layer-norm", VECTOR, nn.LayerNorm(7, eps=0.1, elementwise_affine=False),
          {"epsilon": 0.1, "affine": False})
    layer("rms-norm", STEPS, nn.RMSNorm(4, eps=1e-6))
    layer("rms-norm", IMAGE, nn.RMSNorm(IMAGE, eps=0.01), {"over": "all", "epsilon": 0.01})
    layer("group-norm", IMAGE, nn.GroupNorm(2, 4), {"groups": 2})
    layer("group-norm", STEPS, nn.GroupNorm(2, 4), {"groups": 2}, turned=True)
    layer("instance-norm", IMAGE, nn.InstanceNorm2d(4))
    layer("instance-norm", STEPS, nn.InstanceNorm1d(4, affine=True), {"affine": True}, turned=True)
    case("local-response-norm", [(7, 3, 4)],
         lambda x: F.local_response_norm(x, 5, alpha=0.5, beta=0.75, k=2.0),
         {"alpha": 0.5, "k": 2.0})
    case("local-response-norm", [(5, 3, 4)],
         lambda x: F.local_response_norm(x, 4, alpha=0.7, beta=0.6, k=1.0),
         {"size": 4, "alpha": 0.7, "beta": 0.6})


def merges():
    two = {"add": torch.add, "subtract": torch.sub, "multiply": torch.mul,
           "average": lambda a, b: (a + b) / 2, "maximum": torch.maximum, "minimum": torch.minimum}
    for name, function in two.items():
        case(name, [IMAGE, IMAGE], function)
        if name == "add":
            continue
        case(name, [IMAGE, (4,)], lambda a, b: function(a, b[:, :, None, None]))
        case(name, [STEPS, (4,)], lambda a, b: function(a, b[:, None, :]))
        case(name, [IMAGE, (1, 4, 6)], function)
    case("multiply", [VECTOR, VECTOR, VECTOR], lambda a, b, c: a * b * c)
    case("concatenate", [(2, 3, 4), (3, 3, 4)], lambda a, b: torch.cat([a, b], 1))
    case("concatenate", [(5, 3), (5, 2)], lambda a, b: torch.cat([a, b], 2), {"axis": 1})


def shapes():
    case("flatten", [IMAGE], lambda x: x.flatten(1))
    case("reshape", [IMAGE], lambda x: x.reshape(BATCH, 8, 12), {"shape": [8, 0]})
    case("permute", [IMAGE], lambda x: x.permute(0, 3, 1, 2), {"axes": [2, 0, 1]})
    for mode, torch_mode in (("zero", "constant"), ("reflect", "reflect"),
                             ("replicate", "replicate")):
        case("pad", [IMAGE], lambda x: F.pad(x, (3, 1, 0, 2), mode=torch_mode),
             {"sides": [0, 2, 3, 1], "mode": mode})
    case("crop", [IMAGE], lambda x: x[:, :, 1:3, 2:6], {"sides": [1, 1, 2, 0]})
    for mode in ("nearest", "bilinear"):
        case("upsample", [IMAGE], lambda x: F.interpolate(x, scale_factor=(2, 3), mode=mode),
             {"factor": [2, 3], "mode": mode})
    case("slice", [IMAGE], lambda x: x[:, :, :, 1:6:2], {"axis": 2, "begin": 1, "step": 2})


def sequences():
    embedding = nn.Embedding(9, 5)
    numbers = torch.randint(9, (BATCH, 6)).double()
    case("embedding", [(6,)], lambda x: embedding(x.long()), {"vocabulary": 9, "dimensions": 5},
         embedding, inputs=[numbers])
    steps, features = 7, 5
    place = torch.arange(steps)[:, None] / 10000.0 ** (torch.arange(features) // 2 * 2 / features)
    table = torch.where(torch.arange(features) % 2 == 0, place.sin(), place.cos())
    case("positional-encoding", [(steps, features)], lambda x: x + table)
    learned = nn.ParameterDict({"weight": torch.zeros(6, 4)})
    case("positional-encoding", [STEPS], lambda x: x + learned["weight"], {"kind": "learned"},
         learned)
    for name, kind in (("simple-rnn", nn.RNN), ("lstm", nn.LSTM), ("gru", nn.GRU)):
        layer(name, STEPS, kind(4, 3, batch_first=True), {"units": 3}, after=lambda y: y[0])
        layer(name, STEPS, kind(4, 3, batch_first=True, bidirectional=True, bias=False),
              {"units": 3, "bidirectional": True, "bias": False}, after=lambda y: y[0])
        layer(name, STEPS, kind(4, 2, batch_first=True, bidirectional=True),
              {"units": 2, "bidirectional": True, "sequences": False},
              after=lambda y: torch.cat([y[0][:, -1, :2], y[0][:, 0, 2:]], 1))
    layer("simple-rnn", STEPS, nn.RNN(4, 3, nonlinearity="relu", batch_first=True),
          {"units": 3, "function": "relu", "sequences": False}, after=lambda y: y[0][:, -1])
    for causal in (False, True):
        attention = nn.MultiheadAttention(4, 2, batch_first=True)
        mask = torch.triu(torch.ones(6, 6, dtype=torch.bool), 1) if causal else None
        case("multi-head-self-attention", [STEPS],
             lambda x: attention(x, x, x, attn_mask=mask)[0], {"heads": 2, "causal": causal},
             attention)


def later():
    """What came after the others, so that these keep their random numbers."""
    for axis, params in ((1, {"sizes": "1, 3"}), (3, {"axis": 2, "parts": 3})):
        sizes = [1, 3] if axis == 1 else 2
        case("split", [IMAGE],
             lambda x: torch.cat([p.flatten(1) for p in torch.split(x, sizes, axis)], 1), params)
    for reverse in (False, True):
        case("slice", [IMAGE], lambda x: x[:, :, 0:3:2].flip([2] if reverse else []),
             {"axis": 1, "end": 3, "step": 2, "reverse": reverse})
    case("slice", [STEPS], lambda x: x.flip(1), {"reverse": True})
    case("pad", [IMAGE], lambda x: F.pad(x, (3, 1, 0, 2), value=-2.5),
         {"sides": [0, 2, 3, 1], "value": -2.5})

    def formula(shapes, text, function, shape=(1,), **starts):
        weights = nn.ParameterDict({name: torch.zeros(shape) for name in starts})
        text_of = ", ".join(f"{name} = {value}" for name, value in starts.items())
        case("formula", shapes, lambda *x: function(*x, **weights),
             {"formula": text, "parameters": text_of, "shared": shape == (1,)},
             weights if starts else None)

    formula([IMAGE], "x * sigmoid(beta * x)", lambda x, beta: x * torch.sigmoid(beta * x), beta=1)
    formula([IMAGE], "max(x, 0) + a * min(x, 0)",
            lambda x, a: x.clamp(min=0) + a * x.clamp(max=0), (4, 1, 1), a=0.25)
    formula([STEPS, (4,)], "sigmoid(g) * x + (1 - sigmoid(g)) * tanh(y)",
            lambda x, y, g: g.sigmoid() * x + (1 - g.sigmoid()) * torch.tanh(y[:, None, :]), (4,),
            g=0)
    formula([VECTOR], "pow(abs(x) + 0.1, k) + erf(x) * 2 ^ (k * x) - log(x^2 + 1) / k",
            lambda x, k: (x.abs() + 0.1) ** k + torch.erf(x) * 2 ** (k * x)
            - torch.log(x ** 2 + 1) / k, k=1.5)
    formula([IMAGE], "exp(-x^2) + clip(x, -1, 0.5) + softplus(x) * sin(3 * x) + mish(x) - cos(x)",
            lambda x: torch.exp(-x ** 2) + x.clamp(-1, 0.5) + F.softplus(x) * torch.sin(3 * x)
            + F.mish(x) - torch.cos(x))
    tokens = nn.ParameterDict({"weight": torch.randn(2, 4)})
    case("class-token", [STEPS],
         lambda x: torch.cat([tokens["weight"].expand(x.shape[0], -1, -1), x], 1), {"tokens": 2},
         tokens)


activations()
convolutions()
pools()
normalizations()
merges()
shapes()
sequences()
later()

save_file({name: exact(value) for name, value in tensors.items()},
          pathlib.Path(__file__).with_name("layer_goldens.safetensors"),
          {"cases": json.dumps(cases), "torch": torch.__version__})
print(len(cases), "cases of", len({c["layer"] for c in cases}), "layers")
