// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/pooling.h"

namespace gradwright::layers {

LayerDef averagePool2d() {
    auto def = pooling(PoolKind::Average, 2);
    def.key = "average-pool2d";
    def.title = "Average pool";
    def.doc = "Replaces each window by its mean: a smaller, smoother image.";
    def.formula = "y[c, i, j] = mean over u, v of x[c, i·s + u, j·s + v]";
    def.source = "";
    return def;
}

} // namespace gradwright::layers
