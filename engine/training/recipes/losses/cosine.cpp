// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/recipes/losses.h"
#include "engine/training/recipes/losses/targets.h"

namespace gradwright::recipes {
namespace {

ValueId lowerCosine(OpGraph& graph, ValueId prediction, ValueId target, const Params& /*params*/,
                    const std::string& path) {
    return graph.add(CosineLossOp{}, {prediction, targetValues(graph, prediction, target, path)},
                     path);
}

} // namespace

LossDef cosineLoss() {
    return {"cosine",
            "Cosine distance",
            "1 minus the cosine of the angle between output and target: only the direction counts.",
            {},
            Head::None,
            TargetKind::Values,
            lowerCosine};
}

} // namespace gradwright::recipes
