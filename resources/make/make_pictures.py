#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes colour pictures of generated classes, one folder per class: textures (stripes, checks,
dots, rings, cells, clouds), Julia sets, and shapes drawn before backgrounds. Colours, places, sizes
and light differ from picture to picture, so that a class is told by its pattern alone. Everything
follows from the seed.

Needs numpy and pillow. Usage:
    make_pictures.py FOLDER [--set basis|three] [--pictures N] [--size PX] [--seed N]

`basis` has more than 100 classes, to train a backbone on; `three` has three of other kinds, on
which to try what was learned.
"""

import argparse
import pathlib

import numpy
from PIL import Image


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


def scattered(size, rng, count, radius):
    """Discs anywhere."""
    x, y = grid(size, rng)
    points = rng.uniform(-1, 1, (count, 2))
    nearest = numpy.hypot(x[..., None] - points[:, 0], y[..., None] - points[:, 1]).min(-1)
    return soft(radius - nearest, 0.02)


def crescent(size, rng):
    x, y = grid(size, rng, turn=3.2)
    return soft(0.6 - numpy.hypot(x, y), 0.02) * soft(numpy.hypot(x - 0.3, y) - 0.45, 0.02)


def cross(size, rng):
    x, y = grid(size, rng, turn=3.2)
    inside = numpy.minimum(numpy.maximum(abs(x), abs(y)), 9)
    return soft(0.18 - numpy.minimum(abs(x), abs(y)), 0.02) * soft(0.7 - inside, 0.02)


def flower(size, rng):
    x, y = grid(size, rng, turn=3.2)
    edge = 0.45 + 0.2 * numpy.cos(5 * numpy.arctan2(y, x))
    return soft(edge - numpy.hypot(x, y), 0.02) * soft(numpy.hypot(x, y) - 0.15, 0.02)


def leaves(size, rng, kind, smallest, stripes_on):
    """Leaves that cover each other, most of them small, as in photographs (Lee, Mumford, Huang
    2001): discs, squares or long rectangles, in one colour or striped."""
    y, x = numpy.mgrid[0:size, 0:size] * (2 / size) - 1
    picture = numpy.zeros((size, size, 3))
    for _ in range(60):
        radius = smallest / numpy.sqrt(rng.uniform((smallest / 0.9) ** 2, 1))
        turn, place = rng.uniform(0, numpy.pi), rng.uniform(-1.2, 1.2, 2)
        u = (x - place[0]) * numpy.cos(turn) + (y - place[1]) * numpy.sin(turn)
        v = -(x - place[0]) * numpy.sin(turn) + (y - place[1]) * numpy.cos(turn)
        inside = {"disc": numpy.hypot(u, v) < radius,
                  "square": numpy.maximum(abs(u), abs(v)) < 0.9 * radius,
                  "rod": (abs(u) < 1.8 * radius) & (abs(v) < 0.45 * radius)}[kind]
        colour = rng.uniform(0, 1, 3)
        if stripes_on:
            wave = 0.7 + 0.3 * numpy.sin(numpy.pi * u / max(0.6 * radius, 0.08))
            colour = colour * wave[..., None]
        picture = numpy.where(inside[..., None], colour, picture)
    return picture


def seen(picture, rng):
    """The picture as a camera might take it: often without colours, a little out of focus, with
    more or less contrast and noise."""
    if rng.integers(2):
        picture = numpy.repeat((picture @ rng.dirichlet((1, 1, 1)))[..., None], 3, -1)
    if rng.integers(2):
        focus = rng.uniform(0, 1.2)
        kernel = numpy.exp(-0.5 * (numpy.arange(-3, 4) / max(focus, 0.1)) ** 2)
        kernel /= kernel.sum()
        for axis in (0, 1):
            picture = numpy.apply_along_axis(numpy.convolve, axis, numpy.pad(
                picture, [(3, 3) if a == axis else (0, 0) for a in range(3)], "edge"), kernel,
                "valid")
    contrast = rng.uniform(0.3, 1)
    picture = picture.mean() + contrast * (picture - picture.mean()) + rng.uniform(-0.15, 0.15)
    return numpy.clip(picture + rng.normal(0, 0.02, picture.shape), 0, 1)


def ground(size, rng):
    """A background that says nothing of the class: one colour, stripes or clouds."""
    kind = rng.integers(4)
    if kind == 0:
        return coloured(numpy.zeros((size, size)), rng)
    if kind == 1:
        return coloured(stripes(size, rng, rng.uniform(3, 8), rng.uniform(0, 3)), rng)
    return coloured(clouds(size, rng, rng.uniform(0.8, 1.8), kind == 3), rng)


def texture(pattern, *values):
    """Draws pictures that the pattern covers."""
    return lambda size, rng: coloured(pattern(size, rng, *values), rng)


def shape(outline, *values, inside=None):
    """Draws a shape before a background, in one colour or filled with a pattern and its values."""
    def draw(size, rng):
        mask = outline(size, rng, *values)[..., None]
        amount = (numpy.full((size, size), rng.uniform()) if inside is None
                  else inside[0](size, rng, *inside[1:]))
        return ground(size, rng) * (1 - mask) + coloured(amount, rng) * mask
    return draw


def basis():
    """Name and drawing function of each class to train a backbone on."""
    angles = [i * numpy.pi / 6 for i in range(6)]
    textures = [(stripes, waves, angle) for waves in (3, 5, 8) for angle in angles]
    textures += [(checks, waves, angle) for waves in (2, 4, 7) for angle in angles[:3]]
    textures += [(dots, waves, radius) for waves in (1.5, 2.5, 4) for radius in (0.15, 0.25, 0.4)]
    textures += [(rings, waves, arms) for waves in (2, 5, 9) for arms in (0, 1, 2, 3, 5)]
    textures += [(cells, count, border) for count in (6, 14, 30) for border in (0, 0.05, 0.15)]
    textures += [(clouds, exponent, ridges) for exponent in (0.7, 1.2, 1.7, 2.3)
                 for ridges in (False, True)]
    textures += [(julia, *c) for c in ((-0.8, 0.156), (0.285, 0.01), (-0.4, 0.6),
                                       (-0.70176, -0.3842), (-0.835, -0.2321), (-0.1, 0.651),
                                       (0.37, 0.1), (-1.25, 0), (-0.123, 0.745), (0.3, 0.5),
                                       (-0.75, 0.11), (-0.5, 0.55))]
    classes = [(kind[0].__name__, texture(*kind)) for kind in textures]
    classes += [("polygon", shape(polygon, corners, star)) for corners in (3, 4, 5, 6, 7, 8, 10)
                for star in (0, 0.35, 0.6)]
    classes += [("filled", shape(polygon, corners, 0, inside=inside)) for corners in (4, 30)
                for inside in ((stripes, 6, 0), (stripes, 6, 0.8), (checks, 5, 0), (dots, 3, 0.3),
                               (clouds, 1, False), (cells, 20, 0.1))]
    classes += [("scattered", shape(scattered, count, radius)) for count in (4, 10, 20, 35)
                for radius in (0.08, 0.16)]
    classes += [("leaves", lambda size, rng, kind=kind: leaves(size, rng, *kind))
                for kind in [(outline, smallest, stripes_on)
                             for outline in ("disc", "square", "rod")
                             for smallest in (0.06, 0.18) for stripes_on in (False, True)]]
    return [(f"{name}-{number:03}", draw) for number, (name, draw) in enumerate(classes)]


def three():
    """Name and drawing function of three classes that the backbone has not seen."""
    return [("crescent", shape(crescent)), ("cross", shape(cross)), ("flower", shape(flower))]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--set", choices=("basis", "three"), default="basis")
    parser.add_argument("--pictures", type=int, default=100)
    parser.add_argument("--size", type=int, default=48)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    classes = basis() if options.set == "basis" else three()
    for number, (name, draw) in enumerate(classes):
        folder = options.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        for i in range(options.pictures):
            rng = numpy.random.default_rng([options.seed, number, i])
            picture = seen(draw(options.size, rng), rng)
            Image.fromarray((255 * picture).astype(numpy.uint8)).save(folder / f"{i:04}.png")
    print(f"{len(classes)} classes of {options.pictures} pictures in {options.folder}")


if __name__ == "__main__":
    main()
