// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/system_memory.h"

#include <fstream>
#include <limits>
#include <string>

#if defined(__linux__)
#include <sys/mman.h>
#endif
#if defined(__GLIBC__)
#include <malloc.h>
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
    constexpr std::size_t page = std::size_t{1} << 21U;
    const auto skipped = (page - reinterpret_cast<std::uintptr_t>(memory) % page) % page;
    if (bytes < skipped + page)
        return;
    auto* begin = static_cast<std::byte*>(const_cast<void*>(memory)) + skipped;
    // A kernel without large pages refuses, which is as well.
    madvise(begin, (bytes - skipped) / page * page, MADV_HUGEPAGE);
#endif
}

void FreedMemory::add(std::size_t bytes) {
    constexpr std::size_t kWorthwhile = std::size_t{16} << 20;
    bytes_ += bytes;
    if (bytes_ < kWorthwhile)
        return;
    bytes_ = 0;
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
}

} // namespace gradwright
