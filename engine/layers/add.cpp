// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/shared_params.h"

#include <fmt/ranges.h>

namespace gradwright::layers {
namespace {

Inferred inferAdd(const InferContext& context) {
    for (const auto& input : context.inputs)
        if (input != context.inputs[0])
            return LayerProblem{fmt::format("Add takes inputs of one shape; received {} and {}.",
                                            toString(context.inputs[0]), toString(input)),
                                "",
                                {}};
    return context.inputs[0];
}

ValueId lowerAdd(LowerContext& context) {
    return context.op(AddOp{});
}

PyTorchCode pytorchAdd(const CodeContext& context) {
    return {"", fmt::format("{}", fmt::join(context.inputs(), " + "))};
}

std::string kerasAdd(const CodeContext& context) {
    return fmt::format("layers.Add(name=\"{}\")([{}])", context.name(),
                       fmt::join(context.inputs(), ", "));
}

} // namespace

LayerDef add() {
    return {.key = "add",
            .title = "Add",
            .category = Category::Merge,
            .doc =
                "The sum of its inputs, element by element. With a shortcut around some layers it "
                "makes a residual connection, through which gradients reach early layers.",
            .formula = "y = x1 + x2 + …",
            .source = "He, Zhang, Ren, Sun: Deep residual learning for image recognition, 2015",
            .minInputs = 2,
            .maxInputs = 16,
            .traits = {.shortcut = true},
            .infer = inferAdd,
            .lower = lowerAdd,
            .pytorch = pytorchAdd,
            .keras = kerasAdd};
}

} // namespace gradwright::layers
