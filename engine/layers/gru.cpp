// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/recurrent.h"

namespace gradwright::layers {

LayerDef gru() {
    auto def = recurrent(CellKind::Gru);
    def.key = "gru";
    def.doc = "A lighter relative of the LSTM with two gates and no separate memory cell.";
    def.formula = "h[t] = (1 - σ(z)) n + σ(z) h[t-1], n = tanh(W x[t] + b + σ(r) (U h[t-1] + c))";
    def.source = "Cho et al.: Learning phrase representations using RNN encoder-decoder, 2014";
    return def;
}

} // namespace gradwright::layers
