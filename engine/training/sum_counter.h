// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/step_trace.h"

#include <atomic>

namespace gradwright {

/// Counts the messages in which a step's gradients are summed over ranks, and passes on what it
/// hears.
class SumCounter final : public TraceSink {
public:
    void add(const TraceEvent& event) override {
        if (event.kind == TraceEvent::Kind::AllReduce)
            ++sums_;
        if (next)
            next->add(event);
    }

    TraceSink* next = nullptr; ///< may be null

    [[nodiscard]] int sums() const { return sums_; }

private:
    std::atomic<int> sums_ = 0;
};

} // namespace gradwright
