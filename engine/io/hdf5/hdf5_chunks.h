// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/io/hdf5/hdf5_file.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace gradwright {

/// Deflate cannot shrink data further (zlib's technical notes).
inline constexpr std::uint64_t kMostDeflateRatio = 1032;

/// Puts the chunks of an array where its elements belong; chunks that were never written stay as
/// `out` is. Throws Error naming the region when they are damaged.
void readHdf5Chunks(const ByteRegion& file, const Hdf5Dataset& dataset, std::span<std::byte> out);

} // namespace gradwright
