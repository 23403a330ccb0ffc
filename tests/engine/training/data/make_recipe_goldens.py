#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes recipe_goldens.json beside this file: what PyTorch computes, in double, for every
optimizer, schedule and loss. Run with PyTorch installed; the tests read only its output."""

import json
import pathlib

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)

STEPS = 20
SHOWN = [1, 2, 3, 10, 20]  # after these steps
LEARNING_RATE = 0.05

OPTIMIZERS = [
    ("sgd", {"momentum": 0.0}),
    ("sgd", {"momentum": 0.0, "weight_decay": 0.1}),
    ("sgd", {"momentum": 0.9}),
    ("sgd", {"momentum": 0.9, "weight_decay": 0.1}),
    ("sgd", {"momentum": 0.9, "nesterov": True}),
    ("sgd", {"momentum": 0.8, "nesterov": True, "weight_decay": 0.05}),
    ("adam", {}),
    ("adam", {"beta1": 0.8, "beta2": 0.95}),
    ("adam", {"epsilon": 0.01}),
    ("adam", {"weight_decay": 0.1}),
]

SCHEDULES = [
    ("constant", {}),
    ("step", {"every": 1, "gamma": 0.5}),
    ("step", {"every": 3, "gamma": 0.1}),
    ("cosine", {}),
    ("cosine", {"minimum": 0.1}),
]
EPOCHS = 8


def make_optimizer(key, params, weight):
    p = dict(params)
    if key == "sgd":
        return torch.optim.SGD([weight], lr=LEARNING_RATE, **p)
    betas = (p.pop("beta1", 0.9), p.pop("beta2", 0.999))
    return torch.optim.Adam([weight], lr=LEARNING_RATE, betas=betas, eps=p.pop("epsilon", 1e-8), **p)


def optimizer_goldens():
    generator = torch.Generator().manual_seed(5)
    start = torch.randn(6, generator=generator)
    gradients = torch.randn(STEPS, 6, generator=generator)
    gradients[:, 3] *= 1e-7  # where epsilon counts
    gradients[:, 4] *= 1e3
    gradients[:, 5] = 0  # never a gradient
    cases = []
    for key, params in OPTIMIZERS:
        weight = start.clone().requires_grad_()
        optimizer = make_optimizer(key, params, weight)
        after = {}
        for step in range(1, STEPS + 1):
            weight.grad = gradients[step - 1].clone()
            optimizer.step()
            if step in SHOWN:
                after[str(step)] = weight.detach().tolist()
        cases.append({"key": key, "params": params, "weights_after": after})
    return {"learning_rate": LEARNING_RATE, "start": start.tolist(),
            "gradients": gradients.tolist(), "cases": cases}


def make_schedule(key, params, optimizer, steps_an_epoch):
    s = torch.optim.lr_scheduler
    if key == "constant":
        return s.ConstantLR(optimizer, factor=1.0)
    if key == "step":
        return s.StepLR(optimizer, params["every"] * steps_an_epoch, params["gamma"])
    return s.CosineAnnealingLR(optimizer, EPOCHS * steps_an_epoch, params.get("minimum", 0.0))


def schedule_goldens():
    """Four scheduler steps an epoch, so that fractions of an epoch are shown too."""
    cases = []
    for key, params in SCHEDULES:
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
        scheduler = make_schedule(key, params, optimizer, 4)
        factors = []
        for _ in range(4 * EPOCHS + 1):
            factors.append(scheduler.get_last_lr()[0])
            optimizer.step()
            scheduler.step()
        cases.append({"key": key, "params": params, "factors": factors})
    return {"epochs": EPOCHS, "steps_an_epoch": 4, "cases": cases}


def loss_goldens():
    generator = torch.Generator().manual_seed(6)
    # Rounded to 32 bits, which is what inputs are fed as.
    predictions = (3 * torch.randn(4, 5, generator=generator)).float().double()
    classes = torch.tensor([4, 0, 2, 2])
    one_hot = F.one_hot(classes, 5).to(predictions)
    per_sample = {
        "softmax-cross-entropy": F.cross_entropy(predictions, classes, reduction="none"),
        "mean-squared-error": F.mse_loss(predictions, one_hot, reduction="none").mean(1),
    }
    return {"predictions": predictions.tolist(), "classes": classes.tolist(),
            "cases": [{"key": k, "per_sample": v.tolist()} for k, v in per_sample.items()]}


def main():
    goldens = {"pytorch": torch.__version__.split("+")[0], "optimizers": optimizer_goldens(),
               "schedules": schedule_goldens(), "losses": loss_goldens()}
    path = pathlib.Path(__file__).with_name("recipe_goldens.json")
    path.write_text(json.dumps(goldens, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
