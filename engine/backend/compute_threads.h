// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace gradwright {

class ComputePool;

/// How many threads the machine offers to this process.
int availableThreads();
/// Sets how many threads programs run by the calling thread use; 0 takes all available. Returns the
/// number. These threads take denormal numbers for 0 from then on: the moments of an optimizer
/// decay into them where a pixel is always black, and many processors take a hundred times longer
/// for each (Intel 64 Optimization Reference Manual, "Floating-Point Exceptions").
int setComputeThreads(int threads);
/// The threads of programs that the calling thread runs: as many as setComputeThreads() said, all
/// of the machine's before it was called.
ComputePool& computePool();
/// Lets the calling thread take denormal numbers for 0.
void flushDenormals();

} // namespace gradwright
