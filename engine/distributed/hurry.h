// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>

namespace gradwright {

/// How long, from now on, a rank of this process that was told to stop waits for another one;
/// Communicator::kHurriedPatience before the first call. For a stop that nobody enforces: ranks
/// that compute long steps then end together. May be called from any thread.
void setHurriedPatience(std::chrono::nanoseconds patience);

} // namespace gradwright
