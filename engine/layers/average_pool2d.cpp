// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/pooling.h"

namespace gradwright::layers {
namespace {

ValueId lower(LowerContext& context) {
    auto op = poolingOp(context, PoolKind::Average);
    op.countPadding = context.params().boolean("count_padding");
    return context.op(op);
}

std::string label(const Params& params) {
    const auto& kernel = params.tuple("kernel");
    return fmt::format("AvgPool {}×{}", kernel[0], kernel[1]);
}

} // namespace

LayerDef averagePool2d() {
    auto def = pooling2d("average-pool2d", "Average pool",
                         "Replaces each window by its mean: a smaller, smoother image.");
    def.formula = "y[c, i, j] = mean over u, v of x[c, i·s + u, j·s + v]";
    def.lower = lower;
    def.label = label;
    auto countPadding = boolParam("count_padding", "Count padding", false,
                                  "Whether padded zeros count towards the mean.");
    countPadding.advanced = true;
    def.params.push_back(std::move(countPadding));
    return def;
}

} // namespace gradwright::layers
