#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes golden.safetensors with the reference implementation (pip install torch safetensors)."""
from pathlib import Path

import torch
from safetensors.torch import save_file

save_file(
    {
        "f64": torch.tensor([[1.5, -2.25], [1e300, 0.0]], dtype=torch.float64),
        "f32": torch.tensor([1.0, -0.5, 3.25], dtype=torch.float32),
        "f16": torch.tensor([1.0, -2.0], dtype=torch.float16),
        "bf16": torch.tensor([1.0, -2.0, 0.5], dtype=torch.bfloat16),
        "i64": torch.tensor([2**40, -1], dtype=torch.int64),
        "i32": torch.tensor([[7], [-8]], dtype=torch.int32),
        "i8": torch.tensor([-128, 127, 0], dtype=torch.int8),
        "u8": torch.tensor([255, 1], dtype=torch.uint8),
        "scalar": torch.tensor(42.0, dtype=torch.float32),
        "empty": torch.zeros((0, 3), dtype=torch.float32),
        "stage2/1/conv1/weight é": torch.arange(8, dtype=torch.float32).reshape(2, 1, 2, 2),
    },
    Path(__file__).with_name("golden.safetensors"),
    metadata={"format": "pt", "note": 'quotes " and ünicode'},
)
