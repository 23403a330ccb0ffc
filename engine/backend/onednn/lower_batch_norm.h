// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/compiler.h"

namespace gradwright::onednn {

/// What makes the variance of so many numbers an unbiased one. A single value has none; its biased
/// one, 0, is taken.
inline float unbiasingFactor(double count) {
    return static_cast<float>(count > 1 ? count / (count - 1) : 1);
}

/// Batch normalization of a part of a batch by the statistics of all of it, in training.
void lowerInParts(Compiler& compiler, const OpContext& context, const BatchNormOp& op,
                  Lowered* source);

} // namespace gradwright::onednn
