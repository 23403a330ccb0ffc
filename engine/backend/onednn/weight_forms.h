// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/primitives.h"
#include "engine/ops/op_graph.h"
#include "engine/tensor/aligned_buffer.h"

#include <cstdint>
#include <span>
#include <vector>

namespace gradwright::onednn {

/// What a weight becomes for a primitive that wants it otherwise than it is kept.
struct WeightForm {
    MemoryDesc desc;
    bool rounded = false; ///< to bfloat16, whatever the type

    bool operator==(const WeightForm&) const = default;
};

/// Weights in other forms, for programs that only read them: converted once after each change and
/// shared by all programs, instead of by each in every pass.
class WeightForms {
public:
    /// `planOnly`: sizes alone, without memory.
    explicit WeightForms(bool planOnly)
        : planOnly_(planOnly) {}

    /// Where the weight lies in that form after the next refresh(); the place stays.
    std::span<std::byte> place(WeightId id, const MemoryDesc& kept, std::span<std::byte> value,
                               const WeightForm& form);
    /// Converts all, unless that has been done since the weights changed.
    void refresh();
    void weightsChanged() { areFresh_ = false; }
    [[nodiscard]] std::size_t bytes() const;

private:
    struct Entry {
        WeightId id;
        WeightForm form;
        AlignedBuffer memory;
        dnnl::memory from, to; ///< `to` is another type or layout
    };

    std::vector<Entry> entries_;
    bool areFresh_ = true;
    bool planOnly_;
};

} // namespace gradwright::onednn
