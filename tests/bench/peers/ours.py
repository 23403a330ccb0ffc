# SPDX-License-Identifier: GPL-3.0-or-later
"""Our side: the terminal program, and bench_works for what that has no command for."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path


def fail(message):
    sys.exit(f"bench: {message}")


def run(command):
    """Standard output and the most memory that the process held, in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        peak = Path(folder) / "peak"
        measured = [sys.executable, "-S", Path(__file__).with_name("measured.py"), peak]
        result = subprocess.run([str(part) for part in [*measured, *command]], check=False,
                                stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if result.returncode != 0:
            fail(f"{' '.join(map(str, command))} failed: {result.stderr.strip()[-2000:]}")
        return result.stdout, int(peak.read_text())


class Ours:
    def __init__(self, cli, works, threads):
        self.cli, self.works, self.threads = cli, works, threads
        self.folder = tempfile.TemporaryDirectory(prefix="gradwright-peers-")

    def json(self, *arguments):
        return json.loads(run([self.cli, *arguments, "--json"])[0])

    def work(self, *arguments):
        return json.loads(run([self.works, *arguments, "--threads", self.threads])[0])

    def template(self, key):
        file = self.path(f"{key}-template.gradwright")
        self.json("new", key, "-o", file, "--force")
        return json.loads(file.read_text())

    def path(self, name):
        return Path(self.folder.name) / name

    def save(self, project, name):
        file = self.path(f"{name}.gradwright")
        file.write_text(json.dumps(project))
        return file

    def export(self, file):
        """The network as a PyTorch module."""
        target = file.with_suffix(".py")
        self.json("export", file, "--format", "pytorch", "-o", target, "--force")
        return target

    def train(self, work, file, seconds):
        """Samples a second and peak memory: as `train` reports them on MNIST, of bench_works with
        the same loop on noise."""
        if work.samples:
            output, _ = run([self.works, "train", file, "--batch", work.batch, "--threads",
                             self.threads, "--random", work.samples, "--seconds", seconds,
                             "--precision", work.precision])
            result = json.loads(output)
            return result["samples_per_second"], result["peak_memory"]
        with tempfile.TemporaryDirectory() as folder:
            output, memory = run([self.cli, "train", file, "--epochs", 1, "--batch", work.batch,
                                  "--threads", self.threads, "--precision", work.precision,
                                  "--run-dir", folder, "--json"])
        return json.loads(output)["samples_per_second"], memory

    def losses(self, work, file, given):
        # `--random` says only which shape and classes the network is for.
        return self.work("losses", file, "--given", given, "--random", 10, "--precision",
                         work.precision)["losses"]

    def predict(self, work, file, seconds):
        return self.work("predict", file, "--batch", work.batch, "--seconds", seconds,
                         "--precision", work.precision)["seconds"]
