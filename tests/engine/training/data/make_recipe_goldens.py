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
    ("lamb", {}),
    ("lamb", {"beta1": 0.8, "beta2": 0.9, "epsilon": 0.01, "weight_decay": 0.1}),
    ("lbfgs", {}),
    ("lbfgs", {"history": 3}),
    ("perceptron-rule", {}),
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


class Lamb:
    """You et al. 2020, algorithm 2, which PyTorch does not have."""

    def __init__(self, weight, lr, beta1=0.9, beta2=0.999, epsilon=1e-6, weight_decay=0.01):
        self.weight, self.lr, self.betas = weight, lr, (beta1, beta2)
        self.epsilon, self.decay = epsilon, weight_decay
        self.first, self.second, self.time = torch.zeros_like(weight), torch.zeros_like(weight), 0

    @torch.no_grad()
    def step(self):
        self.time += 1
        gradient = self.weight.grad
        self.first.mul_(self.betas[0]).add_((1 - self.betas[0]) * gradient)
        self.second.mul_(self.betas[1]).add_((1 - self.betas[1]) * gradient ** 2)
        corrected = self.first / (1 - self.betas[0] ** self.time)
        spread = (self.second / (1 - self.betas[1] ** self.time)).sqrt() + self.epsilon
        update = corrected / spread + self.decay * self.weight
        self.weight -= self.lr * self.weight.norm() / update.norm() * update


def make_optimizer(key, params, weight):
    p = dict(params)
    if key == "lion":
        return Lion(weight, LEARNING_RATE, **p)
    if key == "lamb":
        return Lamb(weight, LEARNING_RATE, **p)
    if key == "perceptron-rule":
        return torch.optim.SGD([weight], lr=LEARNING_RATE)
    if key == "lbfgs":
        return torch.optim.LBFGS([weight], lr=LEARNING_RATE, max_iter=1,
                                 history_size=p.get("history", 10))
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
            if key == "lbfgs":
                optimizer.step(lambda: torch.zeros(()))
            else:
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


def focal(predictions, classes, gamma, weights=None):
    """Lin et al. 2017, equation 5; PyTorch itself has none."""
    log_p = F.log_softmax(predictions, 1).gather(1, classes[:, None])[:, 0]
    alpha = 1.0 if weights is None else weights[classes]
    return -alpha * (1 - log_p.exp()) ** gamma * log_p


def loss_goldens():
    generator = torch.Generator().manual_seed(6)

    # Rounded to 32 bits, which is what inputs are fed as.
    def draw(scale):
        return (scale * torch.randn(4, 5, generator=generator)).float().double()

    predictions = draw(3)
    classes = torch.tensor([4, 0, 2, 2])
    one_hot = F.one_hot(classes, 5).to(predictions)
    values = draw(2)
    values[1] = predictions[1]  # no difference at all
    shares = F.softmax(draw(1), 1).float().double()
    weights = torch.tensor([1.0, 0.5, 2.0, 0.0, 3.0])
    written = "1, 0.5, 2, 0, 3"

    def bce(target, weight=1.0):
        return F.binary_cross_entropy_with_logits(
            predictions, target, reduction="none", pos_weight=torch.tensor(weight)).mean(1)

    def kl(target):
        return F.kl_div(F.log_softmax(predictions, 1), target, reduction="none").sum(1)

    def cosine(target):
        return 1 - F.cosine_similarity(predictions, target, dim=1)

    def cross_entropy(target, **options):
        return F.cross_entropy(predictions, target, reduction="none", **options)

    of_classes = [
        ("softmax-cross-entropy", {}, cross_entropy(classes)),
        ("softmax-cross-entropy", {"label_smoothing": 0.1},
         cross_entropy(classes, label_smoothing=0.1)),
        ("softmax-cross-entropy", {"class_weights": written}, cross_entropy(classes, weight=weights)),
        ("softmax-cross-entropy", {"class_weights": written, "label_smoothing": 0.3},
         cross_entropy(classes, weight=weights, label_smoothing=0.3)),
        ("focal", {}, focal(predictions, classes, 2.0)),
        ("focal", {"focusing": 0.5, "class_weights": written},
         focal(predictions, classes, 0.5, weights)),
        ("focal", {"focusing": 0.0}, cross_entropy(classes)),
        ("hinge", {}, F.multi_margin_loss(predictions, classes, reduction="none")),
        ("hinge", {"margin": 0.25, "squared": True},
         F.multi_margin_loss(predictions, classes, p=2, margin=0.25, reduction="none")),
        ("binary-cross-entropy", {}, bce(one_hot)),
        ("kl-divergence", {}, kl(one_hot)),
        ("mean-squared-error", {}, F.mse_loss(predictions, one_hot, reduction="none").mean(1)),
        ("perceptron-criterion", {}, F.relu((1 - 2 * one_hot) * predictions).sum(1)),
    ]
    of_values = [
        ("mean-squared-error", {}, F.mse_loss(predictions, values, reduction="none").mean(1)),
        ("mean-absolute-error", {}, F.l1_loss(predictions, values, reduction="none").mean(1)),
        ("huber", {}, F.huber_loss(predictions, values, reduction="none").mean(1)),
        ("huber", {"delta": 2.5},
         F.huber_loss(predictions, values, reduction="none", delta=2.5).mean(1)),
        ("cosine", {}, cosine(values)),
    ]
    of_shares = [
        ("softmax-cross-entropy", {}, cross_entropy(shares)),
        ("softmax-cross-entropy", {"class_weights": written, "label_smoothing": 0.2},
         cross_entropy(shares, weight=weights, label_smoothing=0.2)),
        ("binary-cross-entropy", {}, bce(shares)),
        ("binary-cross-entropy", {"positive_weight": 2.5}, bce(shares, 2.5)),
        ("kl-divergence", {}, kl(shares)),
    ]
    cases = [{"key": key, "params": params, "target": target, "per_sample": loss.tolist()}
             for target, group in (("classes", of_classes), ("values", of_values),
                                   ("shares", of_shares))
             for key, params, loss in group]
    return {"predictions": predictions.tolist(), "classes": classes.tolist(),
            "values": values.tolist(), "shares": shares.tolist(), "cases": cases}


def main():
    goldens = {"pytorch": torch.__version__.split("+")[0], "optimizers": optimizer_goldens(),
               "schedules": schedule_goldens(), "losses": loss_goldens()}
    path = pathlib.Path(__file__).with_name("recipe_goldens.json")
    path.write_text(json.dumps(goldens, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
