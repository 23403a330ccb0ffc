// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/recipes/losses.h"
#include "engine/training/recipes/losses/targets.h"

namespace gradwright::recipes {
namespace {

ValueId lowerBinaryCrossEntropy(OpGraph& graph, ValueId prediction, ValueId target,
                                const Params& params, const std::string& path) {
    const ElementLossOp op{ElementLossKind::BinaryCrossEntropy, params.real("positive_weight")};
    return graph.add(op, {prediction, targetValues(graph, prediction, target, path)}, path);
}

} // namespace

LossDef binaryCrossEntropy() {
    return {
        "binary-cross-entropy",
        "Binary cross-entropy",
        "The negative logarithm of the probability that a sigmoid gives to each right answer, yes "
        "or no: for one output that decides between two classes, or for several at once.",
        {[] {
            auto weight = realParam("positive_weight", "Weight of yes", 1.0, 0.0, 1e6,
                                    "How much a yes counts compared with a no.");
            weight.minimumExclusive = true;
            weight.advanced = true;
            return weight;
        }()},
        Head::Sigmoid,
        TargetKind::Values,
        lowerBinaryCrossEntropy};
}

} // namespace gradwright::recipes
