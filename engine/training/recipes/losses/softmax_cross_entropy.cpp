// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/recipes/losses.h"

namespace gradwright::recipes {

LossDef softmaxCrossEntropy() {
    return {"softmax-cross-entropy",
            "Softmax cross-entropy",
            "The negative logarithm of the probability that softmax gives to the right class: the "
            "usual loss for classification.",
            {},
            true,
            TargetKind::ClassIndex,
            [](OpGraph& graph, ValueId prediction, ValueId target, const Params&,
               const std::string& path) {
                return graph.add(SoftmaxCrossEntropyOp{}, {prediction, target}, path);
            }};
}

} // namespace gradwright::recipes
