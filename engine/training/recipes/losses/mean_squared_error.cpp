// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/error.h"
#include "engine/training/recipes/losses.h"

namespace gradwright::recipes {
namespace {

ValueId lower(OpGraph& graph, ValueId prediction, ValueId target, const Params& /*params*/,
              const std::string& path) {
    if (graph.type(target).element == ElementType::ClassIndex) {
        const auto& shape = graph.type(prediction).shape;
        if (shape.rank() != 1)
            throw Error("{}: the mean squared error against classes takes a vector with one number "
                        "a class, not {}",
                        path, toString(shape));
        target = graph.add(OneHotOp{.classes = shape[0]}, {target}, path);
    }
    return graph.add(MeanSquaredErrorOp{}, {prediction, target}, path);
}

} // namespace

LossDef meanSquaredError() {
    return {"mean-squared-error",
            "Mean squared error",
            "The mean of the squared differences to the target: for regression, and historically "
            "for classes as one-hot vectors.",
            {},
            false,
            TargetKind::Values,
            lower};
}

} // namespace gradwright::recipes
