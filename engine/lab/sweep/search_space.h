// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// One setting that a search varies, and over what.
struct Dimension {
    std::string key; ///< as sweepSetting() takes it
    /// The values of a list; empty for a range.
    std::vector<std::string> values = {};
    double low = 0;
    double high = 0; ///< included
    bool isLogarithmic = false;
    bool isInteger = false;
    std::int64_t gridPoints = 0; ///< of a range, as it was asked for; 0: not said

    [[nodiscard]] bool isList() const { return !values.empty(); }
    /// What a number in [0, 1] stands for: a list's values share it out evenly, a whole number has
    /// the part that rounds to it.
    [[nodiscard]] std::string at(double unit) const;
    /// The middle of what stands for the text. Throws Error where it is no value of the dimension.
    [[nodiscard]] double unitOf(std::string_view text) const;
    /// What a grid tries: the list, or `gridPoints` values of the range, else `otherwise`, evenly
    /// spaced on its scale with both ends, each once.
    [[nodiscard]] std::vector<std::string> grid(std::int64_t otherwise) const;
};

using SearchSpace = std::vector<Dimension>;

inline constexpr std::int64_t kGridPoints = 5;
inline constexpr std::size_t kMaxDimensions = 40;

/// Reads "KEY=A..B", "KEY=A..B:log", "KEY=A..B:log:7" (7 points of a grid) or "KEY=a,b,c", several
/// separated by ";" or line breaks. Every value must be one of the project's setting. Throws Error
/// naming the part, the rule and what was given.
SearchSpace searchSpaceFrom(std::string_view text, const Project& project);
/// The same as text.
std::string textOf(const SearchSpace& space);

/// What a search could try of a setting, as "KEY=…": around its present value, or all choices.
/// Empty where nothing is obvious, as for a file. Throws Error for no setting.
std::string proposedSearch(const Project& project, std::string_view key);

/// A value for each dimension.
using SearchPoint = std::vector<std::string>;

/// The project with these settings: recipes first, since others are theirs. Throws Error.
Project projectAt(const Project& project, const SearchSpace& space, const SearchPoint& point);

/// "learning_rate=0.001, batch=32"
std::string textOf(const SearchSpace& space, const SearchPoint& point);

} // namespace gradwright
