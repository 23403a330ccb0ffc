// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/shared_params.h"

namespace gradwright::layers {
namespace {

Inferred infer(const InferContext& context) {
    return Shape{context.inputs[0].elements()};
}

ValueId lower(LowerContext& context) {
    if (context.inputShape().rank() == 1)
        return context.inputs()[0];
    return context.op(ReshapeOp{Shape{context.inputShape().elements()}});
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
            .infer = infer,
            .lower = lower};
}

} // namespace gradwright::layers
