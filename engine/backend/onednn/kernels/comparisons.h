// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op.h"

#include <cstddef>
#include <cstdint>

namespace gradwright::onednn {

// Per-sample losses of row-major [batch][features] predictions; when `residuals` is given also the
// gradient of each by its prediction. What they compute: engine/ops/op.h.

void elementLoss(const ElementLossOp& op, const float* prediction, const float* target,
                 std::size_t batch, std::size_t features, float* losses, float* residuals);
void hingeLoss(const HingeLossOp& op, const float* scores, const std::int32_t* classes,
               std::size_t batch, std::size_t count, float* losses, float* residuals);
void cosineLoss(const float* prediction, const float* target, std::size_t batch,
                std::size_t features, float* losses, float* residuals);

} // namespace gradwright::onednn
