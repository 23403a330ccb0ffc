// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/window.h"

namespace gradwright::layers {

/// What the recurrent layers share; each adds its words.
LayerDef recurrent(CellKind cell);

} // namespace gradwright::layers
