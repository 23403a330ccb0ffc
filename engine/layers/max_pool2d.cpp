// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/pooling.h"

namespace gradwright::layers {
namespace {

ValueId lower(LowerContext& context) {
    return context.op(poolingOp(context, PoolKind::Max));
}

std::string label(const Params& params) {
    const auto& kernel = params.tuple("kernel");
    return fmt::format("MaxPool {}×{}", kernel[0], kernel[1]);
}

} // namespace

LayerDef maxPool2d() {
    auto def =
        pooling2d("max-pool2d", "Max pool",
                  "Keeps the largest value of each window: a smaller image that says whether "
                  "a feature is near, not exactly where.");
    def.formula = "y[c, i, j] = max over u, v of x[c, i·s + u, j·s + v]";
    def.lower = lower;
    def.label = label;
    return def;
}

} // namespace gradwright::layers
