# SPDX-License-Identifier: GPL-3.0-or-later
"""The works that are compared: projects as files, from the templates or built here.

The peer is the program that `gradwright-cli export --format pytorch` writes for the same file, so
both sides are the same network with the same names of weights."""

import json
from dataclasses import dataclass, field


class Builder:
    """A project whose nodes follow one another unless told otherwise."""

    def __init__(self, name, shape, optimizer):
        self.name, self.optimizer = name, optimizer
        self.nodes, self.links = [], []
        self.last = self.add("input", [], "data", shape=shape)

    def add(self, layer, inputs=None, name=None, **params):
        number = len(self.nodes) + 1
        inputs = [self.last] if inputs is None else inputs
        self.nodes.append({"id": number, "name": name or f"{layer.replace('-', '_')}{number}",
                           "layer": layer, "params": params})
        for port, source in enumerate(inputs):
            self.links.append({"id": len(self.links) + 1, "from": [source, 0],
                               "to": [number, port]})
        self.last = number
        return number

    def conv(self, filters, kernel, stride, relu=True):
        """Convolution, batch normalization and, unless told otherwise, ReLU."""
        sides = [kernel // 2] * 4
        self.add("conv2d", filters=filters, kernel=[kernel] * 2, stride=[stride] * 2,
                 padding="explicit", padding_sides=sides, bias=False)
        self.add("batch-norm")
        return self.add("relu") if relu else self.last

    def residual(self, filters, stride, before, project):
        """`before` adds the path's layers; the shortcut projects where the shape changes."""
        source = self.last
        path = before()
        shortcut = source
        if project:
            self.last = source
            shortcut = self.conv(filters, 1, stride, relu=False)
        self.add("add", [path, shortcut])
        return self.add("relu")

    def project(self):
        self.add("output", name="answer")
        return {
            "format": "gradwright project", "schema": 1, "name": self.name, "uuid": "",
            "description": "",
            "network": {"nodes": self.nodes, "links": self.links, "blocks": {}},
            "canvas": {"positions": {}, "frames": [], "notes": []},
            "data": {"dataset": "mnist", "params": {}, "validation_fraction": 0.1,
                     "split_seed": 1, "limit": 0},
            "training": {"objectives": [{"output": "",
                                         "loss": {"key": "softmax-cross-entropy", "params": {}},
                                         "weight": 1.0}],
                         "optimizer": self.optimizer,
                         "schedule": {"key": "constant", "params": {}},
                         "params": {"learning_rate": 0.001}},
        }


MOMENTUM = {"key": "sgd", "params": {"momentum": 0.9}}
ADAM = {"key": "adam", "params": {}}


def resnet18():
    """The CIFAR stem: 3 x 3, stride 1, no pooling."""
    net = Builder("resnet-18", [3, 32, 32], MOMENTUM)
    net.conv(64, 3, 1)
    for stage, filters in enumerate((64, 128, 256, 512)):
        for block in range(2):
            stride = 2 if stage > 0 and block == 0 else 1

            def path(filters=filters, stride=stride):
                net.conv(filters, 3, stride)
                return net.conv(filters, 3, 1, relu=False)

            net.residual(filters, stride, path, project=stride == 2)
    net.add("global-average-pool")
    net.add("dense", units=10)
    return net.project()


def resnet50():
    net = Builder("resnet-50", [3, 224, 224], MOMENTUM)
    net.conv(64, 7, 2)
    net.add("max-pool2d", kernel=[3, 3], stride=[2, 2], padding="explicit",
            padding_sides=[1, 1, 1, 1])
    for stage, (filters, blocks) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3))):
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1

            def path(filters=filters, stride=stride):
                net.conv(filters, 1, 1)
                net.conv(filters, 3, stride)
                return net.conv(4 * filters, 1, 1, relu=False)

            net.residual(4 * filters, stride, path, project=block == 0)
    net.add("global-average-pool")
    net.add("dense", units=1000)
    return net.project()


def lstm():
    net = Builder("lstm", [64, 256], ADAM)
    net.add("lstm", units=256, sequences=True)
    net.add("lstm", units=256, sequences=False)
    net.add("dense", units=10)
    return net.project()


def from_template(cli, key):
    """The template with Adam, a constant rate and logits as output; the loss takes these anyway."""
    project = cli.template(key)
    network = project["network"]
    softmax = next(node["id"] for node in network["nodes"] if node["layer"] == "softmax")
    source = next(link["from"] for link in network["links"] if link["to"][0] == softmax)
    network["nodes"] = [node for node in network["nodes"] if node["id"] != softmax]
    network["links"] = [link for link in network["links"] if link["to"][0] != softmax]
    for link in network["links"]:
        if link["from"][0] == softmax:
            link["from"] = source
    project["training"]["optimizer"] = ADAM
    project["training"]["schedule"] = {"key": "constant", "params": {}}
    project["training"]["params"] = {"learning_rate": 0.001}
    project["data"]["validation_fraction"] = 0
    return project


def shape_of(project):
    """The parameters of a node leave out what is as by default."""
    node = next(n for n in project["network"]["nodes"] if n["layer"] == "input")
    return list(node.get("params", {}).get("shape", [1, 28, 28]))


def without_dropout(project):
    copy = json.loads(json.dumps(project))
    for node in copy["network"]["nodes"]:
        if node["layer"] == "dropout":
            node.setdefault("params", {})["rate"] = 0.0
    return copy


@dataclass
class Work:
    name: str
    net: object                 # the key of a template, or what builds a project
    batch: int
    must: float                 # at least that ratio (for times: at most)
    aim: float
    kind: str = "train"         # or "predict"
    precision: str = "fp32"
    samples: int = 0            # of noise; 0: MNIST
    limit: int = 54000          # samples of a round, of MNIST
    loss_steps: int = 100
    must_limit: float = 0       # share of the machine's limit
    extra: dict = field(default_factory=dict)

    def project(self, cli):
        return from_template(cli, self.net) if isinstance(self.net, str) else self.net()


WORKS = [
    Work("mlp-32", "multilayer-perceptron", 32, 4, 6),
    Work("mlp-128", "multilayer-perceptron", 128, 2.5, 4),
    Work("mlp-512", "multilayer-perceptron", 512, 1.8, 2.5),
    Work("lenet-32", "lenet-5", 32, 3.5, 5, limit=27000),
    Work("lenet-128", "lenet-5", 128, 2.2, 3.5, limit=27000),
    Work("small-cnn-32", "small-cnn", 32, 2, 2.5, limit=3200, must_limit=0.55),
    Work("small-cnn-128", "small-cnn", 128, 2, 2.5, limit=3200, must_limit=0.55),
    Work("small-cnn-bf16-128", "small-cnn", 128, 3.3, 4, precision="bf16", limit=3200,
         must_limit=0.55),
    Work("resnet18-64", resnet18, 64, 1.25, 1.4, samples=256, loss_steps=5, must_limit=0.7),
    Work("resnet50-8", resnet50, 8, 1.15, 1.3, samples=16, loss_steps=3),
    Work("lstm-32", lstm, 32, 1.0, 1.5, samples=512, loss_steps=50),
    Work("predict-1", "small-cnn", 1, 1.05, 0.8, kind="predict"),
    Work("predict-128", "small-cnn", 128, 1.0, 1.2, kind="predict"),
    Work("predict-bf16-1", "small-cnn", 1, 0.7, 0.5, kind="predict", precision="bf16"),
    Work("predict-bf16-128", "small-cnn", 128, 1.7, 2.0, kind="predict", precision="bf16"),
]
