// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <exception>
#include <stop_token>

namespace gradwright {

/// Thrown out of work that was asked to stop. It is no Error: nothing went wrong.
class WorkStopped final : public std::exception {
public:
    [[nodiscard]] const char* what() const noexcept override { return "stopped"; }
};

/// Throws WorkStopped when a stop was asked for.
inline void throwIfStopped(const std::stop_token& stop) {
    if (stop.stop_requested())
        throw WorkStopped();
}

} // namespace gradwright
