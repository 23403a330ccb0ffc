// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/window.h"

namespace gradwright::layers {
namespace {

Inferred inferUpsample(const InferContext& context) {
    const auto& image = context.inputs[0];
    if (auto problem = requireAxes("Upsample", image, 2))
        return *std::move(problem);
    const auto& factor = context.params.tuple("factor");
    return Shape{image[0], image[1] * factor[0], image[2] * factor[1]};
}

ValueId lowerUpsample(LowerContext& context) {
    const auto& image = context.inputShape();
    const auto& factor = context.params().tuple("factor");
    const auto kind =
        context.params().text("mode") == "nearest" ? AxisMap::Kind::Nearest : AxisMap::Kind::Linear;
    return context.op(
        ResampleOp::ofSample({{}, {kind, image[1] * factor[0]}, {kind, image[2] * factor[1]}}));
}

std::string labelUpsample(const Params& params) {
    const auto& factor = params.tuple("factor");
    return fmt::format("Upsample {}×{}", factor[0], factor[1]);
}

std::string factorOf(const Params& params) {
    return code::extents(Extents(std::span(params.tuple("factor"))), 2);
}

PyTorchCode pytorchUpsample(const CodeContext& context) {
    const auto& params = context.params();
    const auto& mode = params.text("mode");
    return {"", code::call("F.interpolate",
                           {context.input(), "scale_factor=" + factorOf(params),
                            fmt::format("mode=\"{}\"", mode),
                            code::keyword("align_corners", "False", mode == "bilinear")})};
}

std::string kerasUpsample(const CodeContext& context) {
    const auto& params = context.params();
    const auto& mode = params.text("mode");
    return code::kerasLayer(
        "UpSampling2D", context,
        {factorOf(params), code::keyword("interpolation", "\"bilinear\"", mode == "bilinear")});
}

} // namespace

LayerDef upsample() {
    return {.key = "upsample",
            .title = "Upsample",
            .category = Category::Shape,
            .doc = "Enlarges an image by whole factors: each pixel repeated, or straight lines "
                   "between the pixels' centres. Has no weights; a convolution after it can learn.",
            .formula = "",
            .source = "Odena, Dumoulin, Olah: Deconvolution and checkerboard artifacts, 2016",
            .params = {tupleParam("factor", "Factor", {2, 2}, 2, 2, 1, 64,
                                  "Factors for rows × columns."),
                       choiceParam("mode", "Between pixels", "nearest",
                                   {{"nearest", "Nearest", "Each pixel repeated."},
                                    {"bilinear", "Bilinear",
                                     "Straight lines between the centres of the pixels."}},
                                   "How the new pixels are filled.")},
            .infer = inferUpsample,
            .lower = lowerUpsample,
            .pytorch = pytorchUpsample,
            .keras = kerasUpsample,
            .label = labelUpsample};
}

} // namespace gradwright::layers
