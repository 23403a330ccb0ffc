// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <filesystem>
#include <string_view>

namespace gradwright {

/// Whether the file's name ends so, ".onnx", in letters of either case.
inline bool hasEnding(const std::filesystem::path& file, std::string_view ending) {
    auto own = file.extension().string();
    std::ranges::transform(own, own.begin(), [](unsigned char c) {
        return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    });
    return own == ending;
}

} // namespace gradwright
