// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/pooling.h"

namespace gradwright::layers {

LayerDef maxPool3d() {
    auto def = pooling(PoolKind::Max, 3);
    def.key = "max-pool3d";
    def.title = "Max pool 3D";
    def.doc = "Keeps the largest value of each window of slices, rows and columns.";
    def.formula = "y[c, h, i, j] = max over t, u, v of x[c, h·s + t, i·s + u, j·s + v]";
    def.source = "";
    return def;
}

} // namespace gradwright::layers
