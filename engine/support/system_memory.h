// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <optional>

namespace gradwright {

/// Bytes that programs can still get without swapping, as the kernel estimates it; nothing where
/// the system does not say.
std::optional<std::int64_t> availableMemory();

/// The same from a text in the form of /proc/meminfo (proc(5): MemAvailable, in KiB).
std::optional<std::int64_t> availableMemory(std::istream& meminfo);

/// Asks the system to back memory that has not been touched yet with large pages (2 MB), as far as
/// it covers whole ones. It pays where many places far apart are read in no order: the processor
/// remembers the addresses of a few hundred pages only. Without effect where there are none.
void preferLargePages(const void* memory, std::size_t bytes);

/// Gives memory that was freed in many pieces back to the system while more of it is needed
/// elsewhere: by itself the C library keeps it for allocations of the same size.
class FreedMemory {
public:
    /// So many bytes have been freed. Returns them from time to time, where the library can.
    void add(std::size_t bytes);

private:
    std::size_t bytes_ = 0; ///< since the last time
};

} // namespace gradwright
