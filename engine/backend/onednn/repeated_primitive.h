// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/primitives.h"

#include <span>
#include <vector>

namespace gradwright::onednn {

/// A primitive that a kernel runs several times in a pass, each time on other memory. Made when it
/// first runs; used by one thread at a time.
class RepeatedPrimitive {
public:
    struct Slot {
        int argument;
        MemoryDesc desc;
    };

    /// `slots`: its arguments in the order in which run() is given them.
    RepeatedPrimitive(dnnl::primitive_desc_base pd, std::vector<Slot> slots);

    /// Throws Error when oneDNN fails.
    void run(std::span<float* const> data);

private:
    void make();

    dnnl::primitive_desc_base pd_;
    std::vector<Slot> slots_;
    dnnl::primitive primitive_;
    std::vector<dnnl::memory> memories_;
    std::vector<dnnl_exec_arg_t> executed_;
    dnnl::stream stream_;
};

} // namespace gradwright::onednn
