// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/recipes/losses.h"
#include "engine/training/recipes/losses/targets.h"

namespace gradwright::recipes {
namespace {

ValueId lowerKullbackLeibler(OpGraph& graph, ValueId prediction, ValueId target,
                             const Params& /*params*/, const std::string& path) {
    const auto values = targetValues(graph, prediction, target, path);
    const auto logarithms = graph.add(SoftmaxOp{.logarithm = true}, {prediction}, path);
    return graph.add(ElementLossOp{ElementLossKind::KullbackLeibler}, {logarithms, values}, path);
}

} // namespace

LossDef kullbackLeibler() {
    return {
        "kl-divergence",
        "KL divergence",
        "How far the softmax of the output is from a target distribution (Kullback, Leibler 1951); "
        "against a class it is the cross-entropy.",
        {},
        Head::Softmax,
        TargetKind::Values,
        lowerKullbackLeibler};
}

} // namespace gradwright::recipes
