// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/system_memory.h"

#include <fstream>
#include <limits>
#include <string>

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

} // namespace gradwright
