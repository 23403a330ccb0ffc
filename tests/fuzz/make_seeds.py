#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the files in seeds/ and in ../engine/data/pictures anew. Needs Pillow, onnx, h5py and safetensors;
the files are kept, so that no build does. Those of project, checkpoint, model and data-info were
written by gradwright-cli (new, train, optimize; "data" of run.json) and stay as they are."""

import gzip
import io
import json
import struct
import tarfile
import zipfile
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
    """Read by libraries that may not be there; for tst_image_kinds, too."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    exact("RGB").save(PICTURES / "colour.webp", lossless=True)
    exact("RGBA").save(PICTURES / "transparent.webp", lossless=True, exact=True)
    exact("RGB").save(PICTURES / "colour.tif")
    exact("RGB").save(PICTURES / "packed.tif", compression="tiff_lzw")
    exact("RGBA").save(PICTURES / "transparent.tif")
    for file in sorted(PICTURES.iterdir()):
        put({".webp": "webp", ".tif": "tiff"}[file.suffix], file.name, file.read_bytes())


def archives():
    members = {"folder/one.txt": b"the first file, the first file, the first file\n",
               "two.txt": bytes(range(256))}
    for name, method in (("stored", zipfile.ZIP_STORED), ("packed", zipfile.ZIP_DEFLATED)):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", method) as archive:
            for member, contents in members.items():
                archive.writestr(zipfile.ZipInfo(member), contents, method)
        put("archive", f"{name}.zip", packed.getvalue())
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for member, contents in members.items():
            entry = tarfile.TarInfo(member)
            entry.size = len(contents)
            archive.addfile(entry, io.BytesIO(contents))
    put("archive", "plain.tar", packed.getvalue())
    put("archive", "packed.tar.gz", gzip.compress(packed.getvalue(), mtime=0))


def tensors():
    import numpy
    from safetensors.numpy import save

    random = numpy.random.default_rng(1)
    put("safetensors", "types.safetensors", save(
        {"a": random.normal(size=(3, 2)).astype("float32"), "b": numpy.arange(4),
         "c": numpy.zeros(2, "int8"), "d": numpy.full((), 1.5, "float16")}, {"note": "seed"}))
    put("safetensors", "empty.safetensors", save({"w": numpy.zeros((0, 3))}))


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
    put("text", "western.txt", ("Äpfel für süße Straßen, “naïve” – 5 €. " * 3).encode("cp1252"))
    put("text", "wide.txt", ("Äpfel, 中文, \U0001F600 and so on\r\n" * 3).encode("utf-16"))
    put("table", "western.csv", "Größe;Art\n1,5;weiß\n2,5;grün\n3,5;weiß\n".encode("cp1252"))
    put("table", "wide.csv", "Größe;Art\n1,5;weiß\n2,5;grün\n3,5;weiß\n".encode("utf-16"))
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


def models():
    """Small ONNX models of every kind that the importer has a path for. Needs onnx."""
    import numpy
    from onnx import TensorProto, helper, numpy_helper

    random = numpy.random.default_rng(1)
    real, whole, truth = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL

    def value(name, shape, kind=real):
        return helper.make_tensor_value_info(name, kind, shape)

    def tensor(name, *shape):
        return numpy_helper.from_array(random.standard_normal(shape).astype("float32"), name)

    def numbers(name, values, kind="int64"):
        return numpy_helper.from_array(numpy.array(values, kind), name)

    def model(name, nodes, inputs, outputs, constants=(), opset=17, functions=(), **more):
        graph = helper.make_graph(nodes, name, inputs, outputs, list(constants))
        imports = [helper.make_opsetid("", opset)]
        if functions:
            imports.append(helper.make_opsetid("local", 1))
        made = helper.make_model(graph, opset_imports=imports, functions=list(functions), **more)
        made.ir_version = 8
        put("onnx", f"{name}.onnx", made.SerializeToString())
        if name in ("convolution", "branches", "shapes", "function"):
            put("onnx-edit", f"{name}.onnx", made.SerializeToString())

    def node(op, inputs, outputs, **attributes):
        return helper.make_node(op, inputs, outputs, name=outputs[0] + "/" + op, **attributes)

    x4, y = value("x", ["batch", 2, 6, 6]), value("y", None)
    model("convolution", [node("Conv", ["x", "w", "b"], ["c"], pads=[1, 1, 1, 1]),
                          node("Relu", ["c"], ["r"]),
                          node("MaxPool", ["r"], ["y"], kernel_shape=[2, 2], strides=[2, 2])],
          [x4], [y], [tensor("w", 3, 2, 3, 3), tensor("b", 3)])
    model("transposed", [node("ConvTranspose", ["x", "w"], ["y"], strides=[2, 2])],
          [x4], [y], [tensor("w", 2, 3, 2, 2)])
    model("dense", [node("Gemm", ["x", "w", "b"], ["g"], transB=1),
                    node("Softmax", ["g"], ["y"], axis=1)],
          [value("x", ["N", 4])], [y], [tensor("w", 3, 4), tensor("b", 3)])
    model("shapes", [node("Shape", ["x"], ["s"]), node("Gather", ["s", "zero"], ["n"]),
                     node("Unsqueeze", ["n", "axis"], ["u"]),
                     node("Concat", ["u", "rest"], ["t"], axis=0),
                     node("Reshape", ["x", "t"], ["y"])],
          [x4], [y], [numbers("zero", 0), numbers("axis", [0]), numbers("rest", [-1])])
    model("slices", [node("Slice", ["x", "a", "b", "c"], ["s"]),
                     node("Pad", ["s", "p"], ["q"], mode="reflect"),
                     node("Transpose", ["q"], ["y"], perm=[0, 2, 3, 1])],
          [x4], [y], [numbers("a", [1]), numbers("b", [5]), numbers("c", [2]),
                      numbers("p", [0, 0, 1, 1, 0, 0, 1, 1])])
    model("normalization", [node("BatchNormalization", ["x", "s", "b", "m", "v"], ["n"]),
                            node("InstanceNormalization", ["n", "s", "b"], ["i"]),
                            node("LRN", ["i"], ["y"], size=3)],
          [x4], [y], [tensor("s", 2), tensor("b", 2), tensor("m", 2),
                      numbers("v", [1, 2], "float32")])
    model("resize", [node("Resize", ["x", "", "scales"], ["y"], mode="cubic")],
          [x4], [y], [numbers("scales", [1, 1, 2, 1.5], "float32")])
    sequence = value("x", [5, 1, 3])
    model("lstm", [node("LSTM", ["x", "w", "r", "b", "", "h", "c"], ["o", "hn", "y"],
                        hidden_size=2)],
          [sequence, value("h", [1, 1, 2]), value("c", [1, 1, 2])], [y],
          [tensor("w", 1, 8, 3), tensor("r", 1, 8, 2), tensor("b", 1, 16)])
    model("gru", [node("GRU", ["x", "w", "r"], ["o", "y"], hidden_size=2,
                       direction="bidirectional")],
          [sequence], [y], [tensor("w", 2, 6, 3), tensor("r", 2, 6, 2)])
    model("embedding", [node("Gather", ["table", "x"], ["y"])],
          [value("x", ["N", 4], whole)], [y], [tensor("table", 9, 3)])
    model("attention", [node("MatMul", ["x", "q"], ["a"]), node("MatMul", ["x", "k"], ["b"]),
                        node("Transpose", ["b"], ["t"], perm=[0, 2, 1]),
                        node("MatMul", ["a", "t"], ["s"]), node("Softmax", ["s"], ["p"]),
                        node("MatMul", ["p", "x"], ["y"])],
          [value("x", ["N", 3, 4])], [y], [tensor("q", 4, 4), tensor("k", 4, 4)])
    model("quantized", [node("QuantizeLinear", ["x", "s", "z"], ["q"]),
                        node("QLinearConv", ["q", "s", "z", "w", "s", "wz", "s", "z"], ["o"]),
                        node("DequantizeLinear", ["o", "s", "z"], ["y"])],
          [x4], [y], [numbers("s", 0.1, "float32"), numbers("z", 7, "uint8"),
                      numbers("w", random.integers(-9, 9, (2, 2, 3, 3)), "int8"),
                      numbers("wz", 0, "int8")])
    model("dynamic", [node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
                      node("MatMulInteger", ["q", "w", "z"], ["i"]),
                      node("Cast", ["i"], ["y"], to=real)],
          [value("x", [2, 4])], [y], [numbers("w", random.integers(-9, 9, (4, 3)), "int8")])
    branch = {name: helper.make_graph([node(op, ["x"], [f"{name}_y"])], name, [],
                                      [value(f"{name}_y", None)])
              for name, op in (("then", "Relu"), ("else", "Neg"))}
    model("branches", [node("If", ["c"], ["y"], then_branch=branch["then"],
                            else_branch=branch["else"])],
          [value("x", [2, 3]), value("c", [], truth)], [y])
    body = helper.make_graph([node("Add", ["v", "x"], ["w"]), node("Identity", ["go"], ["on"])],
                             "body", [value("i", [], whole), value("go", [], truth),
                                      value("v", [2, 3])],
                             [value("on", [], truth), value("w", [2, 3])])
    model("loop", [node("Loop", ["trips", "", "x"], ["y"], body=body)],
          [value("x", [2, 3])], [y], [numbers("trips", 3)])
    body = helper.make_graph([node("Add", ["v", "e"], ["w"]), node("Identity", ["w"], ["o"])],
                             "body", [value("v", [3]), value("e", [3])],
                             [value("w", [3]), value("o", [3])])
    model("scan", [node("Scan", ["zero", "x"], ["last", "y"], body=body, num_scan_inputs=1)],
          [value("x", [2, 3])], [y], [numbers("zero", [0, 0, 0], "float32")])
    function = helper.make_function("local", "Scaled", ["a"], ["b"],
                                    [helper.make_node("Constant", [], ["two"], value_float=2.0),
                                     helper.make_node("Mul", ["a", "two"], ["b"])],
                                    [helper.make_opsetid("", 17)])
    model("function", [helper.make_node("Scaled", ["x"], ["y"], domain="local")],
          [value("x", ["N", 3])], [y], functions=[function])
    model("indices", [node("TopK", ["x", "k"], ["v", "i"]), node("OneHot", ["i", "d", "o"], ["h"]),
                      node("ReduceSum", ["h", "axes"], ["y"], keepdims=0)],
          [value("x", ["N", 5])], [y], [numbers("k", [2]), numbers("d", 5),
                                        numbers("o", [0, 1], "float32"), numbers("axes", [1])])
    model("einsum", [node("Einsum", ["x", "w"], ["e"], equation="bij,jk->bik"),
                     node("Clip", ["e", "low"], ["c"]), node("Where", ["m", "c", "low"], ["y"])],
          [value("x", ["N", 2, 3])], [y], [tensor("w", 3, 2), numbers("low", 0, "float32"),
                                           numbers("m", [[True], [False]], "bool")])
    model("old", [node("Pad", ["x"], ["p"], pads=[0, 0, 1, 1, 0, 0, 1, 1]),
                  node("Slice", ["p"], ["s"], axes=[2], starts=[1], ends=[4]),
                  node("Unsqueeze", ["s"], ["y"], axes=[1])],
          [x4], [y], opset=9)


def hdf5(**options):
    import h5py
    import numpy as np

    file = io.BytesIO()
    with h5py.File(file, "w", **options) as arrays:
        arrays["layers/dense/vars/0"] = np.float32([[1, 2, 3], [4, 5, 6]])
        arrays["layers/dense/vars/1"] = np.float32([1, 2, 3])
        arrays["scalar"] = np.float64(2)
        if not options:
            arrays.create_dataset("packed", data=np.arange(12, dtype=np.int32).reshape(4, 3), chunks=(2, 2),
                                  compression="gzip", shuffle=True)
    return file.getvalue()


def keras_models():
    """A model as Keras 3 saves it, stored and packed, and arrays in HDF5."""
    put("hdf5", "plain.h5", hdf5())
    put("hdf5", "latest.h5", hdf5(libver="latest"))

    def layer(kind, before, **config):
        name = kind.lower()
        tensor = {"class_name": "__keras_tensor__", "config": {"shape": [None, 2], "dtype": "float32",
                                                               "keras_history": [before, 0, 0]}}
        return {"module": "keras.layers", "class_name": kind, "config": {"name": name, **config}, "name": name,
                "inbound_nodes": [{"args": [tensor], "kwargs": {}}] if before else []}

    layers = [layer("InputLayer", "", batch_shape=[None, 2]), layer("Dropout", "inputlayer", rate=0.5),
              layer("Dense", "dropout", units=3, activation="relu", use_bias=True),
              layer("Softmax", "dense", axis=-1)]
    config = {"module": "keras.src.models.functional", "class_name": "Functional",
              "config": {"name": "small", "layers": layers, "input_layers": [["inputlayer", 0, 0]],
                         "output_layers": [["softmax", 0, 0]]}}
    simple = {"class_name": "Sequential",
              "config": {"name": "small", "layers": [{"class_name": "Dense", "config": layers[2]["config"]}],
                         "build_input_shape": [None, 2]}}
    for name, model, method in (("stored", config, zipfile.ZIP_STORED), ("packed", config, zipfile.ZIP_DEFLATED),
                                ("sequential", simple, zipfile.ZIP_STORED)):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", method) as archive:
            for member, contents in (("metadata.json", '{"keras_version": "3.15.1"}'),
                                     ("config.json", json.dumps(model)), ("model.weights.h5", hdf5())):
                archive.writestr(zipfile.ZipInfo(member), contents, method)
        put("keras", f"{name}.keras", file.getvalue())


def exported_programs():
    """A program that PyTorch exported, and the least of one."""
    put("exported", "exported.pt2", (SEEDS.parent.parent / "engine/exchange/data/exported.pt2").read_bytes())
    meta = {"dtype": 7, "sizes": [{"as_int": 2}, {"as_int": 3}], "strides": [{"as_int": 1}, {"as_int": 2}],
            "storage_offset": {"as_int": 1}, "layout": 7}
    weight = {"path_name": "weight_0", "use_pickle": False, "tensor_meta": meta}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for member, contents in (("a/data/weights/model_weights_config.json", json.dumps({"config": {"w": weight}})),
                                 ("a/data/weights/weight_0", bytes(range(28))), ("a/byteorder", "little")):
            archive.writestr(zipfile.ZipInfo(member), contents)
    put("exported", "least.pt2", file.getvalue())


if __name__ == "__main__":
    exported_programs()
    keras_models()
    models()
    images()
    other_images()
    archives()
    tensors()
    tables()
    texts()
    arrays()
