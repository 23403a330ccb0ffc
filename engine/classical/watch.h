// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <stop_token>

namespace gradwright {

/// Thrown out of work that was asked to stop. It is no Error: nothing went wrong.
struct FitStopped {};

/// How far work has come, and whether it is to stop. Each call comes from the thread that asked for
/// the work.
struct Watch {
    std::stop_token stop{};
    std::function<void(double share)> progress{}; ///< share in [0, 1]; may be empty

    /// Throws FitStopped when a stop was asked for.
    void check() const {
        if (stop.stop_requested())
            throw FitStopped{};
    }
    /// The same, telling how far it is.
    void reach(double share) const {
        check();
        if (progress)
            progress(share);
    }
    /// A part of the work, from one share to another.
    [[nodiscard]] Watch part(double from, double to) const {
        if (!progress)
            return {stop, {}};
        return {stop,
                [tell = progress, from, to](double share) { tell(from + (to - from) * share); }};
    }
};

} // namespace gradwright
