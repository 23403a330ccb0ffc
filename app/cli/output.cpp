// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/output.h"

#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>

namespace gradwright::cli {

void printLine(const std::string& line) {
    if (std::fputs(line.c_str(), stdout) == EOF || std::fputc('\n', stdout) == EOF ||
        std::fflush(stdout) != 0)
        throw Error("the result cannot be written to standard output: {}", std::strerror(errno));
}

void printJson(const Json& json) {
    printLine(json.dump(2, ' ', false, Json::error_handler_t::replace));
}

std::string grouped(std::int64_t number) {
    const auto digits = std::to_string(number);
    const std::size_t sign = number < 0 ? 1 : 0;
    std::string text;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i > sign && (digits.size() - i) % 3 == 0)
            text += ',';
        text += digits[i];
    }
    return text;
}

std::string groupedCount(std::int64_t count, std::string_view one, std::string_view many) {
    auto text = grouped(count) + " ";
    if (count == 1 || many.empty())
        text += one;
    else
        text += many;
    return count == 1 || !many.empty() ? text : text + "s";
}

std::string durationText(double seconds) {
    if (!(seconds >= 0) || seconds > 1e9)
        return "unknown";
    const auto whole = static_cast<std::int64_t>(std::lround(seconds));
    if (whole < 60)
        return fmt::format("{} s", whole);
    if (whole < 3600)
        return fmt::format("{} min {} s", whole / 60, whole % 60);
    return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

std::size_t columnsOf(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string padded(std::string_view text, std::size_t columns) {
    const auto used = columnsOf(text);
    std::string result(text);
    result.append(used < columns ? columns - used : 0, ' ');
    return result;
}

} // namespace gradwright::cli
