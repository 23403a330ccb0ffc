// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace gradwright {

/// Unsigned bytes in row-major order, as the IDX files of MNIST hold them.
struct IdxArray {
    std::vector<std::int64_t> dims;
    std::vector<std::uint8_t> values;
};

struct IdxHeader {
    std::vector<std::int64_t> dims;
    std::int64_t start = 0; ///< of the values, in bytes
    std::int64_t bytes = 0; ///< of the values
    bool isPacked = false;  ///< by gzip
};

/// Throws what readIdx() throws of the header and of the size of the file.
IdxHeader readIdxHeader(const std::filesystem::path& path, std::size_t rank);

/// Reads an IDX file of unsigned bytes with `rank` dimensions (3 for images, 1 for labels), gzip or
/// not, told apart by content. Throws Error naming the file, the rule and the received value when
/// it is missing, of another kind, cut short, longer than its header says, or damaged.
IdxArray readIdx(const std::filesystem::path& path, std::size_t rank);

} // namespace gradwright
