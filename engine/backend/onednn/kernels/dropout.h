// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"
#include "engine/backend/onednn/layout.h"

namespace gradwright::onednn {

/// Draws which elements to keep, row-major, into `drawn`; brings them into the order of the memory
/// in `keep` (may be `drawn` when the layout is row-major) with 0 in the padding. The layout's
/// batch starts at sample `firstSample`.
void drawDropout(const DropoutOp& op, StepSeed seed, std::size_t firstSample, const Layout& layout,
                 std::uint8_t* drawn, std::uint8_t* keep);
/// out = keep ? in * scale : 0; out may be in.
void applyDropout(float* out, const float* in, const std::uint8_t* keep, float scale,
                  std::size_t size);

/// out = in + the step's noise from element `first` on, drawn into `noise`, row-major; out may be
/// in.
void addNoise(const GaussianNoiseOp& op, StepSeed seed, std::size_t first, float* out, float* noise,
              const float* in, std::size_t size);

} // namespace gradwright::onednn
