// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/recipes/losses.h"
#include "engine/training/recipes/losses/targets.h"

namespace gradwright::recipes {
namespace {

ValueId lowerPerceptronCriterion(OpGraph& graph, ValueId prediction, ValueId target,
                                 const Params& /*params*/, const std::string& path) {
    return graph.add(ElementLossOp{ElementLossKind::PerceptronCriterion},
                     {prediction, targetValues(graph, prediction, target, path)}, path);
}

} // namespace

LossDef perceptronCriterion() {
    return {"perceptron-criterion",
            "Perceptron criterion",
            "How far the sum of each wrong perceptron is from changing its answer. Its gradient is "
            "Rosenblatt's rule: only mistakes move the weights (Rosenblatt 1958).",
            {},
            Head::Step,
            TargetKind::Values,
            lowerPerceptronCriterion};
}

} // namespace gradwright::recipes
