// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"

namespace gradwright {

/// What a program of the CPU engine would report, above all its memory, without making it: takes no
/// memory of that size and a fraction of the time. Throws what its compile() throws.
ProgramReport planOneDnn(const OpGraph& graph, const CompileOptions& options);

} // namespace gradwright
