// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/recipes/losses.h"

#include "engine/training/recipes/find_recipe.h"

namespace gradwright {

// One line a loss: its declaration here is all the registration there is.
#define GRADWRIGHT_LOSSES(X)                                                                       \
    X(softmaxCrossEntropy)                                                                         \
    X(binaryCrossEntropy)                                                                          \
    X(focal)                                                                                       \
    X(hinge)                                                                                       \
    X(kullbackLeibler)                                                                             \
    X(perceptronCriterion)                                                                         \
    X(meanSquaredError)                                                                            \
    X(meanAbsoluteError)                                                                           \
    X(huber)                                                                                       \
    X(cosineLoss)

namespace recipes {
#define GRADWRIGHT_DECLARE(name) LossDef name();
GRADWRIGHT_LOSSES(GRADWRIGHT_DECLARE)
#undef GRADWRIGHT_DECLARE
} // namespace recipes

const std::vector<LossDef>& losses() {
#define GRADWRIGHT_LIST(name) recipes::name(),
    static const std::vector<LossDef> all = {GRADWRIGHT_LOSSES(GRADWRIGHT_LIST)};
#undef GRADWRIGHT_LIST
    return all;
}

const LossDef& loss(std::string_view key) {
    return findRecipe(losses(), key, "loss");
}

} // namespace gradwright
