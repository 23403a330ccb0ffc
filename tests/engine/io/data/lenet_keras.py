# Written by Gradwright. Needs the packages keras (3 or later, on any
# backend) and safetensors. Images are rows × columns × channels here.
import sys

import keras
import numpy
from keras import layers
from safetensors.numpy import load_file

# Where the file of weights has those of each layer, in Keras's order.
WEIGHTS = {
    "conv1": ["conv1/weight", "conv1/bias"],
    "conv2": ["conv2/weight", "conv2/bias"],
    "dense1": ["dense1/weight", "dense1/bias"],
    "dense2": ["dense2/weight", "dense2/bias"],
    "dense3": ["dense3/weight", "dense3/bias"],
}


def build_model():
    """image 1×28×28 → digit 10, 61,706 parameters."""
    image = keras.Input(shape=(28, 28, 1), name="image")
    conv1 = layers.Conv2D(6, 5, padding="same", activation="relu", name="conv1")(image)
    pool1 = layers.MaxPooling2D(2, name="pool1")(conv1)
    conv2 = layers.Conv2D(16, 5, activation="relu", name="conv2")(pool1)
    pool2 = layers.MaxPooling2D(2, name="pool2")(conv2)
    flatten = layers.Flatten(name="flatten")(layers.Permute((3, 1, 2))(pool2))
    dense1 = layers.Dense(120, activation="relu", name="dense1")(flatten)
    dense2 = layers.Dense(84, activation="relu", name="dense2")(dense1)
    dense3 = layers.Dense(10, name="dense3")(dense2)
    return keras.Model(image, dense3)


def fitted(layer, tensors):
    """The tensors of a layer as Keras has them.

    Kernels are [filters, channels, ...] there and [..., channels, filters] here; those of dense
    layers are [outputs, inputs] there and [inputs, outputs] here.
    """
    return [v.transpose(*range(2, v.ndim), 1, 0) if v.ndim > 1 else v for v in tensors]


def load_weights(model, path):
    """Takes the weights from a safetensors file that Gradwright wrote."""
    tensors = load_file(path)
    for name, keys in WEIGHTS.items():
        layer = model.get_layer(name)
        layer.set_weights(fitted(layer, [tensors[key] for key in keys]))


if __name__ == "__main__":
    model = build_model()
    if len(sys.argv) > 1:
        load_weights(model, sys.argv[1])
    model.summary()
    print(model(numpy.zeros((1, 28, 28, 1), numpy.float32), training=False))
