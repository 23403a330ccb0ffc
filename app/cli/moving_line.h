// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <string>

namespace gradwright::cli {

/// How far work has come, in a line on standard error that is written over; nothing where that is
/// no terminal. The line goes when the object does.
class MovingLine {
public:
    MovingLine();
    ~MovingLine();
    MovingLine(const MovingLine&) = delete;
    MovingLine& operator=(const MovingLine&) = delete;

    /// "Fitting SVM  42 %".
    void show(const std::string& what, double share);
    /// Before something else is written.
    void clear();

private:
    bool isTerminal_;
    std::size_t columns_ = 0; ///< of what is shown
    std::chrono::steady_clock::time_point last_;
};

} // namespace gradwright::cli
