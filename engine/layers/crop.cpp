// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/window.h"

namespace gradwright::layers {
namespace {

Inferred inferCrop(const InferContext& context) {
    const auto& image = context.inputs[0];
    if (auto problem = requireAxes("Crop", image, 2))
        return *std::move(problem);
    const auto& sides = context.params.tuple("sides");
    const auto rows = image[1] - sides[0] - sides[1];
    const auto columns = image[2] - sides[2] - sides[3];
    if (rows < 1 || columns < 1)
        return LayerProblem{
            fmt::format("Cropping must leave something; received {} + {} of {} rows and {} + {} of "
                        "{} columns.",
                        sides[0], sides[1], image[1], sides[2], sides[3], image[2]),
            "sides",
            {{"Crop nothing", SetParamProposal{"sides", IntTuple{0, 0, 0, 0}}}}};
    return Shape{image[0], rows, columns};
}

ValueId lowerCrop(LowerContext& context) {
    const auto& image = context.inputShape();
    const auto& sides = context.params().tuple("sides");
    return context.op(
        ResampleOp::ofSample({{},
                              {AxisMap::Kind::Shift, image[1] - sides[0] - sides[1], sides[0]},
                              {AxisMap::Kind::Shift, image[2] - sides[2] - sides[3], sides[2]}}));
}

PyTorchCode pytorchCrop(const CodeContext& context) {
    const auto& image = context.shape();
    const auto& sides = context.params().tuple("sides");
    return {"", fmt::format("{}[:, :, {}:{}, {}:{}]", context.input(), sides[0],
                            image[1] - sides[1], sides[2], image[2] - sides[3])};
}

std::string kerasCrop(const CodeContext& context) {
    const auto& sides = context.params().tuple("sides");
    return code::kerasLayer(
        "Cropping2D", context,
        {fmt::format("(({}, {}), ({}, {}))", sides[0], sides[1], sides[2], sides[3])});
}

} // namespace

LayerDef crop() {
    return {.key = "crop",
            .title = "Crop",
            .category = Category::Shape,
            .doc = "Takes rows and columns off the border of an image, to make it fit another one "
                   "as in the original U-Net.",
            .formula = "",
            .source = "Ronneberger, Fischer, Brox: U-Net, 2015",
            .params = {tupleParam("sides", "Sides", {1, 1, 1, 1}, 4, 4, 0, 4096,
                                  "Rows above, rows below, columns to the left, columns to the "
                                  "right.")},
            .infer = inferCrop,
            .lower = lowerCrop,
            .pytorch = pytorchCrop,
            .keras = kerasCrop};
}

} // namespace gradwright::layers
