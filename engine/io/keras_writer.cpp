// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/keras_writer.h"

#include "engine/io/python_writer.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace gradwright {
namespace {

constexpr auto kKerasImports =
    R"(# Written by Gradwright. Needs the packages keras (3 or later, on any
# backend) and safetensors. Images are rows × columns × channels here.
import sys

import keras
import numpy
from keras import layers, ops
from safetensors.numpy import load_file

)";

/// How the tensors of a layer become Keras's: the usual way last, before it what some layers want.
struct Fitting {
    std::vector<std::string_view> layers; ///< keys of those that want it
    std::string_view code;
};

/// What a formula becomes there.
constexpr auto kFormulaClass = R"(

class Formula(layers.Layer):
    """A function of the inputs and of learned numbers, given by their first values."""

    def __init__(self, function, starts, length, name):
        super().__init__(name=name)
        self.function = function
        self.numbers = [
            self.add_weight(
                shape=(length,), initializer=keras.initializers.Constant(start), name=number
            )
            for number, start in starts.items()
        ]

    def call(self, inputs):
        return self.function(*inputs, *self.numbers)
)";

constexpr auto kFittingHead = R"(

def fitted(layer, tensors):
    """The tensors of a layer as Keras has them.

    Kernels are [filters, channels, ...] there and [..., channels, filters] here; those of dense
    layers are [outputs, inputs] there and [inputs, outputs] here.
    """
)";

const std::vector<Fitting>& fittings() {
    static const std::vector<Fitting> all = {
        {{"simple-rnn", "lstm", "gru"}, R"(    if isinstance(layer, layers.Bidirectional):
        half = len(tensors) // 2
        return fitted(layer.forward_layer, tensors[:half]) + fitted(
            layer.backward_layer, tensors[half:]
        )
)"},
        {{"gru"}, R"(    if isinstance(layer, layers.GRU):
        # Gates in the order z, r, n here.
        order = [numpy.split(v, 3) for v in tensors]
        kernel, state, *biases = [numpy.concatenate([z, r, n]) for r, z, n in order]
        return [kernel.T, state.T] + ([numpy.stack(biases)] if biases else [])
)"},
        {{"simple-rnn", "lstm"}, R"(    if isinstance(layer, (layers.SimpleRNN, layers.LSTM)):
        kernel, state, *biases = tensors
        return [kernel.T, state.T] + ([biases[0] + biases[1]] if biases else [])
)"},
        {{"multi-head-self-attention"}, R"(    if isinstance(layer, layers.MultiHeadAttention):
        kernels = [v for v in tensors if v.ndim == 2]
        biases = [v for v in tensors if v.ndim == 1]
        values = []
        for i in range(3):
            values.append(numpy.split(kernels[0], 3)[i].T)
            values += [numpy.split(biases[0], 3)[i]] if biases else []
        values.append(kernels[1].T)
        values += biases[1:]
        return [v.reshape(w.shape) for v, w in zip(values, layer.get_weights())]
)"},
        {{"depthwise-conv2d", "separable-conv2d"},
         R"(    if isinstance(layer, (layers.DepthwiseConv2D, layers.SeparableConv2D)):
        kernel, *rest = tensors
        channels = kernel.shape[0] // layer.depth_multiplier
        kernel = kernel.reshape(channels, -1, *kernel.shape[2:]).transpose(2, 3, 0, 1)
        return [kernel] + [v.transpose(2, 3, 1, 0) if v.ndim == 4 else v for v in rest]
)"},
        {{"embedding", "positional-encoding"}, R"(    if isinstance(layer, layers.Embedding):
        return tensors
)"},
        {{"layer-norm", "rms-norm"},
         R"(    if isinstance(layer, (layers.LayerNormalization, layers.RMSNormalization)):
        return [numpy.moveaxis(v, 0, -1) if v.ndim > 2 else v for v in tensors]
)"},
        {{"formula"}, R"(    if isinstance(layer, Formula):
        return [v.reshape(-1) for v in tensors]
)"},
        {{"prelu"}, R"(    if isinstance(layer, layers.PReLU):
        return [v.reshape(w.shape) for v, w in zip(tensors, layer.get_weights())]
)"},
    };
    return all;
}

constexpr auto kFittingEnd =
    R"(    return [v.transpose(*range(2, v.ndim), 1, 0) if v.ndim > 1 else v for v in tensors]
)";

constexpr auto kKerasLoadWeights = R"(

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
)";

bool hasAny(const PythonNetwork& python, const std::vector<std::string_view>& layers) {
    return std::ranges::any_of(python.layers(), [&](const PythonNode& layer) {
        return std::ranges::find(layers, layer.node->layer->key) != layers.end();
    });
}

/// The function that fits the tensors of the network's layers.
std::string fittingOf(const PythonNetwork& python) {
    std::string code = kFittingHead;
    for (const auto& fitting : fittings())
        if (hasAny(python, fitting.layers))
            code += fitting.code;
    return code + kFittingEnd;
}

/// Channels go last.
std::vector<std::int64_t> kerasShape(const Shape& shape) {
    if (shape.rank() < 3)
        return shape.dims();
    std::vector<std::int64_t> dims(shape.begin() + 1, shape.end());
    dims.push_back(shape[0]);
    return dims;
}

} // namespace

std::string kerasFile(const Network& network) {
    const PythonNetwork python(network);
    std::string weights;
    std::string body;
    std::string examples;
    for (const auto& input : python.inputs()) {
        body += fmt::format("    {} = keras.Input(shape={}, name=\"{}\")\n", input.name,
                            pythonTuple(kerasShape(input.output)), input.name);
        examples += fmt::format("{}numpy.zeros({}, numpy.float32)", examples.empty() ? "" : ", ",
                                pythonTuple(Shape(kerasShape(input.output)).withBatch(1).dims()));
    }
    for (const auto& layer : python.layers()) {
        if (!layer.weights.empty())
            weights += fmt::format("    \"{}\": [\"{}\"],\n", layer.name,
                                   fmt::join(layer.weights, "\", \""));
        body += fmt::format("    {} = {}\n", layer.name, layer.node->layer->keras(layer.code()));
    }
    const bool one = python.inputs().size() == 1;
    const auto inputs = python.inputNames();

    std::string file = kKerasImports;
    file += fmt::format("# Where the file of weights has those of each layer, in Keras's order.\n"
                        "WEIGHTS = {{\n{}}}\n",
                        weights);
    if (hasAny(python, {"formula"}))
        file += kFormulaClass;
    file += fmt::format("\n\ndef build_model():\n    \"\"\"{}\"\"\"\n", python.description());
    file += body;
    file += fmt::format(
        "    return keras.Model({}, {})\n", one ? inputs : fmt::format("[{}]", inputs),
        python.outputs().size() == 1 ? python.result()
                                     : fmt::format("[{}]", fmt::join(python.outputs(), ", ")));
    file += fittingOf(python);
    file += kKerasLoadWeights;
    file += fmt::format("    print(model({}{}{}, training=False))\n", one ? "" : "[", examples,
                        one ? "" : "]");
    return file;
}

} // namespace gradwright
