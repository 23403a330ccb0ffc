// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/json_fwd.h"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace gradwright {

struct JsonLimits {
    std::size_t bytes = std::size_t{64} << 20;
    int depth = 64;
};

/// Parses untrusted text. Throws Error naming `what`, line and column when the text is not JSON, is
/// larger or nested deeper than the limits, or repeats a key.
Json parseJson(std::string_view text, std::string_view what, JsonLimits limits = {});

/// The value as text for a message, cut to a readable length whatever a file holds.
std::string dumpExcerpt(const Json& json);
/// A text for a message, cut likewise, never within a UTF-8 character.
std::string excerpt(std::string_view text);

} // namespace gradwright
