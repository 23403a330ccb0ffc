// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/line_scan.h"

#include "engine/io/atomic_file.h"

#include <charconv>
#include <cmath>
#include <string>

namespace gradwright {
namespace {

/// What stands behind `"key":`; nothing where it is missing.
std::optional<std::string_view> behindKey(std::string_view line, std::string_view key) {
    for (auto at = line.find(key); at != std::string_view::npos; at = line.find(key, at + 1)) {
        const auto end = at + key.size();
        if (at > 0 && line[at - 1] == '"' && line.substr(end).starts_with("\":"))
            return line.substr(end + 2);
    }
    return {};
}

} // namespace

void scanLines(const std::filesystem::path& file,
               const std::function<void(std::string_view, std::size_t)>& use) {
    const auto text = readTextFile(file, kMaxFileBytes);
    std::size_t number = 0;
    for (std::size_t begin = 0; begin < text.size();) {
        const auto end = text.find('\n', begin);
        if (end == std::string::npos)
            return; // it is still being written, or its writer was killed
        use(std::string_view(text).substr(begin, end - begin), ++number);
        begin = end + 1;
    }
}

bool isInLine(std::string_view line, std::string_view key) {
    return behindKey(line, key).has_value();
}

std::optional<double> numberInLine(std::string_view line, std::string_view key) {
    const auto rest = behindKey(line, key);
    if (!rest)
        return {};
    double number = 0;
    const auto [end, error] = std::from_chars(rest->data(), rest->data() + rest->size(), number);
    const bool isWhole = error == std::errc{} && std::isfinite(number) &&
                         (end == rest->data() + rest->size() || *end == ',' || *end == '}');
    return isWhole ? std::optional(number) : std::nullopt;
}

} // namespace gradwright
