// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace gradwright {

/// How many threads the machine offers to this process.
int availableThreads();
/// Sets how many threads programs run by the calling thread use; 0 takes all available. Returns the
/// number.
int setComputeThreads(int threads);

} // namespace gradwright
