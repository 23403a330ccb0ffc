#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes regularization_goldens.json beside this file: five steps of a small network in PyTorch, in
double, with each kind of regularization and with the optimizers that take all weights together. The tests read only the output."""

import json
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)

STEPS = 5
RATE = 0.5
CASES = {
    "plain": {},
    "l1": {"l1": 0.05},
    "l2": {"l2": 0.2},
    "clip value": {"clip_value": 0.05},
    "clip norm": {"clip_norm": 0.1},
    "clip norm, out of reach": {"clip_norm": 100.0},
    "max norm": {"max_norm": 0.6},
    "average": {"average_decay": 0.8},
    "rates": {"factors": [0.0, 0.0, 2.0, 2.0]},
    "rates and clip norm": {"factors": [0.0, 0.0, 2.0, 2.0], "clip_norm": 0.1},
    "all": {"l1": 0.01, "l2": 0.1, "clip_value": 0.1, "clip_norm": 0.15, "max_norm": 0.7,
            "average_decay": 0.5},
    "lbfgs": {"optimizer": "lbfgs", "history": 2},
    "lbfgs, long history": {"optimizer": "lbfgs", "history": 10},
}


def rounded(*shape, generator):
    return torch.randn(*shape, generator=generator).float().double()


def run(start, inputs, targets, case):
    weights = [w.clone().requires_grad_() for w in start]
    factors = case.get("factors", [1.0] * len(weights))
    learning = [w for w, f in zip(weights, factors) if f > 0]
    average = None
    lbfgs = torch.optim.LBFGS(weights, lr=RATE, max_iter=1, history_size=case.get("history", 1))
    for _ in range(STEPS):
        w1, b1, w2, b2 = weights
        output = F.linear(torch.tanh(F.linear(inputs, w1, b1)), w2, b2)
        loss = F.mse_loss(output, targets)
        for w in weights:
            if w.dim() > 1:
                loss = loss + case.get("l1", 0) * w.abs().sum() + case.get("l2", 0) / 2 * (w ** 2).sum()
        for w in weights:
            w.grad = None
        loss.backward()
        if "clip_value" in case:
            torch.nn.utils.clip_grad_value_(learning, case["clip_value"])
        if "clip_norm" in case:
            torch.nn.utils.clip_grad_norm_(learning, case["clip_norm"])
        if case.get("optimizer") == "lbfgs":
            lbfgs.step(lambda: loss)
            continue
        with torch.no_grad():
            for w, factor in zip(weights, factors):
                w -= RATE * factor * w.grad
                if "max_norm" in case and w.dim() > 1:
                    norms = w.norm(dim=1, keepdim=True)
                    w *= (case["max_norm"] / norms).clamp(max=1.0)
            if average is None:
                average = [w.clone() for w in weights]
            else:
                for a, w in zip(average, weights):
                    a.lerp_(w, 1 - case.get("average_decay", 0))
    result = {"weights": [w.detach().flatten().tolist() for w in weights]}
    if "average_decay" in case:
        result["average"] = [a.flatten().tolist() for a in average]
    return result


def main():
    generator = torch.Generator().manual_seed(11)
    start = [rounded(5, 4, generator=generator), rounded(5, generator=generator),
             rounded(3, 5, generator=generator), rounded(3, generator=generator)]
    inputs = rounded(6, 4, generator=generator)
    targets = rounded(6, 3, generator=generator)
    goldens = {"steps": STEPS, "rate": RATE, "start": [w.flatten().tolist() for w in start],
               "inputs": inputs.flatten().tolist(), "targets": targets.flatten().tolist(),
               "cases": [{"name": name, **case, **run(start, inputs, targets, case)}
                         for name, case in CASES.items()]}
    path = pathlib.Path(__file__).with_name("regularization_goldens.json")
    path.write_text(json.dumps(goldens, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
