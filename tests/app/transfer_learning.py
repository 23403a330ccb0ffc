#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What transfer learning is worth, measured with gradwright-cli on generated pictures (see
resources/make/make_pictures.py): a network is trained on 120 classes; then three other classes are
learned from 40 pictures each, once with its layers frozen and once by the same network from scratch.
Prints accuracy on 300 other pictures and seconds of both.

Needs numpy and pillow; without them it says so and exits with 77.
Usage: transfer_learning.py CLI [--pictures N] [--epochs N] [--size PX] [--threads N]
    [--keep FOLDER]
"""

import argparse
import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

for package in ("numpy", "PIL"):
    if importlib.util.find_spec(package) is None:
        print(f"skipped: there is no {package}")
        sys.exit(77)

MAKE = pathlib.Path(__file__).resolve().parents[2] / "resources" / "make" / "make_pictures.py"
PICTURES_OF_A_CLASS = 40
TEST_PICTURES_OF_A_CLASS = 100


def make(folder, kinds, pictures, size, seed):
    subprocess.run([sys.executable, MAKE, folder, "--set", kinds, "--pictures", str(pictures),
                    "--size", str(size), "--seed", str(seed)], check=True,
                   stdout=subprocess.DEVNULL)


def run(cli, *arguments):
    result = subprocess.run([cli, *map(str, arguments)], capture_output=True, text=True)
    if result.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, arguments))}: {result.stderr.strip()}")
    return result.stdout


def latest_run(project):
    return max((project.with_suffix(".runs")).iterdir())


def trained(cli, project, threads):
    """Accuracy on the test pictures, and the seconds that the whole command took."""
    start = time.monotonic()
    run(cli, "train", project, "--threads", threads)
    seconds = time.monotonic() - start
    result = json.loads(run(cli, "evaluate", latest_run(project), "--json"))
    return result, seconds


def accuracy(result):
    """Wherever the document has it."""
    if isinstance(result, dict):
        for key, value in result.items():
            if key == "accuracy" and isinstance(value, (int, float)):
                return value
            found = accuracy(value)
            if found is not None:
                return found
    if isinstance(result, list):
        for value in result:
            found = accuracy(value)
            if found is not None:
                return found
    return None


def from_scratch(transfer, target):
    """The same network, data and settings, with all layers learning from their first values."""
    project = json.loads(transfer.read_text())
    project.pop("start_weights")
    for node in project["network"]["nodes"]:
        node.get("params", {}).pop("frozen", None)
        node.get("params", {}).pop("statistics", None)
    project["uuid"] = project["uuid"][::-1]
    target.write_text(json.dumps(project))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cli", type=os.path.abspath)
    parser.add_argument("--pictures", type=int, default=100)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for all files")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or pathlib.Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        os.environ.setdefault("XDG_DATA_HOME", str(folder / "home"))
        basis, backbone = folder / "basis", folder / "backbone.gradwright"
        if not backbone.exists():
            make(basis, "basis", options.pictures, options.size, 1)
            run(options.cli, "new", "--data", basis, "--set",
                f"data.size={options.size}x{options.size}", "-o", backbone)
        if not backbone.with_suffix(".runs").exists():
            start = time.monotonic()
            run(options.cli, "train", backbone, "--epochs", options.epochs, "--threads",
                options.threads)
            print(f"backbone: {options.epochs} epochs of 120 classes in "
                  f"{time.monotonic() - start:.0f} s", flush=True)
        make(folder / "train", "three", PICTURES_OF_A_CLASS, options.size, 2)
        make(folder / "test", "three", TEST_PICTURES_OF_A_CLASS, options.size, 3)
        transfer, scratch = folder / "transfer.gradwright", folder / "scratch.gradwright"
        run(options.cli, "new", "--from", latest_run(backbone), "--data", folder / "train", "--set",
            f"data.test_folder={folder / 'test'}", "--freeze", "all", "-o", transfer, "--force")
        from_scratch(transfer, scratch)
        for name, project in (("frozen backbone", transfer), ("from scratch", scratch)):
            result, seconds = trained(options.cli, project, options.threads)
            print(f"{name}: {100 * accuracy(result):.1f} % of {3 * TEST_PICTURES_OF_A_CLASS} other "
                  f"pictures after {seconds:.1f} s", flush=True)


if __name__ == "__main__":
    main()
