// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/recurrent.h"

namespace gradwright::layers {

LayerDef lstm() {
    auto def = recurrent(CellKind::Lstm);
    def.key = "lstm";
    def.doc = "Reads a sequence step by step with a memory cell, which gates fill, keep and read, "
              "so that it can remember over many steps.";
    def.formula = "c[t] = σ(f) c[t-1] + σ(i) tanh(g), h[t] = σ(o) tanh(c[t]); i, f, g, o = W x[t] "
                  "+ b + U h[t-1] + c";
    def.source = "Hochreiter, Schmidhuber: Long short-term memory, 1997; Gers, Schmidhuber, "
                 "Cummins: Learning to forget, 2000";
    return def;
}

} // namespace gradwright::layers
