// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/io/safetensors.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

struct SafetensorsEntry {
    std::string name;
    DType dtype = DType::F32;
    std::vector<std::int64_t> shape;
    std::uint64_t begin = 0; ///< bytes from the start of the payload
    std::uint64_t end = 0;
};

struct SafetensorsHeader {
    std::map<std::string, std::string> metadata;
    std::vector<SafetensorsEntry> entries; ///< in the order of the payload
};

/// Parses and validates the JSON header of a file with `payloadBytes` bytes behind it. Throws Error
/// starting with `what`.
SafetensorsHeader parseSafetensorsHeader(std::string_view text, std::uint64_t payloadBytes,
                                         std::string_view what, const SafetensorsLimits& limits);

/// Compact JSON as the reference implementation writes it, not yet padded. Throws Error when a name
/// or a metadata text is not UTF-8.
std::string formatSafetensorsHeader(const SafetensorsHeader& header, std::string_view what);

/// Text from a file as it may be shown: in quotation marks, control characters escaped, shortened.
std::string quotedText(std::string_view text);

} // namespace gradwright
