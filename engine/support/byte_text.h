// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

namespace gradwright {

/// How much memory or file that is, in units of 1024 (IEC 80000-13), as it is written everywhere:
/// "320 B", "9.2 KiB", "98 MiB". Rates and the capacities in data sheets' names are decimal.
std::string bytesText(std::int64_t bytes);

} // namespace gradwright
