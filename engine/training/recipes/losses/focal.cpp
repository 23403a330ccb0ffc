// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/recipes/losses.h"
#include "engine/training/recipes/losses/class_params.h"
#include "engine/training/recipes/losses/targets.h"

namespace gradwright::recipes {
namespace {

ValueId lowerFocal(OpGraph& graph, ValueId prediction, ValueId target, const Params& params,
                   const std::string& path) {
    SoftmaxCrossEntropyOp op;
    op.focusing = params.real("focusing");
    op.classWeights = classWeightsFrom(params.text("class_weights"));
    return graph.add(op, {prediction, target}, path);
}

} // namespace

LossDef focal() {
    return {
        "focal",
        "Focal loss",
        "Cross-entropy in which samples that are already right count little, so that rare and hard "
        "ones are learned (Lin et al. 2017).",
        {realParam("focusing", "Focusing", 2.0, 0.0, 20.0,
                   "The exponent γ of (1 - p)^γ; 0 is cross-entropy."),
         classWeightsParam()},
        Head::Softmax,
        TargetKind::ClassIndex,
        lowerFocal};
}

} // namespace gradwright::recipes
