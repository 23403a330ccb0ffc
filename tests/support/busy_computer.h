// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/scheduling.h"

#include <thread>
#include <vector>

namespace gradwright::test {

/// Threads that compute without an end while it lives, as other programs do.
class BusyComputer {
public:
    explicit BusyComputer(int threads) {
        for (int i = 0; i < threads; ++i)
            threads_.emplace_back([](const std::stop_token& stop) {
                while (!stop.stop_requested()) {
                }
            });
    }

private:
    std::vector<std::jthread> threads_;
};

/// Whether the calling thread is held on the processor of another one, which sleeps.
inline bool isHeldWith(ThreadId other) {
    const auto state = threadState(other);
    return state && ProcessorSet::of(currentThread()) == ProcessorSet::only(state->processor);
}

} // namespace gradwright::test
