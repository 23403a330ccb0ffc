// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/shared_params.h"

namespace gradwright::layers {
namespace {

Inferred inferBlockPorts(const InferContext& context) {
    return context.inputs[0];
}

} // namespace

LayerDef blockInput() {
    return {.key = "block-input",
            .title = "Block input",
            .category = Category::InputOutput,
            .doc = "Where data enters a block: each one is an input port of the block's instances, "
                   "which give it its shape.",
            .formula = "",
            .source = "",
            .minInputs = 0,
            .maxInputs = 0,
            .insideBlocksOnly = true,
            .traits = {.passesOn = true},
            .infer = inferBlockPorts};
}

LayerDef blockOutput() {
    return {.key = "block-output",
            .title = "Block output",
            .category = Category::InputOutput,
            .doc =
                "Where data leaves a block: each one is an output port of the block's instances.",
            .formula = "",
            .source = "",
            .hasOutput = false,
            .insideBlocksOnly = true,
            .traits = {.passesOn = true},
            .infer = inferBlockPorts};
}

} // namespace gradwright::layers
