// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gradwright {

/// Deflate cannot shrink data further (zlib's technical notes): packed bytes that claim to hold
/// more are damaged.
inline constexpr std::size_t kMostInflation = 1032;

/// Unpacks a stream of deflate without header (RFC 1951) that holds so many bytes; nothing when it
/// is damaged or holds another number of them. Takes that much memory at once, so callers check it.
std::optional<std::string> inflated(std::string_view packed, std::size_t size);

} // namespace gradwright
