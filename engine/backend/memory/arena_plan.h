// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/memory/execution.h"

namespace gradwright {

/// Where the buffers of a program lie in one piece of memory.
struct ArenaPlan {
    std::vector<std::size_t> offsets; ///< by buffer; of those without a life 0
    std::size_t bytes = 0;            ///< of the whole
};

/// Buffers share memory where their lives do not overlap: the largest first, each at the lowest
/// offset that is free during its lives.
ArenaPlan planArena(const Outline& outline, const Execution& execution);

} // namespace gradwright
