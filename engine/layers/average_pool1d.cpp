// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/pooling.h"

namespace gradwright::layers {

LayerDef averagePool1d() {
    auto def = pooling(PoolKind::Average, 1);
    def.key = "average-pool1d";
    def.title = "Average pool 1D";
    def.doc =
        "Replaces each window of steps by the mean of each feature: a shorter, smoother sequence.";
    def.formula = "y[t, c] = mean over u of x[t·s + u, c]";
    def.source = "";
    return def;
}

} // namespace gradwright::layers
