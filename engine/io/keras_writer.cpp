// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/keras_writer.h"

#include "engine/io/python_lines.h"
#include "engine/io/python_writer.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace gradwright {
namespace {

constexpr auto kKerasImports =
    R"(# Written by Gradwright. Needs the packages keras (3 or later, on any
# backend) and safetensors. Images are rows × columns × channels here.
import sys

import keras
import numpy
{}from safetensors.numpy import load_file

)";

constexpr auto kFittingHead = R"(

def fitted(layer, tensors):
    """The tensors of a layer as Keras has them.

    Kernels are [filters, channels, ...] there and [..., channels, filters] here; those of dense
    layers are [outputs, inputs] there and [inputs, outputs] here.
    """
)";

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

/// The pieces that `of` takes from layers of the network, each once.
template <class Of>
std::vector<std::string_view> piecesOf(const PythonNetwork& python, const Of& of) {
    std::vector<std::string_view> pieces;
    for (const auto& layer : python.layers())
        for (const auto piece : of(layer.node->layer->kerasWeights))
            if (!piece.empty() && std::ranges::find(pieces, piece) == pieces.end())
                pieces.push_back(piece);
    return pieces;
}

/// The function that fits the tensors of the network's layers: the usual way last.
std::string fittingOf(const PythonNetwork& python) {
    const auto fittings =
        piecesOf(python, [](const KerasWeights& weights) { return weights.fittings; });
    return fmt::format("{}{}{}", kFittingHead, fmt::join(fittings, ""), kFittingEnd);
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

    const auto definitions = fmt::format(
        "{}",
        fmt::join(
            piecesOf(python, [](const KerasWeights& each) { return std::array{each.definition}; }),
            ""));
    const auto fitting = fittingOf(python);
    std::vector<std::string_view> modules;
    for (const auto* module : {"layers", "ops"})
        if (usesModule(definitions + body + fitting, module))
            modules.emplace_back(module);
    std::string file = fmt::format(
        kKerasImports,
        modules.empty() ? "" : fmt::format("from keras import {}\n", fmt::join(modules, ", ")));
    file += fmt::format("# Where the file of weights has those of each layer, in Keras's order.\n"
                        "WEIGHTS = {{\n{}}}\n",
                        weights);
    file += definitions;
    file += fmt::format("\n\ndef build_model():\n    \"\"\"{}\"\"\"\n", python.description());
    file += body;
    file += fmt::format(
        "    return keras.Model({}, {})\n", one ? inputs : fmt::format("[{}]", inputs),
        python.outputs().size() == 1 ? python.result()
                                     : fmt::format("[{}]", fmt::join(python.outputs(), ", ")));
    file += fitting;
    file += kKerasLoadWeights;
    file += fmt::format("    print(model({}{}{}, training=False))\n", one ? "" : "[", examples,
                        one ? "" : "]");
    return wrappedPython(file);
}

} // namespace gradwright
