# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes exported.pt2 for tst_exported_program.cpp, with PyTorch 2.15: a program with tensors of several
types, one of them a part of a larger one that was transposed. Their values count up from 1. What
tests do not read (sample inputs, which are pickled) is left out.

Usage: exported_program.py exported.pt2
"""

import sys
import zipfile

import torch


def counted(*shape, dtype=torch.float32):
    return torch.arange(1, 1 + torch.Size(shape).numel()).reshape(shape).to(dtype)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, 2, 3, bias=False)
        self.norm = torch.nn.BatchNorm2d(2)
        self.scores = torch.nn.Linear(2, 4)
        self.conv.weight.data = counted(2, 3, 3, 3)
        self.scores.weight.data = counted(4, 2)
        self.scores.bias.data = counted(4)
        self.turned = torch.nn.Parameter(counted(5, 4, dtype=torch.float16)[1:].t()[:, :3])
        self.short = torch.nn.Parameter(counted(4, dtype=torch.bfloat16))
        self.register_buffer("long", counted(4, dtype=torch.float64))

    def forward(self, x):
        x = self.scores(self.norm(self.conv(x)).relu().mean((2, 3)))
        return x @ self.turned.float() * self.long[:3].float() + self.short[:3].float()


program = torch.export.export(Net().eval(), (torch.zeros(2, 3, 8, 8),))
torch.export.save(program, "whole.pt2")
with zipfile.ZipFile("whole.pt2") as whole, zipfile.ZipFile(sys.argv[1], "w") as kept:
    for name in whole.namelist():
        packing = zipfile.ZIP_DEFLATED if name.endswith(".json") else zipfile.ZIP_STORED
        if "/sample_inputs/" not in name and "/.data/" not in name:
            kept.writestr(zipfile.ZipInfo(name), whole.read(name), packing)
