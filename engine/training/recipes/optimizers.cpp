// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/recipes/optimizers.h"

#include "engine/training/recipes/find_recipe.h"

namespace gradwright {

// One line an optimizer: its declaration here is all the registration there is.
#define GRADWRIGHT_OPTIMIZERS(X)                                                                   \
    X(sgd)                                                                                         \
    X(adam)                                                                                        \
    X(adamw)                                                                                       \
    X(amsgrad)                                                                                     \
    X(nadam)                                                                                       \
    X(radam)                                                                                       \
    X(adamax)                                                                                      \
    X(rmsprop)                                                                                     \
    X(adagrad)                                                                                     \
    X(adadelta)                                                                                    \
    X(lion)                                                                                        \
    X(lamb)                                                                                        \
    X(lbfgs)                                                                                       \
    X(perceptronRule)

namespace recipes {
#define GRADWRIGHT_DECLARE(name) OptimizerDef name();
GRADWRIGHT_OPTIMIZERS(GRADWRIGHT_DECLARE)
#undef GRADWRIGHT_DECLARE
} // namespace recipes

const std::vector<OptimizerDef>& optimizers() {
#define GRADWRIGHT_LIST(name) recipes::name(),
    static const std::vector<OptimizerDef> all = {GRADWRIGHT_OPTIMIZERS(GRADWRIGHT_LIST)};
#undef GRADWRIGHT_LIST
    return all;
}

const OptimizerDef& optimizer(std::string_view key) {
    return findRecipe(optimizers(), key, "optimizer");
}

} // namespace gradwright
