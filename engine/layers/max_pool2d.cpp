// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/pooling.h"

namespace gradwright::layers {

LayerDef maxPool2d() {
    auto def = pooling(PoolKind::Max, 2);
    def.key = "max-pool2d";
    def.title = "Max pool";
    def.doc = "Keeps the largest value of each window: a smaller image that says whether a feature "
              "is near, not exactly where.";
    def.formula = "y[c, i, j] = max over u, v of x[c, i·s + u, j·s + v]";
    def.source = "";
    return def;
}

} // namespace gradwright::layers
