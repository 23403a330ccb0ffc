// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/kernels/channels.h"
#include "engine/ops/activation.h"

namespace gradwright::onednn {

/// Of the functions that oneDNN does not have, step, hard sigmoid, SELU, CELU and softsign:
/// out = f(in); out may be in.
void activate(const Activation& activation, float* out, const float* in, std::size_t size);
/// out = gradient · f'(in); out may be gradient or in.
void activateBackward(const Activation& activation, float* out, const float* in,
                      const float* gradient, std::size_t size);

/// The same of a piece, by the thread that calls, and of any activation: for ops that run several
/// functions in one pass. Where oneDNN has the function, the results may differ by rounding.
void activatePiece(const Activation& activation, float* out, const float* in, std::size_t size);
void activateBackwardPiece(const Activation& activation, float* out, const float* in,
                           const float* gradient, std::size_t size);

/// out = in where in > 0, else slope · in; `slopes` has one a channel (view.channels() of them) or,
/// with `single`, one in all.
void prelu(const ChannelView& view, float* out, const float* in, const float* slopes, bool single);
/// The gradients of input and slopes.
void preluBackward(const ChannelView& view, float* out, float* slopeGradients, const float* in,
                   const float* slopes, const float* gradient, bool single);

} // namespace gradwright::onednn
