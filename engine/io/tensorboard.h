// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/posix_file.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string_view>

namespace gradwright {

/// Writes scalars as a TensorBoard event file, `events.out.tfevents.<time>.<host>`. Each record
/// reaches the operating system in one call. Throws Error when the file cannot be written.
class TensorBoardWriter {
public:
    using Time = std::chrono::system_clock::time_point;

    /// Starts a new file (single-precision values, as the format has) in `folder`, beside those of
    /// earlier starts. It begins with a SessionLog START event of `firstStep`, by which TensorBoard
    /// drops that step and later ones of earlier files: they are made again.
    explicit TensorBoardWriter(const std::filesystem::path& folder,
                               Time time = std::chrono::system_clock::now(),
                               std::int64_t firstStep = 0);

    void scalar(std::string_view tag, std::int64_t step, double value,
                Time time = std::chrono::system_clock::now());

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    void writeRecord(std::string_view event);

    std::filesystem::path path_;
    UniqueFd file_;
    std::uint64_t size_ = 0;
};

} // namespace gradwright
