// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <csignal>
#include <stop_token>
#include <thread>

namespace gradwright::cli {

/// While it lives, Ctrl+C and SIGTERM request a stop instead of ending the program; a second one
/// ends it. Make it before other threads start: they inherit the blocked signals.
class Interrupt {
public:
    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

private:
    void watch(const std::stop_token& done);

    sigset_t signals_{};
    sigset_t before_{};
    std::stop_source source_;
    std::jthread watcher_;
};

} // namespace gradwright::cli
