// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/convolution.h"

namespace gradwright::layers {

LayerDef conv1d() {
    auto def = convolution(1);
    def.key = "conv1d";
    def.doc = "Slides learned filters along a sequence, steps × features: each looks for a pattern "
              "of neighbouring steps, wherever it is.";
    def.formula = "y[t, o] = b[o] + Σ w[o, c, u] · x[t·s + u·d, c]";
    def.source = "Waibel, Hanazawa, Hinton, Shikano, Lang: Phoneme recognition using time-delay "
                 "neural networks, 1989";
    return def;
}

} // namespace gradwright::layers
