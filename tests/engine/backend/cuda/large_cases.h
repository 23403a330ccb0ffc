// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/engine/backend/op_cases.h"

namespace gradwright::test {

/// Cases of ops in sizes at which a GPU's kernels share the work out otherwise: several tiles,
/// blocks or parts of a sum.
std::vector<OpCase> largeCases();

} // namespace gradwright::test
