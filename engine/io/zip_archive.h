// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/io/byte_region.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace gradwright {

/// A ZIP archive (PKWARE's APPNOTE.TXT, with its 64-bit sizes) whose members are read in place.
class ZipArchive {
public:
    /// Throws Error naming the file when it is no archive or its list of members is damaged.
    explicit ZipArchive(const std::filesystem::path& path);

    [[nodiscard]] bool contains(std::string_view name) const;
    /// The members whose names end so, in the order of the archive.
    [[nodiscard]] std::vector<std::string> namesEndingIn(std::string_view ending) const;
    /// The member's bytes: where they lie in the file if they are stored, in memory if they are
    /// packed. Throws Error naming file and member when there is none, when it has more than `most`
    /// bytes, is packed in a way other than deflate, encrypted or damaged.
    [[nodiscard]] ByteRegion open(std::string_view name, std::uint64_t most) const;

private:
    struct Member {
        std::string name{};
        std::uint64_t offset = 0;
        std::uint64_t packed = 0;
        std::uint64_t size = 0;
        std::uint32_t checksum = 0; ///< CRC-32
        std::uint16_t method = 0;
        bool isEncrypted = false;
    };
    void readDirectory();
    std::uint64_t readEntry(std::uint64_t at);

    ByteRegion file_;
    std::vector<Member> members_;
};

} // namespace gradwright
