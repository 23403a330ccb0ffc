// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/recipes/losses.h"
#include "engine/training/recipes/losses/targets.h"

namespace gradwright::recipes {
namespace {

ValueId lowerMeanAbsoluteError(OpGraph& graph, ValueId prediction, ValueId target,
                               const Params& /*params*/, const std::string& path) {
    return graph.add(ElementLossOp{ElementLossKind::AbsoluteError},
                     {prediction, targetValues(graph, prediction, target, path)}, path);
}

} // namespace

LossDef meanAbsoluteError() {
    return {"mean-absolute-error",
            "Mean absolute error",
            "The mean of the absolute differences to the target: a few outliers move it less than "
            "squares.",
            {},
            Head::None,
            TargetKind::Values,
            lowerMeanAbsoluteError};
}

} // namespace gradwright::recipes
