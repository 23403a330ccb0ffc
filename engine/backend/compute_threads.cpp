// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/compute_threads.h"

#include "engine/backend/compute_pool.h"

#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <memory>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace gradwright {

namespace {

/// The pool of the thread that runs programs; its helpers end with it.
std::unique_ptr<ComputePool>& ownPool() {
    thread_local std::unique_ptr<ComputePool> pool;
    return pool;
}

} // namespace

void flushDenormals() {
#if defined(__SSE2__)
    _MM_SET_FLUSH_ZERO_MODE(_MM_FLUSH_ZERO_ON);
    _MM_SET_DENORMALS_ZERO_MODE(_MM_DENORMALS_ZERO_ON);
#elif defined(__aarch64__)
    constexpr std::uint64_t flushToZero = std::uint64_t{1} << 24;
    std::uint64_t control = 0;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    __asm__ volatile("msr fpcr, %0" : : "r"(control | flushToZero));
#endif
}

int availableThreads() {
    return std::max(1, omp_get_num_procs());
}

int setComputeThreads(int threads) {
    const int count = threads > 0 ? threads : availableThreads();
    omp_set_num_threads(count);
#pragma omp parallel
    flushDenormals();
    if (auto& pool = ownPool(); !pool || pool->size() != count)
        pool = std::make_unique<ComputePool>(count);
    return count;
}

ComputePool& computePool() {
    auto& pool = ownPool();
    if (!pool)
        pool = std::make_unique<ComputePool>(availableThreads());
    return *pool;
}

} // namespace gradwright
