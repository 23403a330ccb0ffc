// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/shared_params.h"

namespace gradwright::layers {
namespace {

Inferred inferInput(const InferContext& context) {
    Shape shape(context.params.tuple("shape"));
    static_cast<void>(shape.elements()); // refuses what no memory holds
    return shape;
}

std::string labelInput(const Params& params) {
    return fmt::format("Input {}", toString(Shape(params.tuple("shape"))));
}

} // namespace

LayerDef input() {
    return {.key = "input",
            .title = "Input",
            .category = Category::InputOutput,
            .doc =
                "Where the data enters. Its shape leaves the batch out: channels × rows × columns "
                "for an image, steps × features for a sequence, one number for a vector or for the "
                "numbers of an embedding, four for a volume.",
            .formula = "",
            .source = "",
            .minInputs = 0,
            .maxInputs = 0,
            .params = {tupleParam("shape", "Shape", {1, 28, 28}, 1, 6, 1, 1 << 24,
                                  "Size of one sample, without the batch.")},
            .infer = inferInput,
            .label = labelInput};
}

} // namespace gradwright::layers
