#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cuts patches out of photographs, one folder per photograph. Photographs are divided into tiles:
a third of them give patches to train on, the others those to test with, so that no pixel is in
both. Colours are left out: a class is told by its pattern. Everything follows from the seed.

Needs numpy and pillow. Usage:
    make_patches.py FOLDER PHOTOGRAPH... [--train N] [--test N] [--size PX] [--seed N]

resources/datasets/surfaces was made with the photographs brick.png, grass.png and gravel.png of
scikit-image 0.19.3, all three under CC0:
    make_patches.py resources/datasets/surfaces brick.png grass.png gravel.png --test 20 --size 64
"""

import argparse
import pathlib

import numpy
from PIL import Image

LONGEST = 1024  # pixels; larger photographs are reduced to it
TILE, SMALLEST = 128, 64  # the sides of a tile and of the least patch, in pixels of the photograph


def gray(file):
    photograph = Image.open(file).convert("L")
    scale = LONGEST / max(photograph.size)
    if scale < 1:
        size = [round(scale * side) for side in photograph.size]
        photograph = photograph.resize(size, Image.LANCZOS)
    return photograph


def tiles(photograph):
    """Left upper corners: of the tiles to train on and of those to test with."""
    corners = [(row, column) for row in range(photograph.height // TILE)
               for column in range(photograph.width // TILE)]
    return ([c for c in corners if sum(c) % 3 == 0], [c for c in corners if sum(c) % 3 != 0])


def cut(photograph, corners, size, rng):
    """A square patch of any size within one of the tiles."""
    row, column = corners[rng.integers(len(corners))]
    side = rng.integers(SMALLEST, TILE + 1)
    x = column * TILE + rng.integers(0, TILE - side + 1)
    y = row * TILE + rng.integers(0, TILE - side + 1)
    return photograph.crop((x, y, x + side, y + side)).resize((size, size), Image.LANCZOS)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("photographs", type=pathlib.Path, nargs="+")
    parser.add_argument("--train", type=int, default=40)
    parser.add_argument("--test", type=int, default=100)
    parser.add_argument("--size", type=int, default=48)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    for number, file in enumerate(options.photographs):
        photograph = gray(file)
        seen, unseen = tiles(photograph)
        rng = numpy.random.default_rng([options.seed, number])
        for part, corners, count in (("train", seen, options.train), ("test", unseen, options.test)):
            folder = options.folder / part / file.stem
            folder.mkdir(parents=True, exist_ok=True)
            for i in range(count):
                patch = cut(photograph, corners, options.size, rng)
                patch.save(folder / f"{i:03}.jpg", quality=85)
    print(f"{len(options.photographs)} classes in {options.folder}")


if __name__ == "__main__":
    main()
