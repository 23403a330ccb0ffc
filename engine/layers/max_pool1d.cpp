// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/pooling.h"

namespace gradwright::layers {

LayerDef maxPool1d() {
    auto def = pooling(PoolKind::Max, 1);
    def.key = "max-pool1d";
    def.title = "Max pool 1D";
    def.doc = "Keeps the largest value of each feature in every window of steps.";
    def.formula = "y[t, c] = max over u of x[t·s + u, c]";
    def.source = "";
    return def;
}

} // namespace gradwright::layers
