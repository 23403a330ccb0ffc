#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# QFile::moveToTrash() where no trash can be made: the folder is moved nonetheless, into "files" of
# the current folder, and the call returns true. Seen with Qt 6.4.2 (PyQt6 6.4.2 from PyPI) on
# Linux, with a file where the home trash would be; a program believes that the user can restore it.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check PyQt6==6.4.2 PyQt6-Qt6==6.4.2
mkdir -p home data work
touch data/Trash # no folder: the trash cannot be made
mkdir data/report
echo "one year of work" >data/report/text

cd work
HOME=$folder/home XDG_DATA_HOME=$folder/data ../venv/bin/python - "$folder" <<'PYTHON'
import sys
from pathlib import Path
from PyQt6.QtCore import QFile, qVersion

folder = Path(sys.argv[1])
result = QFile.moveToTrash(str(folder / "data/report"))
moved = result[0] if isinstance(result, tuple) else result
here = folder / "work/files/report/text"
print(f"Qt {qVersion()}: returned {result}; original there: {(folder / 'data/report').exists()}; "
      f"in the current folder: {here.exists()}")
seen = moved and here.exists() and not (folder / "data/report").exists()
sys.exit(0 if seen else 1)
PYTHON
