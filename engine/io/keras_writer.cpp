// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/keras_writer.h"

#include "engine/io/python_writer.h"

#include <fmt/ranges.h>

namespace gradwright {
namespace {

constexpr auto kImports = R"(# Written by Gradwright. Needs the packages keras (3 or later, on any
# backend) and safetensors. Images are rows × columns × channels here.
import sys

import keras
import numpy
from keras import layers, ops
from safetensors.numpy import load_file

)";

constexpr auto kLoadWeights = R"(

def load_weights(model, path):
    """Takes the weights from a safetensors file that Gradwright wrote.

    Kernels are [filters, channels, rows, columns] there and [rows, columns, channels, filters]
    here; those of dense layers are [outputs, inputs] there and [inputs, outputs] here.
    """
    tensors = load_file(path)
    for layer, keys in WEIGHTS.items():
        values = [tensors[key] for key in keys]
        model.get_layer(layer).set_weights(
            [v.transpose(2, 3, 1, 0) if v.ndim == 4 else v.T for v in values]
        )


if __name__ == "__main__":
    model = build_model()
    if len(sys.argv) > 1:
        load_weights(model, sys.argv[1])
    model.summary()
)";

/// Channels go last.
std::vector<std::int64_t> kerasShape(const Shape& shape) {
    if (shape.rank() == 3)
        return {shape[1], shape[2], shape[0]};
    return shape.dims();
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

    std::string file = kImports;
    file += fmt::format("# Where the file of weights has those of each layer, in Keras's order.\n"
                        "WEIGHTS = {{\n{}}}\n",
                        weights);
    file += fmt::format("\n\ndef build_model():\n    \"\"\"{}\"\"\"\n", python.description());
    file += body;
    file += fmt::format(
        "    return keras.Model({}, {})\n", one ? inputs : fmt::format("[{}]", inputs),
        python.outputs().size() == 1 ? python.result()
                                     : fmt::format("[{}]", fmt::join(python.outputs(), ", ")));
    file += kLoadWeights;
    file += fmt::format("    print(model({}{}{}, training=False))\n", one ? "" : "[", examples,
                        one ? "" : "]");
    return file;
}

} // namespace gradwright
