#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes colour pictures of generated classes, one folder per class: textures (stripes, checks, dots,
rings, cells, clouds), Julia sets and drawn shapes. Colours, places, sizes and light differ from
picture to picture, so that a class is told by its pattern alone. Everything follows from the seed.

Needs numpy and pillow. Usage:
    make_pictures.py FOLDER [--set basis|three] [--pictures N] [--size PX] [--seed N]

`basis` has 120 classes, to train a backbone on; `three` has three classes of other kinds, to try on
it what was learned.
"""

import argparse
import pathlib

import numpy
from PIL import Image

BASIS_KINDS = 120


def palette(rng):
    """Two colours that can be told apart, and a third one between."""
    while True:
        first, second = rng.uniform(0, 1, (2, 3))
        if abs(first - second).sum() > 0.7:
            return first, second


def coloured(amount, rng):
    """The amount in [0, 1] as a mixture of two colours under uneven light, with a little noise."""
    first, second = palette(rng)
    picture = first + (second - first) * amount[..., None]
    size = amount.shape[0]
    y, x = numpy.mgrid[0:size, 0:size] / size - 0.5
    angle = rng.uniform(0, 2 * numpy.pi)
    light = 1 + 0.5 * rng.uniform(0, 1) * (x * numpy.cos(angle) + y * numpy.sin(angle))
    noise = rng.normal(0, 0.03, picture.shape)
    return numpy.clip(picture * light[..., None] + noise, 0, 1)


def grid(size, rng, turn=0.15, shift=True):
    """Coordinates in [-1, 1], turned a little, shifted and scaled."""
    y, x = numpy.mgrid[0:size, 0:size] * (2 / size) - 1
    angle = rng.uniform(-turn, turn)
    scale = rng.uniform(0.85, 1.15)
    x, y = (scale * (x * numpy.cos(angle) - y * numpy.sin(angle)),
            scale * (x * numpy.sin(angle) + y * numpy.cos(angle)))
    if shift:
        x, y = x + rng.uniform(-0.3, 0.3), y + rng.uniform(-0.3, 0.3)
    return x, y


def soft(value, width=0.12):
    return 1 / (1 + numpy.exp(-numpy.clip(value / width, -40, 40)))


def stripes(size, rng, waves, angle):
    x, y = grid(size, rng)
    phase = rng.uniform(0, 2 * numpy.pi)
    along = x * numpy.cos(angle) + y * numpy.sin(angle)
    return soft(numpy.sin(numpy.pi * waves * along + phase), 0.3)


def checks(size, rng, waves, angle):
    x, y = grid(size, rng)
    u = x * numpy.cos(angle) + y * numpy.sin(angle)
    v = -x * numpy.sin(angle) + y * numpy.cos(angle)
    return soft(numpy.sin(numpy.pi * waves * u) * numpy.sin(numpy.pi * waves * v), 0.1)


def dots(size, rng, waves, radius):
    x, y = grid(size, rng)
    u, v = (waves * x) % 1 - 0.5, (waves * y) % 1 - 0.5
    return soft(radius - numpy.hypot(u, v), 0.05)


def rings(size, rng, waves, arms):
    x, y = grid(size, rng, turn=3.2)
    turn = arms * numpy.arctan2(y, x)
    return soft(numpy.sin(numpy.pi * waves * numpy.hypot(x, y) + turn), 0.3)


def cells(size, rng, count, border):
    x, y = grid(size, rng)
    points = rng.uniform(-1.3, 1.3, (count, 2))
    far = numpy.sort(numpy.hypot(x[..., None] - points[:, 0], y[..., None] - points[:, 1]), -1)
    return soft(far[..., 1] - far[..., 0] - border, 0.03) if border else far[..., 0] / far.max()


def clouds(size, rng, exponent, ridges):
    frequency = numpy.hypot(*numpy.meshgrid(*2 * [numpy.fft.fftfreq(size)]))
    frequency[0, 0] = 1
    spectrum = (rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size)))
    value = numpy.fft.ifft2(spectrum / frequency ** exponent).real
    value = (value - value.mean()) / value.std()
    return soft(1 - 3 * abs(value)) if ridges else soft(value, 0.5)


def julia(size, rng, real, imaginary):
    x, y = grid(size, rng, turn=3.2, shift=False)
    z = 1.4 * (x + 1j * y)
    c = complex(real, imaginary) + complex(*rng.normal(0, 0.004, 2))
    count = numpy.zeros((size, size))
    for _ in range(40):
        inside = abs(z) < 4
        z = numpy.where(inside, z * z + c, z)
        count += inside
    return (count / 40) ** 0.5


def polygon(size, rng, corners, star):
    """A drawn shape with so many corners, or a star with so many points."""
    x, y = grid(size, rng, turn=3.2)
    angle = numpy.arctan2(y, x)
    part = 2 * numpy.pi / corners
    within = abs((angle % part) - part / 2)
    edge = 0.6 * (1 - star * within / (part / 2)) if star else (
        0.6 * numpy.cos(part / 2) / numpy.cos(part / 2 - within))
    return soft(edge - numpy.hypot(x, y), 0.02)


def basis():
    """The functions of the 120 classes with what sets each apart."""
    angles = [i * numpy.pi / 6 for i in range(6)]
    kinds = [(stripes, (waves, angle)) for waves in (3, 5, 8) for angle in angles]
    kinds += [(checks, (waves, angle)) for waves in (2, 4, 7) for angle in angles[:3]]
    kinds += [(dots, (waves, radius)) for waves in (1.5, 2.5, 4) for radius in (0.15, 0.25, 0.4)]
    kinds += [(rings, (waves, arms)) for waves in (2, 5, 9) for arms in (0, 1, 2, 3, 5)]
    kinds += [(cells, (count, border)) for count in (6, 14, 30) for border in (0, 0.05, 0.15)]
    kinds += [(clouds, (exponent, ridges)) for exponent in (0.7, 1.2, 1.7, 2.3)
              for ridges in (False, True)]
    kinds += [(julia, c) for c in ((-0.8, 0.156), (0.285, 0.01), (-0.4, 0.6), (-0.70176, -0.3842),
                                   (-0.835, -0.2321), (-0.1, 0.651), (0.37, 0.1), (-1.25, 0),
                                   (-0.123, 0.745), (0.3, 0.5), (-0.75, 0.11), (-0.5, 0.55))]
    kinds += [(polygon, (corners, star)) for corners in (3, 4, 5, 6, 7, 8, 10)
              for star in (0, 0.35, 0.6)]
    kinds += [(lambda size, rng, a, b: a(size, rng, *b) * polygon(size, rng, 4, 0), (kind, values))
              for kind, values in ((stripes, (6, 0)), (stripes, (6, 0.8)), (checks, (5, 0)),
                                   (dots, (3, 0.3)), (clouds, (1, False)), (cells, (20, 0.1)))]
    kinds += [(lambda size, rng, a, b: a(size, rng, *b) * polygon(size, rng, 30, 0), (kind, values))
              for kind, values in ((stripes, (6, 0)), (stripes, (6, 0.8)), (checks, (5, 0)),
                                   (dots, (3, 0.3)), (clouds, (1, False)), (cells, (20, 0.1)))]
    kinds += [(lambda size, rng, n, r: scattered(size, rng, n, r), (n, r))
              for n in (4, 10, 20, 35) for r in (0.08, 0.16)]
    assert len(kinds) >= BASIS_KINDS, len(kinds)
    return kinds[:BASIS_KINDS]


def scattered(size, rng, count, radius):
    """Discs anywhere."""
    x, y = grid(size, rng)
    points = rng.uniform(-1, 1, (count, 2))
    nearest = numpy.hypot(x[..., None] - points[:, 0], y[..., None] - points[:, 1]).min(-1)
    return soft(radius - nearest, 0.02)


def crescent(size, rng, _, __):
    x, y = grid(size, rng, turn=3.2)
    return soft(0.6 - numpy.hypot(x, y), 0.02) * soft(numpy.hypot(x - 0.3, y) - 0.45, 0.02)


def cross(size, rng, _, __):
    x, y = grid(size, rng, turn=3.2)
    inside = numpy.minimum(numpy.maximum(abs(x), abs(y)), 9)
    return soft(0.18 - numpy.minimum(abs(x), abs(y)), 0.02) * soft(0.7 - inside, 0.02)


def flower(size, rng, _, __):
    x, y = grid(size, rng, turn=3.2)
    edge = 0.45 + 0.2 * numpy.cos(5 * numpy.arctan2(y, x))
    return soft(edge - numpy.hypot(x, y), 0.02) * soft(numpy.hypot(x, y) - 0.15, 0.02)


def on_texture(shape, size, rng):
    """The shape before a texture that says nothing of its class."""
    ground = coloured(clouds(size, rng, rng.uniform(0.8, 1.8), False) if rng.integers(2)
                      else stripes(size, rng, rng.uniform(3, 8), rng.uniform(0, 3)), rng)
    mask = shape[..., None]
    return ground * (1 - mask) + coloured(numpy.full(shape.shape, rng.uniform()), rng) * mask


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--set", choices=("basis", "three"), default="basis")
    parser.add_argument("--pictures", type=int, default=100)
    parser.add_argument("--size", type=int, default=48)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    three = [("crescent", crescent), ("cross", cross), ("flower", flower)]
    kinds = ([(f"{kind.__name__.strip('<>')}-{number:03}", kind, values)
              for number, (kind, values) in enumerate(basis())] if options.set == "basis"
             else [(name, kind, (0, 0)) for name, kind in three])
    for number, (name, kind, values) in enumerate(kinds):
        folder = options.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        for i in range(options.pictures):
            rng = numpy.random.default_rng([options.seed, number, i])
            amount = kind(options.size, rng, *values)
            picture = (coloured(amount, rng) if options.set == "basis"
                       else on_texture(amount, options.size, rng))
            Image.fromarray((255 * picture).astype(numpy.uint8)).save(folder / f"{i:04}.png")
    print(f"{len(kinds)} classes of {options.pictures} pictures in {options.folder}")


if __name__ == "__main__":
    main()
