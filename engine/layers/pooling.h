// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/window.h"

namespace gradwright::layers {

/// What maximum and average pooling over one, two and three axes share; each adds its words.
LayerDef pooling(PoolKind kind, std::size_t axes);

} // namespace gradwright::layers
