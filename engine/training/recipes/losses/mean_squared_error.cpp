// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/recipes/losses.h"
#include "engine/training/recipes/losses/targets.h"

namespace gradwright::recipes {
namespace {

ValueId lowerMeanSquaredError(OpGraph& graph, ValueId prediction, ValueId target,
                              const Params& /*params*/, const std::string& path) {
    return graph.add(MeanSquaredErrorOp{},
                     {prediction, targetValues(graph, prediction, target, path)}, path);
}

} // namespace

LossDef meanSquaredError() {
    return {
        "mean-squared-error",
        "Mean squared error",
        "The mean of the squared differences to the target: for regression, and historically for "
        "classes as one-hot vectors.",
        {},
        Head::None,
        TargetKind::Values,
        lowerMeanSquaredError};
}

} // namespace gradwright::recipes
