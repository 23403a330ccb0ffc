#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the models in keras/ anew, each with a batch and what Keras makes of it, in the order of axes
that Gradwright has. Needs keras 3, h5py, safetensors and torch (KERAS_BACKEND=torch); the files are
kept, so that no build does."""

import io
import os
import zipfile
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"

import h5py
import keras
import numpy as np
from keras import layers as L
from safetensors.numpy import save_file

FOLDER = Path(__file__).parent / "keras"
random = np.random.default_rng(7)


def channels_first(array):
    return np.ascontiguousarray(np.moveaxis(array, -1, 1) if array.ndim > 3 else array)


def spread(model):
    """Weights that differ from the initial ones everywhere, biases and statistics among them."""
    for variable in model.variables:
        if "seed" in variable.path or variable.dtype != "float32":
            continue
        values = random.normal(0, 0.4, variable.shape)
        if "variance" in variable.path:
            values = 0.5 + np.abs(values)
        variable.assign(values.astype(np.float32))


def write(name, model, inputs, deflated=True):
    spread(model)
    file = FOLDER / f"{name}.keras"
    model.save(file)
    members = {info.filename: zipfile.ZipFile(file).read(info) for info in zipfile.ZipFile(file).infolist()}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED) as archive:
        for member, contents in members.items():
            archive.writestr(zipfile.ZipInfo(member), contents,
                             zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED)
    outputs = model(inputs, training=False)
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    tensors = {f"input_{i}": channels_first(np.float32(x))
               for i, x in enumerate(inputs if isinstance(inputs, list) else [inputs])}
    tensors |= {f"output_{i}": channels_first(keras.ops.convert_to_numpy(y)) for i, y in enumerate(outputs)}
    save_file(tensors, FOLDER / f"{name}.safetensors")
    print(name, file.stat().st_size, len(model.layers), [tuple(t.shape) for t in tensors.values()])


def normal(*shape):
    return random.normal(0, 1, shape).astype(np.float32)


def dense():
    known = L.Normalization(name="known")
    known.adapt(normal(50, 6) * 3 + 1)
    model = keras.Sequential([
        known, L.Dense(7, activation="relu"), L.BatchNormalization(center=False, epsilon=2e-3),
        L.LeakyReLU(negative_slope=0.2), L.Dense(5, activation="gelu", use_bias=False), L.Dropout(0.3),
        L.PReLU(), L.Dense(6, activation="leaky_relu"), L.RMSNormalization(), L.ELU(alpha=0.7),
        L.Dense(5, activation="exponential", trainable=False), L.LayerNormalization(scale=False),
        L.ReLU(max_value=1.5), L.GroupNormalization(groups=5), L.Dense(4, activation="softmax")])
    x = normal(3, 6)
    model(x)
    write("dense", model, x, deflated=False)


def images():
    x = a = keras.Input((11, 9, 3), name="picture")
    x = L.Rescaling(1 / 127.5, offset=-1)(x)
    x = L.Conv2D(8, 3, strides=2, padding="same", activation="relu")(x)  # 6 × 5
    x = L.BatchNormalization()(x)
    y = L.DepthwiseConv2D(3, padding="same", depth_multiplier=2, activation="silu")(x)
    y = L.SeparableConv2D(8, (3, 2), padding="same", depth_multiplier=2)(y)
    x = L.Add()([x, y])
    x = L.PReLU(shared_axes=[1, 2])(x)
    gate = L.GlobalAveragePooling2D()(x)
    gate = L.Dense(8, activation="hard_sigmoid")(gate)
    x = L.Multiply()([x, gate])
    x = L.Conv2DTranspose(4, 3, strides=2, padding="same", activation="elu")(x)  # 12 × 10
    x = L.ZeroPadding2D(((1, 0), (2, 1)))(x)
    x = L.MaxPooling2D(2, padding="same")(x)
    x = L.Conv2D(6, 3, dilation_rate=2, padding="same", groups=2)(x)
    x = L.LayerNormalization()(x)
    y = L.Conv2DTranspose(3, 2, strides=3)(x)
    y = L.Cropping2D(((1, 2), (0, 3)))(y)
    y = L.MaxPooling2D(3)(y)
    y = L.UpSampling2D((1, 2), interpolation="bilinear")(y)
    y = L.GlobalMaxPooling2D(keepdims=True)(y)
    x = L.Concatenate()([x, L.UpSampling2D((7, 7))(y)])
    x = L.AveragePooling2D((2, 3))(x)
    x = L.SpatialDropout2D(0.2)(x)
    x = L.Dense(5, activation="tanh")(x)
    x = L.Flatten()(x)
    x = L.Dropout(0.1)(x)
    write("images", keras.Model(a, L.Dense(3, name="scores")(x)), normal(2, 11, 9, 3) * 60 + 100)


def reorders():
    a = keras.Input((4, 6, 3))
    x = L.Conv2D(4, 1)(a)
    flat = L.Flatten()(x)
    normed = L.BatchNormalization()(flat)
    steps = L.Reshape((-1, 8))(x)
    steps = L.Conv1D(5, 3, padding="causal", dilation_rate=2)(steps)
    steps = L.ZeroPadding1D((1, 2))(steps)
    steps = L.Cropping1D((2, 1))(steps)
    steps = L.UpSampling1D(2)(steps)
    steps = L.AveragePooling1D(2)(steps)
    steps = L.Permute((2, 1))(steps)
    back = L.Reshape((3, 5, 4))(steps)
    turned = L.Permute((3, 1, 2))(back)
    both = L.Concatenate(axis=1)([turned, L.Reshape((4, 3, 5))(steps)])
    write("reorders", keras.Model(a, [flat, normed, both]), normal(2, 4, 6, 3))


def sequences():
    numbers = keras.Input((7,), dtype="int32", name="numbers")
    x = L.Embedding(11, 6)(numbers)
    x = L.Conv1D(6, 3, padding="same", strides=1, activation="relu")(x)
    y = L.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True)
    x = L.LayerNormalization()(L.Add()([x, y]))
    x = L.Bidirectional(L.LSTM(4, return_sequences=True))(x)
    x = L.TimeDistributed(L.Dense(5, activation="softplus"))(x)
    x = L.MaxPooling1D(2, padding="same")(x)
    x = L.GRU(4, return_sequences=True)(x)
    mean = L.GlobalAveragePooling1D()(x)
    both = L.Bidirectional(L.GRU(3))(x)
    x = L.SimpleRNN(4, activation="relu", use_bias=False, return_sequences=True)(x)
    x = L.LSTM(5)(x)
    write("sequences", keras.Model(numbers, [L.Concatenate()([mean, both, x]), mean]),
          random.integers(0, 11, (3, 7)).astype(np.int32))


def nested():
    a = keras.Input((8, 8, 2))
    x = L.Conv2D(4, 3, activation="relu")(a)
    x = L.Conv2D(4, 3, activation="relu")(x)
    base = keras.Model(a, x, name="backbone")
    base.trainable = False
    head = keras.Sequential([L.Flatten(), L.Dense(5, activation="relu"), L.Dense(5)], name="head")
    picture = keras.Input((8, 8, 2), name="picture")
    row = keras.Input((3,), name="row")
    x = head(base(picture) * 0.5 - 0.1)
    y = L.Dense(5)(row)
    x = 1 - x / (keras.ops.relu(y) + 1.5)
    z = L.Subtract()([L.Maximum()([x, y]), L.Average()([x, y])])
    write("nested", keras.Model([picture, row], [L.Softmax()(z), y]), [normal(2, 8, 8, 2), normal(2, 3)])


def volumes():
    model = keras.Sequential([
        keras.Input((5, 6, 7, 2)), L.Conv3D(3, (2, 3, 3), strides=(1, 2, 2), padding="same"),
        L.MaxPooling3D(2), L.AveragePooling3D((1, 1, 2)), L.Dense(4), L.GlobalAveragePooling3D()])
    write("volumes", model, normal(2, 5, 6, 7, 2))


def refused():
    """Layers that none of Gradwright's computes, for each reason."""
    a = keras.Input((8, 4))
    shared = L.Dense(4, name="shared")
    outputs = [L.ReLU(name="behind")(shared(shared(a))), L.UnitNormalization(name="unit")(a),
               L.GRU(4, reset_after=False, name="early")(a), L.MultiHeadAttention(2, 8, name="wide")(a, a),
               L.Dense(4, activation="sparsemax", name="sparse")(a)]
    write("refused", keras.Model(a, outputs), normal(1, 8, 4))
    numbers = keras.Input((5,), name="numbers")
    write("masked", keras.Model(numbers, L.LSTM(3)(L.Embedding(9, 4, mask_zero=True, name="words")(numbers))),
          np.ones((1, 5), np.float32))


def lengths():
    a = keras.Input((None, 3), name="steps")
    write("lengths", keras.Model(a, L.GlobalAveragePooling1D()(L.Conv1D(2, 3)(a))), normal(2, 6, 3))


def arrays():
    """HDF5 in the forms that are read, for tst_hdf5."""
    folder = Path(__file__).parent.parent / "io" / "hdf5"
    folder.mkdir(exist_ok=True)
    numbers = np.arange(7 * 5, dtype=np.float32).reshape(7, 5) / 4
    for name, options in (("plain", {}), ("latest", {"libver": "latest"})):
        with h5py.File(folder / f"{name}.h5", "w", **options) as file:
            file["a/b/f32"] = numbers
            file["a/f64"] = np.float64(numbers)
            file["a/f16"] = np.float16(numbers)
            file["a/i64"] = np.int64(numbers * 4)
            file["a/big"] = numbers.astype(">f4")
            file["scalar"] = np.float32(2.5)
            for i in range(4 if name == "latest" else 40):
                file[f"many/{i}"] = np.float32([i])
            if name == "plain":
                file.create_dataset("packed", data=numbers, chunks=(3, 2), compression="gzip", shuffle=True)
                file.create_dataset("summed", data=numbers, chunks=(2, 5), fletcher32=True)
                file.create_dataset("chunked", data=numbers, chunks=(4, 4))


FOLDER.mkdir(exist_ok=True)
for each in (dense, images, reorders, sequences, nested, volumes, refused, lengths, arrays):
    each()
