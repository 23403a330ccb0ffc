// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/shared_params.h"

namespace gradwright::layers {

/// The declaration that maximum and average pooling share.
LayerDef pooling2d(std::string key, std::string title, std::string doc);
Pool2dOp poolingOp(const LowerContext& context, PoolKind kind);

} // namespace gradwright::layers
