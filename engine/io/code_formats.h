// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/graph/network.h"

#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// A programming framework that a network can be written for.
struct CodeFormat {
    std::string key;    ///< "pytorch"
    std::string title;  ///< "PyTorch"
    std::string ending; ///< ".py"
    /// The file's text. Throws Error with the reasons when the network cannot run.
    std::string (*write)(const Network& network);
};

const std::vector<CodeFormat>& codeFormats();
/// Throws Error listing the known keys when there is no such format.
const CodeFormat& codeFormat(std::string_view key);

} // namespace gradwright
