#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the files in seeds/ and in ../engine/data/pictures anew. Needs Pillow; the files are kept, so that no build does."""

import gzip
import struct
from pathlib import Path

from PIL import Image

SEEDS = Path(__file__).parent / "seeds"
PICTURES = Path(__file__).parent.parent / "engine" / "data" / "pictures"


def put(reader, name, contents):
    folder = SEEDS / reader
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(contents.encode() if isinstance(contents, str) else contents)


def picture(mode, width=9, height=7):
    """A gradient with a diagonal, so that no two rows are alike."""
    image = Image.new("RGB", (width, height))
    image.putdata([(28 * x, 36 * y, 255 if x == y else 9 * (x + y))
                   for y in range(height) for x in range(width)])
    if mode == "RGBA":
        image.putalpha(Image.linear_gradient("L").resize((width, height)))
        return image
    return image.quantize(7) if mode == "P" else image.convert(mode)


def save(reader, name, mode, **options):
    folder = SEEDS / reader
    folder.mkdir(parents=True, exist_ok=True)
    picture(mode).save(folder / name, **options)


def images():
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
        image = picture("RGBA").convert("LA") if mode == "LA" else picture(mode)
        (SEEDS / "png").mkdir(parents=True, exist_ok=True)
        image.save(SEEDS / "png" / f"{mode}.png")
    for name, mode, options in (("gray", "L", {}), ("colour", "RGB", {}), ("cmyk", "CMYK", {}),
                                ("progressive", "RGB", {"progressive": True}),
                                ("full", "RGB", {"subsampling": 0, "quality": 95})):
        save("jpeg", f"{name}.jpg", mode, format="JPEG", **options)
    for mode in ("1", "L", "P", "RGB", "RGBA"):
        save("bmp", f"{mode}.bmp", mode)
    for name, options in (("plain", {"interlace": 0}), ("interlaced", {"interlace": 1}),
                          ("transparent", {"transparency": 2})):
        save("gif", f"{name}.gif", "P", **options)
    for name, mode in (("P4.pbm", "1"), ("P5.pgm", "L"), ("P6.ppm", "RGB")):
        save("pnm", name, mode)
    put("pnm", "P1.pbm", "P1\n# a comment\n3 2\n1 0 1\n0 1 0\n")
    put("pnm", "P2.pgm", "P2 3 2 9\n0 1 2\n7 8 9\n")
    put("pnm", "P3.ppm", "P3\n2 1 255\n255 0 9  0 128 255\n")


def exact(mode):
    """(28 x, 36 y, 9 (x + y)); the left three columns are opaque, the next half, others not."""
    image = Image.new("RGBA", (9, 7))
    image.putdata([(28 * x, 36 * y, 9 * (x + y), 255 if x < 3 else 128 if x < 6 else 0)
                   for y in range(7) for x in range(9)])
    return image if mode == "RGBA" else Image.merge("RGB", image.split()[:3])


def other_images():
    """Read by libraries that may not be there, and not fuzzed: for tst_image_kinds."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    exact("RGB").save(PICTURES / "colour.webp", lossless=True)
    exact("RGBA").save(PICTURES / "transparent.webp", lossless=True, exact=True)
    exact("RGB").save(PICTURES / "colour.tif")
    exact("RGB").save(PICTURES / "packed.tif", compression="tiff_lzw")
    exact("RGBA").save(PICTURES / "transparent.tif")


def tables():
    words = ("red", "green", "blue")
    rows = [(i + 1, round(1.5 * i - 3, 2), words[i % 3], i % 2) for i in range(24)]
    put("table", "commas.csv", "id,width,colour,class\n" +
        "".join(f"{a},{b},{c},{d}\n" for a, b, c, d in rows))
    put("table", "europe.csv", "breite;preis;datum;art\r\n" + "".join(
        f"{str(b).replace('.', ',')};1.{100 + a},50 €;{1 + a % 28}.03.2021;{c}\r\n"
        for a, b, c, d in rows))
    put("table", "quoted.csv", '"a","b ""c""","d"\n' + "".join(
        f'"{b}","{c}, {a}","{d}"\n' for a, b, c, d in rows))
    put("table", "r.csv", "mpg cyl am\n" + "".join(f'"car {a}" {b} {a % 4} {d}\n'
                                                   for a, b, c, d in rows))
    put("table", "sklearn.csv", "24,2,setosa,virginica\n" + "".join(
        f"{b},{a * 0.25},{d}\n" for a, b, c, d in rows))
    put("table", "pixels.csv", "pixels,label\n" + "".join(
        f"{a} {2 * a} {3 * a} 255,{d}\n" for a, b, c, d in rows))
    put("table", "missing.tsv", "x\ty\tz\n" + "".join(
        f"{b if a % 5 else 'NA'}\t{c if a % 7 else ''}\t{d}\n" for a, b, c, d in rows))
    put("table-before", "commas.csv", "id,width,colour,class\n" +
        "".join(f"{a},{b},{c},{d}\n" for a, b, c, d in rows))
    put("table-before", "semicolons.csv", "".join(
        f"{str(b).replace('.', ',')};{c};{d}\n" for a, b, c, d in rows))


def texts():
    put("text", "plain.txt", "the quick brown fox jumps over the lazy dog, twice a day. " * 3)
    put("text", "letters.txt", "\ufeffÄpfel, 中文, naïve: ☃ \r\nand so on, again and again\r" * 3)
    put("class-names", "lines.txt", "cat\ndog\nowl\n")
    put("class-names", "mapping.txt", "".join(f"{i} {48 + i} {65 + i}\n" for i in range(6)))


def idx(kind, dims, values):
    return struct.pack(">HBB", 0, kind, len(dims)) + b"".join(
        struct.pack(">I", dim) for dim in dims) + values


def arrays():
    values = bytes(7 * i % 256 for i in range(48))
    put("idx", "bytes", idx(8, (3, 4, 4), values))
    put("idx", "packed.gz", gzip.compress(idx(8, (3, 4, 4), values), mtime=0))
    put("idx", "colour", idx(8, (1, 3, 4, 4), values))
    put("idx", "floats", idx(13, (2, 2, 3), struct.pack(">12f", *(i / 11 for i in range(12)))))
    put("idx", "shorts", idx(11, (2, 2, 3), struct.pack(">12h", *range(12))))
    put("idx-labels", "bytes", idx(8, (9,), bytes(range(9))))
    put("idx-labels", "columns", idx(12, (3, 2), struct.pack(">6i", 0, 5, 1, 6, 2, 7)))
    rows = b"".join(bytes([label]) + bytes((label * 31 + i) % 256 for i in range(3072))
                    for label in range(2))
    put("cifar", "two.bin", rows)
    put("cifar", "packed.bin.gz", gzip.compress(rows, mtime=0))


if __name__ == "__main__":
    images()
    other_images()
    tables()
    texts()
    arrays()
