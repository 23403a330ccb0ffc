// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/recipes/losses.h"

namespace gradwright::recipes {
namespace {

ValueId lowerHinge(OpGraph& graph, ValueId prediction, ValueId target, const Params& params,
                   const std::string& path) {
    return graph.add(HingeLossOp{params.real("margin"), params.boolean("squared")},
                     {prediction, target}, path);
}

} // namespace

LossDef hinge() {
    return {"hinge",
            "Hinge (multi-class)",
            "Requires the right class's score to lead every other one by a margin, and no more: "
            "the loss of support vector machines (Crammer, Singer 2001).",
            {[] {
                 auto margin = realParam("margin", "Margin", 1.0, 0.0, 1e6,
                                         "By how much the right class must lead.");
                 margin.minimumExclusive = true;
                 return margin;
             }(),
             boolParam("squared", "Squared", false, "Squares the shortfall from the margin.")},
            Head::None,
            TargetKind::ClassIndex,
            lowerHinge};
}

} // namespace gradwright::recipes
