// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/engine/exchange/imported_model.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace gradwright::test {

using Layers = std::map<std::string, int>;
using Build = std::function<std::string(ModelBuilder&)>;

/// A model as another program writes it, and the layers that it must open as.
struct ForeignCase {
    const char* name;
    Layers layers;
    Build build; ///< returns the output
};

std::vector<ForeignCase> foreignCases();

// Nodes that several models have.
std::string convolution(ModelBuilder& b, const std::string& x, std::int64_t filters,
                        std::int64_t channels, bool bias = true);
std::string turned(ModelBuilder& b, const std::string& x, const std::vector<std::int64_t>& perm);

} // namespace gradwright::test
