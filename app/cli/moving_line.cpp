// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/cli/moving_line.h"

#include "app/cli/output.h"

#include <fmt/format.h>
#include <unistd.h>

namespace gradwright::cli {

MovingLine::MovingLine()
    : isTerminal_(isatty(STDERR_FILENO) == 1) {}

MovingLine::~MovingLine() {
    clear();
}

void MovingLine::show(const std::string& what, double share) {
    constexpr auto kBetween = std::chrono::milliseconds(100);
    const auto now = std::chrono::steady_clock::now();
    if (!isTerminal_ || now - last_ < kBetween)
        return;
    last_ = now;
    const auto line = fmt::format("{}  {:.0f} %", what, 100 * share);
    fmt::print(stderr, "\r{}", padded(line, columns_));
    columns_ = columnsOf(line);
}

void MovingLine::clear() {
    if (columns_ > 0)
        fmt::print(stderr, "\r{}\r", std::string(columns_, ' '));
    columns_ = 0;
}

} // namespace gradwright::cli
