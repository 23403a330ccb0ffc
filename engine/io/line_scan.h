// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string_view>

namespace gradwright {

/// Calls `use` with each complete line of a file of JSON lines and its number from 1 on, as text: a
/// log has a line per step, and reading all of them as JSON takes long. Throws Error naming the
/// file.
void scanLines(const std::filesystem::path& file,
               const std::function<void(std::string_view line, std::size_t number)>& use);

/// Whether a line has the key, as JsonLinesWriter writes it.
bool isInLine(std::string_view line, std::string_view key);
/// The number behind a key of a line that JsonLinesWriter wrote. Nothing where the line lacks the
/// key or has something else behind it. Keys of objects within the line count as its own.
std::optional<double> numberInLine(std::string_view line, std::string_view key);

} // namespace gradwright
