// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/dataset.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// Stands first in every vocabulary, for characters that the training part does not have.
inline constexpr std::string_view kUnknownCharacter = "\xEF\xBF\xBD"; // U+FFFD

struct TextOptions {
    std::int64_t steps = 64; ///< characters a sample
    bool lowerCase = false;  ///< A to Z become a to z
    double testFraction = 0.1;
    bool asBefore = false; ///< see DataChoice::asBefore
};

/// The UTF-8 characters of a text.
std::vector<std::string_view> charactersOf(std::string_view text);

/// The number of each character in a vocabulary; 0 for one that it does not have.
std::vector<std::int32_t> encodeText(std::string_view text,
                                     const std::vector<std::string>& vocabulary);

/// The characters of a text that a vocabulary does not have, each once, as they come.
std::vector<std::string> unknownCharacters(std::string_view text,
                                           const std::vector<std::string>& vocabulary);

/// Samples of `steps` characters whose classes are the characters that follow each of them. The
/// text's end is held back to test with; the vocabulary is that of the rest, so that the size of a
/// network does not hang on which part of it validates. `file` is for messages. Throws Error when
/// the text is in no known encoding or too short.
Dataset textDataset(std::string text, const std::string& file, const TextOptions& options);

/// Reads a file, gzip or not. Throws Error naming it.
std::string readText(const std::filesystem::path& file);

} // namespace gradwright
