// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/shared_params.h"

namespace gradwright::layers {
namespace {

Inferred inferOutput(const InferContext& context) {
    return context.inputs[0];
}

} // namespace

LayerDef output() {
    return {.key = "output",
            .title = "Output",
            .category = Category::InputOutput,
            .doc = "Where the result leaves. Training compares what arrives here with the targets.",
            .formula = "",
            .source = "",
            .hasOutput = false,
            .infer = inferOutput};
}

} // namespace gradwright::layers
