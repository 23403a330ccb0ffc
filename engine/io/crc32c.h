// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string_view>

namespace gradwright {

/// The Castagnoli cyclic redundancy check (RFC 3720, appendix B.4), which zlib does not have.
std::uint32_t crc32c(std::string_view bytes);

} // namespace gradwright
