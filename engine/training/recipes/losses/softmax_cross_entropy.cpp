// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/recipes/losses.h"
#include "engine/training/recipes/losses/class_params.h"
#include "engine/training/recipes/losses/targets.h"

namespace gradwright::recipes {
namespace {

ValueId lowerSoftmaxCrossEntropy(OpGraph& graph, ValueId prediction, ValueId target,
                                 const Params& params, const std::string& path) {
    SoftmaxCrossEntropyOp op;
    op.labelSmoothing = params.real("label_smoothing");
    op.classWeights = classWeightsFrom(params.text("class_weights"));
    return graph.add(op, {prediction, target}, path);
}

} // namespace

LossDef softmaxCrossEntropy() {
    return {"softmax-cross-entropy",
            "Softmax cross-entropy",
            "The negative logarithm of the probability that softmax gives to the right class: the "
            "usual loss for classification.",
            {realParam("label_smoothing", "Label smoothing", 0.0, 0.0, 1.0,
                       "The share of the target that is spread evenly over all classes, so that "
                       "the network does not become overconfident (Szegedy et al. 2016)."),
             classWeightsParam()},
            Head::Softmax,
            TargetKind::ClassIndex,
            lowerSoftmaxCrossEntropy};
}

} // namespace gradwright::recipes
