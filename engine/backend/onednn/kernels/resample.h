// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op.h"

#include <cstddef>

namespace gradwright::onednn {

/// One axis of a row-major array, [outer, in, inner] → [outer, out, inner].
struct ResampleStep {
    AxisTerms terms;
    std::size_t outer = 1, in = 1, out = 1, inner = 1;
    float outside = 0; ///< the value of what has no terms
};

void resample(const ResampleStep& step, float* out, const float* in);
/// The gradient of the input, from that of the output.
void resampleBackward(const ResampleStep& step, float* out, const float* gradient);

} // namespace gradwright::onednn
