// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/shared_params.h"

namespace gradwright::layers {
namespace {

Inferred inferFlatten(const InferContext& context) {
    return Shape{context.inputs[0].elements()};
}

ValueId lowerFlatten(LowerContext& context) {
    if (context.inputShape().rank() == 1)
        return context.inputs()[0];
    return context.op(ReshapeOp::ofSample(Shape{context.inputShape().elements()}));
}

PyTorchCode pytorchFlatten(const CodeContext& context) {
    return {"", fmt::format("torch.flatten({}, 1)", context.input())};
}

/// Images are put back to channels × rows × columns, so that the vector has the same order.
std::string kerasFlatten(const CodeContext& context) {
    const auto rank = context.shape().rank();
    if (rank < 3)
        return code::kerasLayer("Flatten", context);
    return fmt::format("layers.Flatten(name=\"{}\")(layers.Permute({})({}))", context.name(),
                       rank == 3 ? "(3, 1, 2)" : "(4, 1, 2, 3)", context.input());
}

} // namespace

LayerDef flatten() {
    return {.key = "flatten",
            .title = "Flatten",
            .category = Category::Shape,
            .doc = "Lays the values of an image out as one long vector, channel by channel, row by "
                   "row.",
            .formula = "",
            .source = "",
            .traits = {.passesOn = true},
            .infer = inferFlatten,
            .lower = lowerFlatten,
            .pytorch = pytorchFlatten,
            .keras = kerasFlatten};
}

} // namespace gradwright::layers
