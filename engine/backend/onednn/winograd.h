// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/conv_plan.h"

namespace gradwright::onednn {

/// Computes the convolution by Winograd's minimal filtering of 4 × 4 outputs at a time (Lavin and
/// Gray 2016, arXiv:1509.09308) where that is expected to be faster: 3 × 3 kernels of stride 1
/// between many channels, with a quarter of the multiplications. Its roundings are larger than
/// those of direct convolution, some 1e-6 of the result's norm. The layouts stay. Does nothing
/// where oneDNN has no such implementation. `isAlone`: one thread computes it.
void takeWinograd(ConvPlan& plan, const ConvProblem& problem, std::int64_t batch, bool isAlone);

} // namespace gradwright::onednn
