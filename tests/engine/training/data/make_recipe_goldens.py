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
    ("adamw", {}),
    ("adamw", {"beta1": 0.8, "beta2": 0.95, "epsilon": 0.01, "weight_decay": 0.1}),
    ("amsgrad", {}),
    ("amsgrad", {"beta1": 0.8, "beta2": 0.5, "weight_decay": 0.1}),
    ("nadam", {}),
    ("nadam", {"beta1": 0.8, "momentum_decay": 0.1, "weight_decay": 0.1}),
    ("nadam", {"momentum_decay": 0.0}),
    ("radam", {}),
    ("radam", {"beta1": 0.8, "beta2": 0.95, "weight_decay": 0.1}),
    ("adamax", {}),
    ("adamax", {"beta1": 0.8, "beta2": 0.9, "weight_decay": 0.1}),
    ("rmsprop", {}),
    ("rmsprop", {"alpha": 0.9, "weight_decay": 0.1}),
    ("rmsprop", {"momentum": 0.9}),
    ("rmsprop", {"centered": True}),
    ("rmsprop", {"alpha": 0.9, "centered": True, "momentum": 0.8, "epsilon": 0.001}),
    ("adagrad", {}),
    ("adagrad", {"rate_decay": 0.1, "initial": 0.5, "weight_decay": 0.1}),
    ("adadelta", {}),
    ("adadelta", {"rho": 0.8, "epsilon": 0.001, "weight_decay": 0.1}),
    ("lion", {}),
    ("lion", {"beta1": 0.8, "beta2": 0.9, "weight_decay": 0.1}),
]

SCHEDULES = [
    ("constant", {}),
    ("step", {"every": 1, "gamma": 0.5}),
    ("step", {"every": 3, "gamma": 0.1}),
    ("cosine", {}),
    ("cosine", {"minimum": 0.1}),
    ("multi-step", {"milestones": [1, 4, 5], "gamma": 0.5}),
    ("exponential", {"gamma": 0.8}),
    ("polynomial", {}),
    ("polynomial", {"power": 2.5}),
    ("cosine-restarts", {"period": 3}),
    ("cosine-restarts", {"period": 1, "growth": 2, "minimum": 0.1}),
    ("one-cycle", {}),
    ("one-cycle", {"peak": 0.5, "start_divisor": 10.0, "end_divisor": 100.0}),
]
WARMUPS = [("constant", {}, 2, 0.25), ("cosine", {}, 2, 0.1), ("step", {"every": 2, "gamma": 0.5}, 1, 0.0)]
PLATEAUS = [
    {"gamma": 0.5, "patience": 1},
    {"gamma": 0.1, "patience": 2, "cooldown": 3},
    {"gamma": 0.5, "patience": 0, "threshold": 0.2, "minimum": 0.1},
]
EPOCHS = 8


class Lion:
    """Chen et al. 2023, algorithm 2, which PyTorch lacks: line by line as printed there."""

    def __init__(self, weight, lr, beta1=0.9, beta2=0.99, weight_decay=0.0):
        self.weight, self.lr = weight, lr
        self.beta1, self.beta2, self.weight_decay = beta1, beta2, weight_decay
        self.momentum = torch.zeros_like(weight)

    @torch.no_grad()
    def step(self):
        gradient = self.weight.grad
        c = self.beta1 * self.momentum + (1 - self.beta1) * gradient
        self.weight -= self.lr * (torch.sign(c) + self.weight_decay * self.weight)
        self.momentum = self.beta2 * self.momentum + (1 - self.beta2) * gradient


def make_optimizer(key, params, weight):
    p = dict(params)
    if key == "lion":
        return Lion(weight, LEARNING_RATE, **p)
    if "epsilon" in p:
        p["eps"] = p.pop("epsilon")
    if "beta1" in p or "beta2" in p:
        p["betas"] = (p.pop("beta1", 0.9), p.pop("beta2", 0.999))
    if key == "adagrad":
        p["lr_decay"] = p.pop("rate_decay", 0.0)
        p["initial_accumulator_value"] = p.pop("initial", 0.0)
    o = torch.optim
    make = {"sgd": o.SGD, "adam": o.Adam, "adamw": o.AdamW, "nadam": o.NAdam, "radam": o.RAdam,
            "adamax": o.Adamax, "rmsprop": o.RMSprop, "adagrad": o.Adagrad, "adadelta": o.Adadelta,
            "amsgrad": lambda w, **a: o.Adam(w, amsgrad=True, **a)}[key]
    return make([weight], lr=LEARNING_RATE, **p)


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


def make_schedule(key, params, optimizer, steps_an_epoch, epochs=EPOCHS):
    s = torch.optim.lr_scheduler
    if key == "constant":
        return s.ConstantLR(optimizer, factor=1.0)
    if key == "step":
        return s.StepLR(optimizer, params["every"] * steps_an_epoch, params["gamma"])
    if key == "multi-step":
        return s.MultiStepLR(optimizer, [m * steps_an_epoch for m in params["milestones"]],
                             params["gamma"])
    if key == "exponential":
        return s.ExponentialLR(optimizer, params["gamma"] ** (1 / steps_an_epoch))
    if key == "polynomial":
        return s.PolynomialLR(optimizer, epochs * steps_an_epoch, params.get("power", 1.0))
    if key == "cosine-restarts":
        return s.CosineAnnealingWarmRestarts(optimizer, params["period"] * steps_an_epoch,
                                             params.get("growth", 1), params.get("minimum", 0.0))
    if key == "one-cycle":
        # PyTorch counts the last step as the end; here the end is the moment after it.
        steps = epochs * steps_an_epoch
        return s.OneCycleLR(optimizer, 1.0, steps + 1,
                            pct_start=(params.get("peak", 0.3) * steps + 1) / (steps + 1),
                            div_factor=params.get("start_divisor", 25.0),
                            final_div_factor=params.get("end_divisor", 1e4), cycle_momentum=False)
    return s.CosineAnnealingLR(optimizer, epochs * steps_an_epoch, params.get("minimum", 0.0))


def factors_of(optimizer, scheduler, steps):
    factors = []
    for _ in range(steps + 1):
        factors.append(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
    return factors


def one_weight():
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)


def warmup_goldens():
    cases = []
    for key, params, epochs, start in WARMUPS:
        optimizer = one_weight()
        rest = make_schedule(key, params, optimizer, 4, EPOCHS - epochs)
        # PyTorch refuses to start from 0; so small a share is 0 to within the comparison.
        warmup = torch.optim.lr_scheduler.LinearLR(optimizer, max(start, 1e-14), 1.0, epochs * 4)
        both = torch.optim.lr_scheduler.SequentialLR(optimizer, [warmup, rest], [epochs * 4])
        cases.append({"key": key, "params": params, "epochs": epochs, "start": start,
                      "factors": factors_of(optimizer, both, 4 * EPOCHS)})
    return cases


def plateau_goldens():
    losses = [1.0, 0.8, 0.79995, 0.9, 0.85, 0.7, 0.71, 0.72, 0.73, 0.74, 0.75, 0.5, 0.5, 0.5, 0.5,
              0.51, 0.52, 0.53, 0.54, 0.2]
    cases = []
    for params in PLATEAUS:
        optimizer = one_weight()
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, factor=params["gamma"], patience=params["patience"],
            threshold=params.get("threshold", 1e-4), cooldown=params.get("cooldown", 0),
            min_lr=params.get("minimum", 0.0))
        factors = []
        for loss in losses:
            scheduler.step(loss)
            factors.append(optimizer.param_groups[0]["lr"])
        cases.append({"key": "plateau", "params": params, "factors": factors})
    return {"losses": losses, "cases": cases}


def schedule_goldens():
    """Four scheduler steps an epoch, so that fractions of an epoch are shown too."""
    cases = []
    for key, params in SCHEDULES:
        optimizer = one_weight()
        scheduler = make_schedule(key, params, optimizer, 4)
        cases.append({"key": key, "params": params,
                      "factors": factors_of(optimizer, scheduler, 4 * EPOCHS)})
    return {"epochs": EPOCHS, "steps_an_epoch": 4, "cases": cases, "warmups": warmup_goldens(),
            "plateau": plateau_goldens()}


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
