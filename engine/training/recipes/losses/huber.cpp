// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/recipes/losses.h"
#include "engine/training/recipes/losses/targets.h"

namespace gradwright::recipes {
namespace {

ValueId lowerHuber(OpGraph& graph, ValueId prediction, ValueId target, const Params& params,
                   const std::string& path) {
    const ElementLossOp op{ElementLossKind::Huber, params.real("delta")};
    return graph.add(op, {prediction, targetValues(graph, prediction, target, path)}, path);
}

} // namespace

LossDef huber() {
    return {"huber",
            "Huber",
            "Squares for small differences, absolute values for large ones: smooth at the target, "
            "and outliers do not dominate (Huber 1964).",
            {[] {
                auto delta = realParam("delta", "Delta", 1.0, 0.0, 1e6,
                                       "The difference at which squares turn into lines.");
                delta.minimumExclusive = true;
                return delta;
            }()},
            Head::None,
            TargetKind::Values,
            lowerHuber};
}

} // namespace gradwright::recipes
