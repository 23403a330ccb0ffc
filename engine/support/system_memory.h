// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <istream>
#include <optional>

namespace gradwright {

/// Bytes that programs can still get without swapping, as the kernel estimates it; nothing where
/// the system does not tell.
std::optional<std::int64_t> availableMemory();

/// The same from a text in the form of /proc/meminfo (proc(5): MemAvailable, in KiB).
std::optional<std::int64_t> availableMemory(std::istream& meminfo);

} // namespace gradwright
