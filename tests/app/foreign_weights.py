#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts weights of PyTorch's networks into the templates of the same architectures and compares what
both answer, once by safetensors (`gradwright-cli weights`) and once by ONNX (`infer MODEL.onnx`):

- ResNet-18 and MobileNetV2 in plain PyTorch, with the names that torchvision gives their weights;
- those of torchvision and timm, where these are installed, with theirs.

Weights are drawn with a seed, running statistics too. Needs torch, safetensors and numpy, for ONNX
also onnx; without them it says so and exits with 77, which CTest takes as skipped. With `--golden
FOLDER` it writes the small network of tests/app/data/foreign_weights in place of all that.
Usage: foreign_weights.py CLI [--golden FOLDER] [--part PART_OF_A_NAME]
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

try:
    import numpy
    import torch
    from safetensors.torch import save_file
    from torch import nn
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)

TOLERANCE = 1e-5
SAMPLES = 2


class BasicBlock(nn.Module):
    def __init__(self, channels, filters, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.downsample = None
        if stride != 1 or channels != filters:
            self.downsample = nn.Sequential(nn.Conv2d(channels, filters, 1, stride, bias=False),
                                            nn.BatchNorm2d(filters))

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet18(nn.Module):
    """He, Zhang, Ren, Sun: Deep residual learning for image recognition, 2015."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(BasicBlock(64, 64, 1), BasicBlock(64, 64, 1))
        self.layer2 = nn.Sequential(BasicBlock(64, 128, 2), BasicBlock(128, 128, 1))
        self.layer3 = nn.Sequential(BasicBlock(128, 256, 2), BasicBlock(256, 256, 1))
        self.layer4 = nn.Sequential(BasicBlock(256, 512, 2), BasicBlock(512, 512, 1))
        self.fc = nn.Linear(512, 1000)

    def forward(self, x):
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))


def convolution(channels, filters, kernel=3, stride=1, groups=1):
    return nn.Sequential(
        nn.Conv2d(channels, filters, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(filters), nn.ReLU6())


class InvertedResidual(nn.Module):
    def __init__(self, channels, filters, stride, expansion):
        super().__init__()
        hidden = channels * expansion
        layers = [] if expansion == 1 else [convolution(channels, hidden, 1)]
        layers += [convolution(hidden, hidden, 3, stride, hidden),
                   nn.Conv2d(hidden, filters, 1, bias=False), nn.BatchNorm2d(filters)]
        self.conv = nn.Sequential(*layers)
        self.adds = stride == 1 and channels == filters

    def forward(self, x):
        return x + self.conv(x) if self.adds else self.conv(x)


class MobileNetV2(nn.Module):
    """Sandler et al.: MobileNetV2, 2018."""

    STAGES = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
              (6, 160, 3, 2), (6, 320, 1, 1)]

    def __init__(self):
        super().__init__()
        layers, channels = [convolution(3, 32, 3, 2)], 32
        for expansion, filters, count, stride in self.STAGES:
            for i in range(count):
                layers.append(InvertedResidual(channels, filters, stride if i == 0 else 1,
                                               expansion))
                channels = filters
        layers.append(convolution(channels, 1280, 1))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, 1000))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


def randomized(net, seed):
    """Statistics and scales as after a training, so that no two tensors of a shape are alike, and
    scores that differ."""
    generator = torch.Generator().manual_seed(seed)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            count = module.num_features
            module.running_mean = 0.2 * torch.randn(count, generator=generator)
            module.running_var = 0.5 + torch.rand(count, generator=generator)
            module.weight.data = 0.5 + torch.rand(count, generator=generator)
            module.bias.data = 0.2 * torch.randn(count, generator=generator)
        elif isinstance(module, (nn.Conv2d, nn.Linear)) and module.bias is not None:
            module.bias.data = 0.1 * torch.randn(module.bias.shape, generator=generator)
    return net.eval()


def calibrated(net, x):
    """Scales the last layer so that the largest score lies 5 above the mean: neither one class
    nor all alike."""
    with torch.no_grad():
        last = [m for m in net.modules() if isinstance(m, nn.Linear)][-1]
        scores = net(x)
        last.weight.data *= 5 / (scores - scores.mean(1, keepdim=True)).abs().max()
    return net


def run(cli, *arguments):
    result = subprocess.run([cli, *map(str, arguments)], capture_output=True, text=True)
    if result.returncode != 0:
        raise RuntimeError(result.stderr.strip() or f"exit code {result.returncode}")
    return result.stdout


def only_output(folder):
    (file,) = folder.glob("*.npy")
    return numpy.load(file)


def check(cli, name, template, net, size, folder, seed):
    torch.manual_seed(seed)
    x = torch.randn(SAMPLES, 3, size, size)
    net = calibrated(randomized(net, seed), x)
    with torch.no_grad():
        expected = torch.softmax(net(x), 1).numpy()
    numpy.save(folder / "x.npy", x.numpy())
    save_file({k: v.contiguous() for k, v in net.state_dict().items()},
              folder / "net.safetensors")
    report = json.loads(run(cli, "weights", folder / "net.safetensors", "--into",
                            f"template:{template}", "-o", folder / "net.gradwright", "--scaling",
                            "imagenet", "--json"))
    run(cli, "infer", folder / "net.gradwright", "--input", f"image={folder / 'x.npy'}",
        "--output", folder / "ours")
    missing = [row["weight"] for row in report["weights"] if row["tensor"] is None]
    differences = {"safetensors": float(abs(only_output(folder / "ours") - expected).max())}
    try:
        import onnx  # noqa: F401 (what the exporter needs)
        model = folder / "net.onnx"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(net, (x,), str(model), input_names=["image"],
                              output_names=["scores"], dynamo=False)
        run(cli, "infer", model, "--input", f"image={folder / 'x.npy'}", "--output",
            folder / "onnx")
        scores = torch.from_numpy(only_output(folder / "onnx"))
        differences["ONNX"] = float(abs(torch.softmax(scores, 1).numpy() - expected).max())
    except ImportError as absent:
        print(f"without ONNX: {absent}")
    good = (not missing and not report["unused"] and expected.max() < 0.999
            and all(value <= TOLERANCE for value in differences.values()))
    ways = {way: sum(row["matched_by"] == way for row in report["weights"])
            for way in ("name", "structure", "order", "doubt")}
    print(f"{'ok' if good else 'FAIL'}  {name}: {report['matched']} weights {ways}, largest "
          f"differences of probabilities {differences}", missing[:3],
          [each["tensor"] for each in report["unused"][:3]], flush=True)
    return good


def cases():
    yield "ResNet-18", "resnet-18", ResNet18, 224
    yield "MobileNetV2", "mobilenet-v2", MobileNetV2, 224
    try:
        from torchvision import models
        yield "torchvision resnet18", "resnet-18", models.resnet18, 224
        yield "torchvision resnet50", "resnet-50", models.resnet50, 224
        yield "torchvision mobilenet_v2", "mobilenet-v2", models.mobilenet_v2, 224
        yield "torchvision vgg16", "vgg-16", models.vgg16, 224
    except ImportError as absent:
        print(f"without torchvision: {absent}")
    try:
        import timm
        yield "timm resnet18", "resnet-18", lambda: timm.create_model("resnet18"), 224
        yield ("timm mobilenetv2_100", "mobilenet-v2",
               lambda: timm.create_model("mobilenetv2_100"), 224)
    except ImportError as absent:
        print(f"without timm: {absent}")


class Small(nn.Module):
    """A residual network of a few kilobytes; the test has it as a project."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.layer1 = nn.Sequential(BasicBlock(4, 4, 1), BasicBlock(4, 4, 1))
        self.layer2 = nn.Sequential(BasicBlock(4, 8, 2))
        self.fc = nn.Linear(8, 5)

    def forward(self, x):
        x = self.layer2(self.layer1(torch.relu(self.bn1(self.conv1(x)))))
        return self.fc(x.mean((2, 3)))


def write_golden(folder):
    torch.manual_seed(1)
    x = torch.randn(3, 3, 8, 8)
    net = calibrated(randomized(Small(), 1), x)
    save_file({k: v.contiguous() for k, v in net.state_dict().items()},
              folder / "small.safetensors")
    save_file({k: v.contiguous().half() if v.is_floating_point() else v
               for k, v in net.state_dict().items()}, folder / "small_f16.safetensors")
    numpy.save(folder / "image.npy", x.numpy())
    with torch.no_grad():
        numpy.save(folder / "scores.npy", net(x).numpy())
        half = Small().eval()
        half.load_state_dict({k: v.half().float() if v.is_floating_point() else v
                              for k, v in net.state_dict().items()})
        numpy.save(folder / "scores_f16.npy", half(x).numpy())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cli", type=os.path.abspath)
    parser.add_argument("--golden", type=pathlib.Path)
    parser.add_argument("--part", default="")
    options = parser.parse_args()
    if options.golden:
        write_golden(options.golden)
        return 0
    faults = 0
    for seed, (name, template, make, size) in enumerate(cases(), 1):
        if options.part not in name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                torch.manual_seed(seed)
                faults += not check(options.cli, name, template, make(), size,
                                    pathlib.Path(folder), seed)
            except Exception as error:  # of any of the programs: said, and the others go on
                print(f"FAIL  {name}: {type(error).__name__}: {error}", flush=True)
                faults += 1
    print(f"torch {torch.__version__}: {faults} failures")
    return faults > 0


if __name__ == "__main__":
    sys.exit(main())
