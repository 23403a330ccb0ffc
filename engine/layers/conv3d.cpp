// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/convolution.h"

namespace gradwright::layers {

LayerDef conv3d() {
    auto def = convolution(3);
    def.key = "conv3d";
    def.doc = "Slides learned filters through a volume: a scan of many slices, or a film whose "
              "slices are its frames.";
    def.formula =
        "y[o, h, i, j] = b[o] + Σ w[o, c, t, u, v] · x[c, h·s + t·d, i·s + u·d, j·s + v·d]";
    def.source = "Ji, Xu, Yang, Yu: 3D convolutional neural networks for human action recognition, "
                 "2010";
    return def;
}

} // namespace gradwright::layers
