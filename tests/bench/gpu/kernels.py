#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernels take of a GPU, as ptxas reports it: registers of a thread, shared memory of a
block, and how much of a multiprocessor's threads can be resident with blocks of 256.

    tests/bench/gpu/kernels.py [--nvcc FILE] [--markdown]

Fails when a kernel spills registers. Needs nvcc and no GPU."""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
KERNELS = ROOT / "engine/backend/cuda/kernels"
THREADS = 256

# Of a multiprocessor: threads, registers, bytes of shared memory, blocks (CUDA C++ Programming
# Guide, table "Technical Specifications per Compute Capability").
LIMITS = {"80": (2048, 65536, 164 << 10, 32), "90": (2048, 65536, 228 << 10, 32),
          "120": (1536, 65536, 100 << 10, 24)}


def families():
    text = (ROOT / "engine/backend/cuda/families.cmake").read_text()
    return re.search(r"set\(gradwright_cuda_families([^)]*)\)", text)[1].split()


def occupancy(architecture, registers, shared):
    threads, all_registers, all_shared, blocks = LIMITS[architecture]
    per_warp = -(-registers * 32 // 256) * 256  # registers are handed out by 256
    warps = THREADS // 32
    fits = [threads // THREADS, blocks, all_registers // (per_warp * warps)]
    if shared:
        fits.append(all_shared // (shared + 1024))  # 1 KiB of each block is the system's
    return min(fits) * THREADS / threads


def report(nvcc, family, architecture):
    """By kernel: registers, bytes of shared memory, bytes spilled."""
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run(
            [nvcc, "-std=c++20", "-O3", "-I", ROOT, "-cubin", "-Xptxas", "-v",
             "-gencode", f"arch=compute_{architecture},code=sm_{architecture}",
             "-o", Path(folder) / "x.cubin", KERNELS / f"{family}.cu"],
            check=False, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(result.stderr)
    kernels, name, spilled = {}, None, 0
    for line in result.stderr.splitlines():
        if found := re.search(r"Compiling entry function 'gw_(\w+)'", line):
            name, spilled = found[1], 0
        elif found := re.search(r"(\d+) bytes spill stores, (\d+) bytes spill loads", line):
            spilled = int(found[1]) + int(found[2])
        elif found := re.search(r"Used (\d+) registers(.*)", line):
            shared = re.search(r"(\d+) bytes smem", found[2])
            kernels[name] = (int(found[1]), int(shared[1]) if shared else 0, spilled)
    return kernels


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--nvcc", default=shutil.which("nvcc"), help="the compiler")
    parser.add_argument("--markdown", action="store_true", help="a table for docs/gpu.md")
    options = parser.parse_args()
    if not options.nvcc:
        sys.exit("kernels: there is no nvcc; name one by --nvcc")
    spills = 0
    if options.markdown:
        print("| family | kernel | registers (80 / 90 / 120) | shared, bytes | resident threads |")
        print("|---|---|---|---|---|")
    for family in families():
        reports = {a: report(options.nvcc, family, a) for a in LIMITS}
        for name in sorted(reports["80"]):
            rows = [reports[a][name] for a in LIMITS]
            spills += sum(row[2] for row in rows)
            shares = " / ".join(f"{occupancy(a, *reports[a][name][:2]):.0%}" for a in LIMITS)
            registers = " / ".join(str(row[0]) for row in rows)
            cells = [family, name, registers, str(rows[0][1]), shares]
            print("| " + " | ".join(cells) + " |" if options.markdown else "  ".join(cells))
    if spills:
        sys.exit(f"kernels: {spills} bytes of registers are spilled")


if __name__ == "__main__":
    main()
