// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/passes/inference/optimize.h"

#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// An op of an example, as it is drawn.
struct ExampleOp {
    std::string title; ///< "conv", "conv + relu"
    std::string path;
    std::size_t rank = 0;               ///< the longest way from the input, which is 0
    std::vector<std::size_t> sources{}; ///< places in the list
    bool isChanged = false;             ///< the pass names it, or has made it
};

/// A small network before a pass for inference and after it, the input first. The pass itself makes
/// the second of the first.
struct PassExample {
    std::vector<ExampleOp> before, after;
};
/// Throws Error for a key that no pass has.
PassExample passExample(std::string_view key);

} // namespace gradwright
