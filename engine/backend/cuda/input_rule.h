// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/op_graph.h"

#include <string>

namespace gradwright::cuda {

/// What ops demand of the numbers that batches bring: whole ones, 0 to `below` - 1. Kernels that
/// look something up by them could only read elsewhere.
struct InputRule {
    enum class Of { Nothing, Classes, Entries, Lengths };
    Of of = Of::Nothing;
    std::int64_t below = 0;
    std::string path = {}; ///< of the op that says so
};

/// Of the ops that read the input, the strictest.
InputRule ruleFor(const OpGraph& graph, ValueId input);

/// Throws Error, as the CPU's engines do, for the first of `count` numbers that breaks the rule:
/// I32 for classes, F32 for entries of an embedding.
void requireRule(const InputRule& rule, const void* numbers, std::size_t count);

} // namespace gradwright::cuda
