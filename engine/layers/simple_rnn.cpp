// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/recurrent.h"

namespace gradwright::layers {

LayerDef simpleRnn() {
    auto def = recurrent(CellKind::Simple);
    def.key = "simple-rnn";
    def.doc = "Reads a sequence step by step and keeps a state, which each step changes. Forgets "
              "quickly: gradients fade over many steps.";
    def.formula = "h[t] = tanh(W x[t] + b + U h[t-1] + c)";
    def.source = "Elman: Finding structure in time, 1990";
    return def;
}

} // namespace gradwright::layers
