// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/system_memory.h"

#include <fstream>
#include <limits>
#include <string>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace gradwright {

std::optional<std::int64_t> availableMemory() {
    std::ifstream meminfo("/proc/meminfo");
    return availableMemory(meminfo);
}

std::optional<std::int64_t> availableMemory(std::istream& meminfo) {
    constexpr std::int64_t kKibibyte = 1024;
    std::string word;
    while (meminfo >> word) {
        std::int64_t kibibytes = 0;
        if (word == "MemAvailable:")
            return meminfo >> kibibytes ? std::optional(kibibytes * kKibibyte) : std::nullopt;
        meminfo.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
    }
    return {};
}

void preferLargePages([[maybe_unused]] const void* memory, [[maybe_unused]] std::size_t bytes) {
#if defined(__linux__)
    constexpr std::uintptr_t page = std::uintptr_t{1} << 21U;
    const auto address = reinterpret_cast<std::uintptr_t>(memory);
    const auto begin = (address + page - 1) / page * page;
    const auto end = (address + bytes) / page * page;
    if (begin < end) // a kernel without large pages refuses, which is as well
        madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#endif
}

} // namespace gradwright
