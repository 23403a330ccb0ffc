# SPDX-License-Identifier: GPL-3.0-or-later
"""What both comparisons need to know of the machine and to say."""

import platform
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def note(text):
    print(text, file=sys.stderr, flush=True)


def processor():
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
