// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/kernels/recurrent.h"

#include <string>

namespace gradwright::onednn {

/// The weights of a recurrent op, row-major as RecurrentOp lists them.
struct VariantWeights {
    const float *input, *state;
    const float *biasOfInput, *biasOfState;
    const float* peepholes; ///< null without
};

/// Room for a pass of recurVariant().
struct VariantScratch {
    float* fromInput; ///< W x: [batch·steps, gates·units], in the order of the input
    float* terms;     ///< U h: [batch, gates·units]
    float* h;         ///< [batch, units]
    float* c;         ///< the same, of an LSTM
    float* reset;     ///< the same, of a GRU that resets before the product
};

/// The forward pass of an op that only reads (RecurrentOp::isPlain() does not hold). `lengths`: of
/// each sample's sequence, or null. Throws Error for one that is longer than the sequence.
void recurVariant(const RecurrentPlan& plan, const std::string& path, const RecurrentValues& values,
                  const float* lengths, const VariantWeights& weights,
                  const VariantScratch& scratch);

} // namespace gradwright::onednn
