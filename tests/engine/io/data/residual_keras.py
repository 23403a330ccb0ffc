# Written by Gradwright. Needs the packages keras (3 or later, on any
# backend) and safetensors. Images are rows × columns × channels here.
import sys

import keras
import numpy
from keras import layers
from safetensors.numpy import load_file

# Where the file of weights has those of each layer, in Keras's order.
WEIGHTS = {
    "stem": ["stem/weight", "stem/bias"],
    "stage1_1_conv1": ["stage1/1/conv1/weight"],
    "stage1_1_norm1": [
        "stage1/1/norm1/weight",
        "stage1/1/norm1/bias",
        "stage1/1/norm1/running_mean",
        "stage1/1/norm1/running_var",
    ],
    "stage1_1_conv2": ["stage1/1/conv2/weight"],
    "stage1_1_norm2": [
        "stage1/1/norm2/weight",
        "stage1/1/norm2/bias",
        "stage1/1/norm2/running_mean",
        "stage1/1/norm2/running_var",
    ],
    "stage1_2_conv1": ["stage1/2/conv1/weight"],
    "stage1_2_norm1": [
        "stage1/2/norm1/weight",
        "stage1/2/norm1/bias",
        "stage1/2/norm1/running_mean",
        "stage1/2/norm1/running_var",
    ],
    "stage1_2_conv2": ["stage1/2/conv2/weight"],
    "stage1_2_norm2": [
        "stage1/2/norm2/weight",
        "stage1/2/norm2/bias",
        "stage1/2/norm2/running_mean",
        "stage1/2/norm2/running_var",
    ],
    "down": ["down/weight", "down/bias"],
    "stage2_1_conv1": ["stage2/1/conv1/weight"],
    "stage2_1_norm1": [
        "stage2/1/norm1/weight",
        "stage2/1/norm1/bias",
        "stage2/1/norm1/running_mean",
        "stage2/1/norm1/running_var",
    ],
    "stage2_1_conv2": ["stage2/1/conv2/weight"],
    "stage2_1_norm2": [
        "stage2/1/norm2/weight",
        "stage2/1/norm2/bias",
        "stage2/1/norm2/running_mean",
        "stage2/1/norm2/running_var",
    ],
    "stage2_2_conv1": ["stage2/2/conv1/weight"],
    "stage2_2_norm1": [
        "stage2/2/norm1/weight",
        "stage2/2/norm1/bias",
        "stage2/2/norm1/running_mean",
        "stage2/2/norm1/running_var",
    ],
    "stage2_2_conv2": ["stage2/2/conv2/weight"],
    "stage2_2_norm2": [
        "stage2/2/norm2/weight",
        "stage2/2/norm2/bias",
        "stage2/2/norm2/running_mean",
        "stage2/2/norm2/running_var",
    ],
    "classifier": ["classifier/weight", "classifier/bias"],
}


def build_model():
    """image 3×12×12 → class 10, 8,878 parameters."""
    image = keras.Input(shape=(12, 12, 3), name="image")
    stem = layers.Conv2D(8, 3, padding="same", name="stem")(image)
    stage1_1_conv1 = layers.Conv2D(
        8, 3, padding="same", use_bias=False, name="stage1_1_conv1"
    )(stem)
    stage1_1_norm1 = layers.BatchNormalization(
        momentum=0.9, epsilon=1e-05, name="stage1_1_norm1"
    )(stage1_1_conv1)
    stage1_1_relu1 = layers.Activation("relu", name="stage1_1_relu1")(stage1_1_norm1)
    stage1_1_conv2 = layers.Conv2D(
        8, 3, padding="same", use_bias=False, name="stage1_1_conv2"
    )(stage1_1_relu1)
    stage1_1_norm2 = layers.BatchNormalization(
        momentum=0.9, epsilon=1e-05, name="stage1_1_norm2"
    )(stage1_1_conv2)
    stage1_1_sum = layers.Add(name="stage1_1_sum")([stage1_1_norm2, stem])
    stage1_1_relu2 = layers.Activation("relu", name="stage1_1_relu2")(stage1_1_sum)
    stage1_2_conv1 = layers.Conv2D(
        8, 3, padding="same", use_bias=False, name="stage1_2_conv1"
    )(stage1_1_relu2)
    stage1_2_norm1 = layers.BatchNormalization(
        momentum=0.9, epsilon=1e-05, name="stage1_2_norm1"
    )(stage1_2_conv1)
    stage1_2_relu1 = layers.Activation("relu", name="stage1_2_relu1")(stage1_2_norm1)
    stage1_2_conv2 = layers.Conv2D(
        8, 3, padding="same", use_bias=False, name="stage1_2_conv2"
    )(stage1_2_relu1)
    stage1_2_norm2 = layers.BatchNormalization(
        momentum=0.9, epsilon=1e-05, name="stage1_2_norm2"
    )(stage1_2_conv2)
    stage1_2_sum = layers.Add(name="stage1_2_sum")([stage1_2_norm2, stage1_1_relu2])
    stage1_2_relu2 = layers.Activation("relu", name="stage1_2_relu2")(stage1_2_sum)
    down = layers.Conv2D(12, 3, strides=2, padding="same", name="down")(stage1_2_relu2)
    stage2_1_conv1 = layers.Conv2D(
        12, 3, padding="same", use_bias=False, name="stage2_1_conv1"
    )(down)
    stage2_1_norm1 = layers.BatchNormalization(
        momentum=0.9, epsilon=1e-05, name="stage2_1_norm1"
    )(stage2_1_conv1)
    stage2_1_relu1 = layers.Activation("relu", name="stage2_1_relu1")(stage2_1_norm1)
    stage2_1_conv2 = layers.Conv2D(
        12, 3, padding="same", use_bias=False, name="stage2_1_conv2"
    )(stage2_1_relu1)
    stage2_1_norm2 = layers.BatchNormalization(
        momentum=0.9, epsilon=1e-05, name="stage2_1_norm2"
    )(stage2_1_conv2)
    stage2_1_sum = layers.Add(name="stage2_1_sum")([stage2_1_norm2, down])
    stage2_1_relu2 = layers.Activation("relu", name="stage2_1_relu2")(stage2_1_sum)
    stage2_2_conv1 = layers.Conv2D(
        12, 3, padding="same", use_bias=False, name="stage2_2_conv1"
    )(stage2_1_relu2)
    stage2_2_norm1 = layers.BatchNormalization(
        momentum=0.9, epsilon=1e-05, name="stage2_2_norm1"
    )(stage2_2_conv1)
    stage2_2_relu1 = layers.Activation("relu", name="stage2_2_relu1")(stage2_2_norm1)
    stage2_2_conv2 = layers.Conv2D(
        12, 3, padding="same", use_bias=False, name="stage2_2_conv2"
    )(stage2_2_relu1)
    stage2_2_norm2 = layers.BatchNormalization(
        momentum=0.9, epsilon=1e-05, name="stage2_2_norm2"
    )(stage2_2_conv2)
    stage2_2_sum = layers.Add(name="stage2_2_sum")([stage2_2_norm2, stage2_1_relu2])
    stage2_2_relu2 = layers.Activation("relu", name="stage2_2_relu2")(stage2_2_sum)
    pool = layers.GlobalAveragePooling2D(name="pool")(stage2_2_relu2)
    classifier = layers.Dense(10, name="classifier")(pool)
    return keras.Model(image, classifier)


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
    print(model(numpy.zeros((1, 12, 12, 3), numpy.float32), training=False))
