// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/processor_info.h"

#include <array>
#include <fstream>

namespace gradwright::onednn {

std::string processorInfo(std::string_view key) {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with(key))
            if (const auto colon = line.find(": "); colon != std::string::npos)
                return line.substr(colon + 2);
    return {};
}

std::string_view newestInstructions(std::string_view flags) {
    // Newest first.
    constexpr std::array<std::array<std::string_view, 2>, 11> known{{
        {"avx10_2", "AVX10.2"},
        {"avx10_1", "AVX10.1"},
        {"amx_fp16", "AVX-512 AMX FP16"},
        {"amx_tile", "AVX-512 AMX"},
        {"avx512_fp16", "AVX-512 FP16"},
        {"avx512_bf16", "AVX-512 BF16"},
        {"avx512_vnni", "AVX-512 VNNI"},
        {"avx512f", "AVX-512"},
        {"avx_vnni", "AVX2 VNNI"},
        {"avx2", "AVX2"},
        {"avx", "AVX"},
    }};
    const auto has = [flags](std::string_view flag) {
        for (auto at = flags.find(flag); at != flags.npos; at = flags.find(flag, at + 1)) {
            const auto end = at + flag.size();
            if ((at == 0 || flags[at - 1] == ' ') && (end == flags.size() || flags[end] == ' '))
                return true;
        }
        return false;
    };
    for (const auto& [flag, name] : known)
        if (has(flag))
            return name;
    return "SSE2";
}

} // namespace gradwright::onednn
