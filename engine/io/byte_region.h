// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/posix_file.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace gradwright {

/// Bytes in a row, in a file or in memory, that are read where they are needed. Copies share them.
class ByteRegion {
public:
    /// Those of a file. Throws Error when it cannot be read.
    explicit ByteRegion(const std::filesystem::path& path);
    /// Bytes in memory; `name` is what errors call them.
    ByteRegion(std::string bytes, std::string name);

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] std::uint64_t size() const { return size_; }
    /// Where it begins in the file or the memory that it is a part of.
    [[nodiscard]] std::uint64_t begin() const { return begin_; }
    /// Fills `out` from that byte on. Throws Error naming the region when it ends before.
    void read(std::uint64_t offset, std::span<std::byte> out) const;
    [[nodiscard]] std::string text(std::uint64_t offset, std::uint64_t count) const;
    /// Whole numbers of up to eight bytes, the lowest byte first.
    [[nodiscard]] std::uint64_t number(std::uint64_t offset, std::size_t bytes) const;
    /// A part under a name of its own. Throws Error when it reaches beyond the region.
    [[nodiscard]] ByteRegion part(std::uint64_t offset, std::uint64_t count,
                                  std::string name) const;

private:
    ByteRegion() = default;
    /// Throws Error when the region ends before.
    void require(std::uint64_t offset, std::uint64_t count) const;

    std::string name_;
    std::filesystem::path path_;
    std::shared_ptr<const UniqueFd> file_;
    std::shared_ptr<const std::string> bytes_; ///< in place of a file
    std::uint64_t begin_ = 0;
    std::uint64_t size_ = 0;
};

} // namespace gradwright
