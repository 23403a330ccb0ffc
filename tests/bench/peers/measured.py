# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a command and writes the most memory that it held, in bytes, to a file.

    python measured.py FILE COMMAND...

A process counts what its parent held when it was forked, so the parent has to be a small one."""

import resource
import subprocess
import sys
from pathlib import Path

code = subprocess.run(sys.argv[2:], check=False).returncode
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
Path(sys.argv[1]).write_text(str(peak))
sys.exit(code if code >= 0 else 128 - code)
