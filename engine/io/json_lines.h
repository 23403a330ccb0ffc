// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/json.h"
#include "engine/support/posix_file.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace gradwright {

enum class JsonLinesMode {
    Create, ///< starts an empty file, dropping an older one
    Append, ///< continues after the last complete line, cutting off a torn one
};

/// Writes one JSON value a line. Each line reaches the operating system in one call, so that it
/// survives the process and a reader never sees two mixed.
class JsonLinesWriter {
public:
    JsonLinesWriter(std::filesystem::path path, JsonLinesMode mode);

    /// Throws Error when the line cannot be written whole; nothing of it is left then. Numbers that
    /// JSON lacks (NaN, infinities) become null.
    void write(const Json& value);
    /// Makes what was written survive a crash of the machine.
    void sync();

    /// Bytes of a torn last line that were cut off when the file was opened.
    [[nodiscard]] std::uint64_t droppedBytes() const { return droppedBytes_; }

private:
    std::filesystem::path path_;
    UniqueFd file_;
    std::uint64_t size_ = 0;
    std::uint64_t droppedBytes_ = 0;
};

struct JsonLines {
    std::vector<Json> records;
    std::uint64_t endOffset = 0;         ///< byte after the last complete line: read on from here
    std::optional<std::uint64_t> tornAt; ///< byte at which an unfinished last line starts
};

/// Reads the complete lines from byte `fromOffset` on, which must be a line's first (0 or an
/// earlier endOffset). A last line without its line break is still being written, or its writer was
/// killed: it is left out and reported. Any other line that is not JSON throws Error with its
/// number.
JsonLines readJsonLines(const std::filesystem::path& path, std::uint64_t fromOffset = 0);

} // namespace gradwright
