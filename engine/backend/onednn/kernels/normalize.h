// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op.h"

#include <cstddef>

namespace gradwright::onednn {

// All row-major.

/// Groups of values that lie side by side, and where their weights are.
struct NormalizePlan {
    std::size_t groups = 1; ///< in the batch
    std::size_t size = 1;   ///< of each
    /// Neighbours that share a weight; with 1 each has its own.
    std::size_t run = 1;
    std::size_t weights = 1; ///< after which the weights repeat
    bool centre = true;
    float epsilon = 1e-5F;
};

/// `scale` and `shift` may be null. `mean` and `inverse` (1 / deviation) are kept for the backward
/// pass, one a group.
void normalize(const NormalizePlan& plan, float* out, float* mean, float* inverse, const float* in,
               const float* scale, const float* shift);
/// `out`: the gradient of the input.
void normalizeBackward(const NormalizePlan& plan, float* out, const float* in, const float* mean,
                       const float* inverse, const float* scale, const float* gradient);
/// The gradients of scale and shift; either may be null.
void normalizeWeightGradients(const NormalizePlan& plan, float* scale, float* shift,
                              const float* in, const float* mean, const float* inverse,
                              const float* gradient);

struct ResponsePlan {
    std::size_t batch = 1, channels = 1, positions = 1;
    LocalResponseNormOp op;
};

/// `denominators`: k + alpha / size · Σ x², kept for the backward pass.
void normalizeResponse(const ResponsePlan& plan, float* out, float* denominators, const float* in);
/// `scratch` has as many elements as the input.
void normalizeResponseBackward(const ResponsePlan& plan, float* out, float* scratch,
                               const float* in, const float* denominators, const float* gradient);

} // namespace gradwright::onednn
