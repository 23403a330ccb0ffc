// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/pooling.h"

namespace gradwright::layers {

LayerDef averagePool3d() {
    auto def = pooling(PoolKind::Average, 3);
    def.key = "average-pool3d";
    def.title = "Average pool 3D";
    def.doc = "Replaces each window of slices, rows and columns by its mean.";
    def.formula = "y[c, h, i, j] = mean over t, u, v of x[c, h·s + t, i·s + u, j·s + v]";
    def.source = "";
    return def;
}

} // namespace gradwright::layers
