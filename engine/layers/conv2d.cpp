// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/convolution.h"

namespace gradwright::layers {

LayerDef conv2d() {
    auto def = convolution(2);
    def.key = "conv2d";
    def.doc = "Slides learned filters over the image; each makes one feature map. A filter looks "
              "for the same pattern everywhere, so a few weights achieve a lot.";
    def.formula = "y[o, i, j] = b[o] + Σ w[o, c, u, v] · x[c, i·s + u·d, j·s + v·d]";
    def.source = "LeCun, Bottou, Bengio, Haffner: Gradient-based learning applied to document "
                 "recognition, 1998";
    return def;
}

} // namespace gradwright::layers
