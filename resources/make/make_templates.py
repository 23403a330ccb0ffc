#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the presets of blocks and those templates that are too large to be drawn by hand.

    python3 resources/make/make_templates.py

The files are committed; the tests check that the program would write them just so.
"""

import pathlib
import sys

sys.dont_write_bytecode = True

import blocks
import imagenet
import inception_v3
import small
from graph import BLOCK_ROWS, readable

RESOURCES = pathlib.Path(__file__).resolve().parent.parent
IMAGENET_NOTE = (
    " Its size is that of the published network. The data are generated patterns: they are "
    "enough to compile it and take first steps; choose a folder of images for real work."
)


def used_blocks(graph, known):
    """Definitions that a graph needs, those within them too."""
    found = {}
    for node in graph.nodes:
        name = node.get("block")
        if name and name not in found:
            found[name] = known[name]
            found.update(used_blocks(known[name], known))
    return found


def objective(loss, output="", weight=1.0, **params):
    return {"output": output, "loss": {"key": loss, "params": params}, "weight": weight}


def project(
    key, name, description, graph, data, training, known=None, augmentation=None, reconstruct=False
):
    found = used_blocks(graph, known if known is not None else blocks.all_blocks())
    definitions = dict(sorted(found.items()))
    network = graph.definition()
    positions = {"": graph.positions()}
    positions.update({block: d.positions(BLOCK_ROWS) for block, d in definitions.items()})
    objectives, optimizer, schedule, params = training
    dataset, values, validation = data
    contents = {
        "format": "gradwright project",
        "schema": 1,
        "name": name,
        "uuid": "",
        "description": description,
        "network": {
            "nodes": network["nodes"],
            "links": network["links"],
            "blocks": {block: d.definition() for block, d in definitions.items()},
        },
        "canvas": {"positions": positions, "frames": [], "notes": []},
        "data": {
            "dataset": dataset,
            "params": dict(sorted(values.items())),
            "validation_fraction": validation,
            "split_seed": 1,
            "limit": 0,
        },
        "training": {
            "objectives": objectives,
            "optimizer": {"key": optimizer[0], "params": dict(sorted(optimizer[1].items()))},
            "schedule": {"key": schedule, "params": {}},
            "params": dict(sorted(params.items())),
        },
    }
    if augmentation:
        contents["data"]["augmentation"] = dict(sorted(augmentation.items()))
    if reconstruct:
        contents["data"]["reconstruct"] = True
    write(RESOURCES / "templates" / f"{key}.gradwright", contents)


def preset(file, name, known):
    inside = {name: known[name], **used_blocks(known[name], known)}
    inside = dict(sorted(inside.items()))
    write(
        RESOURCES / "blocks" / f"{file}.gradwright-block",
        {
            "format": "gradwright block",
            "schema": 1,
            "name": name,
            "blocks": {block: d.definition() for block, d in inside.items()},
            "canvas": {
                "positions": {block: d.positions(BLOCK_ROWS) for block, d in inside.items()},
                "frames": [],
                "notes": [],
            },
        },
    )


def write(file, contents):
    file.parent.mkdir(exist_ok=True)
    file.write_text(readable(contents) + "\n", encoding="utf-8")


CLASSES = [objective("softmax-cross-entropy")]


def of_imagenet(key, name, description, graph, known=None, size=224, objectives=None, rate=0.005):
    data = ("patterns", {"classes": 1000, "samples": 4000, "size": size, "test_samples": 200}, 0.05)
    settings = {"batch": 8, "epochs": 2, "learning_rate": rate}
    sgd = ("sgd", {"weight_decay": 0.0001})
    training = (objectives or CLASSES, sgd, "cosine", settings)
    project(key, name, description + IMAGENET_NOTE, graph, data, training, known)


def imagenet_templates():
    of_imagenet(
        "alexnet", "AlexNet",
        "Five convolutions and three wide dense layers, which began the rise of deep learning in "
        "2012 (Krizhevsky, Sutskever, Hinton), here on one processor and with the filters of "
        "torchvision. Nearly all of its parameters are in the first dense layer.",
        imagenet.alexnet(),
    )
    of_imagenet(
        "zfnet", "ZFNet",
        "AlexNet after looking inside it (Zeiler, Fergus 2013): smaller kernels and strides in the "
        "first two layers keep finer detail.",
        imagenet.zfnet(),
    )
    for depth, repeats in (("16", [2, 2, 3, 3, 3]), ("19", [2, 2, 4, 4, 4])):
        of_imagenet(
            f"vgg-{depth}", f"VGG-{depth}",
            "Nothing but 3×3 convolutions, pooling and three dense layers (Simonyan, Zisserman "
            f"2014), {depth} layers with weights.",
            imagenet.vgg(repeats),
            # The paper's 0.01 for batches of 256, in proportion. Without normalization, 0.005 makes
            # the gradients overflow within a few steps.
            rate=0.0003,
        )
    of_imagenet(
        "googlenet", "GoogLeNet",
        "Nine Inception blocks, which look at each place with kernels of several sizes at once "
        "(Szegedy et al. 2014): a tenth of AlexNet's parameters. Without the auxiliary classifiers.",
        imagenet.googlenet(),
    )
    of_imagenet(
        "inception-v3", "Inception-v3",
        "Inception with its larger kernels factorized and batch normalization throughout (Szegedy "
        "et al. 2016). It has two Outputs: the auxiliary classifier, which counts 0.3 in the "
        "loss, brings gradients to the middle of the network.",
        inception_v3.network(), inception_v3.blocks(), 299,
        [objective("softmax-cross-entropy", "class"),
         objective("softmax-cross-entropy", "aux", 0.3)],
    )
    repeats = {"18": [2, 2, 2, 2], "34": [3, 4, 6, 3], "50": [3, 4, 6, 3], "101": [3, 4, 23, 3],
               "152": [3, 8, 36, 3]}
    many = {
        **blocks.all_blocks(),
        "Bottleneck": blocks.bottleneck(False, begins_as_shortcut=True),
        "Bottleneck, halving": blocks.bottleneck(True, begins_as_shortcut=True),
    }
    for depth, repeat in repeats.items():
        basic = depth in ("18", "34")
        of_imagenet(
            f"resnet-{depth}", f"ResNet-{depth}",
            "Shortcuts around each pair of convolutions let gradients reach the first layers of "
            f"{depth} undiminished (He et al. 2015)." if basic else
            "Bottlenecks of 1×1, 3×3 and 1×1 convolutions, each with a shortcut around it, make "
            f"{depth} layers affordable (He et al. 2015).",
            imagenet.resnet(repeat, "Residual block" if basic else "Bottleneck"),
            many if depth in ("101", "152") else None,
        )
    of_imagenet(
        "se-resnet-50", "SE-ResNet-50",
        "ResNet-50 whose blocks weigh their channels by what the whole image holds (Hu, Shen, Sun "
        "2018): a tenth more parameters, hardly more computation.",
        imagenet.resnet(repeats["50"], "Weighed bottleneck"),
    )
    of_imagenet(
        "mobilenet-v2", "MobileNetV2",
        "Made for phones (Sandler et al. 2018): depthwise convolutions between narrow ends, with "
        "shortcuts from one narrow end to the next.",
        imagenet.mobilenet_v2(),
    )


def small_templates():
    adam = ("adam", {})
    project(
        "logistic-regression", "Logistic regression",
        "One unit with a sigmoid: the oldest classifier of all (Cox 1958). It draws a straight "
        "line between two clouds of points; three parameters are all it has.",
        small.points([]),
        ("points", {"noise": 0.2, "pattern": "gaussians"}, 0.2),
        ([objective("binary-cross-entropy")], adam, "constant",
         {"batch": 16, "epochs": 15, "learning_rate": 0.03, "threads": 1}),
    )
    project(
        "playground", "Ring and disk",
        "Two small hidden layers with tanh learn to tell a disk from the ring around it, as in "
        "TensorFlow Playground. The decision map shows how straight lines become a closed curve.",
        small.points([4, 2]),
        ("points", {"pattern": "circles"}, 0.2),
        ([objective("binary-cross-entropy")], adam, "constant",
         {"batch": 16, "epochs": 40, "learning_rate": 0.02, "threads": 1}),
    )
    project(
        "cifar-resnet-20", "ResNet-20",
        "The small residual network of He et al. (2015) for images of 32 × 32: three stages of "
        "three blocks. The data are generated patterns of ten kinds; choose CIFAR-10 where you "
        "have its files.",
        small.cifar_resnet(20),
        ("patterns", {"classes": 10, "samples": 4000, "size": 32, "test_samples": 1000}, 0.1),
        (CLASSES, ("sgd", {"weight_decay": 0.0001}), "cosine",
         {"batch": 64, "epochs": 5, "learning_rate": 0.05}),
    )
    project(
        "your-pictures", "Your pictures in a minute",
        "A residual network that is small enough to learn from a few dozen pictures of each class "
        "in about a minute. The pictures at first are patches of three photographs: put a folder "
        "of your own in their place, with one folder per class.",
        small.pictures(3),
        ("images", {"folder": "../datasets/surfaces/train", "size": [48, 48],
                    "test_folder": "../datasets/surfaces/test"}, 0.1),
        (CLASSES, adam, "cosine", {"batch": 8, "epochs": 40, "learning_rate": 0.002}),
        augmentation={"flip_horizontal": True, "shift": 0.06},
    )
    project(
        "tiny-vision-transformer", "Tiny vision transformer",
        "Cuts a digit into 49 patches and lets four transformer encoders look at all of them at "
        "once (Dosovitskiy et al. 2020). No convolution looks at neighbours: the network has to "
        "learn from the digits where each patch lies.",
        small.tiny_vision_transformer(),
        ("mnist", {"normalize": "standardize"}, 0.1),
        (CLASSES, ("adamw", {}), "cosine",
         {"batch": 64, "epochs": 5, "learning_rate": 0.001, "warmup_epochs": 0.5}),
    )
    project(
        "denoising-autoencoder", "Denoising autoencoder",
        "Learns to recover clean digits from noisy ones, through a code of 32 numbers that is too "
        "narrow for the noise (Vincent et al. 2008). Its target is the image itself: no labels are "
        "needed.",
        small.denoising_autoencoder(),
        ("mnist", {}, 0.1),
        ([objective("binary-cross-entropy")], adam, "cosine",
         {"batch": 64, "epochs": 5, "learning_rate": 0.002}),
        augmentation={"noise": 0.2}, reconstruct=True,
    )
    project(
        "small-unet", "Small U-Net",
        "Decides for each pixel whether it belongs to a disk (Ronneberger, Fischer, Brox 2015): the "
        "image is halved twice and enlarged again, and links across carry the detail that "
        "halving loses. The data are noisy drawings of disks, squares and triangles.",
        small.small_unet(),
        ("shapes", {}, 0.1),
        ([objective("binary-cross-entropy")], adam, "cosine",
         {"batch": 16, "epochs": 5, "learning_rate": 0.002}),
    )


if __name__ == "__main__":
    for file, name in blocks.PRESETS.items():
        preset(file, name, blocks.all_blocks())
    imagenet_templates()
    small_templates()
