// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/repeated_primitive.h"
#include "engine/backend/onednn/tile_order.h"
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

/// Its number in the store.
using FormNumber = std::size_t;

/// Weights in other forms: converted once after each change and shared by all programs, instead of
/// by each in every pass. The optimizer's step writes those in bfloat16 as it goes; refresh()
/// converts what is out of date otherwise.
class WeightForms {
public:
    /// `planOnly`: sizes alone, without memory.
    explicit WeightForms(bool planOnly)
        : planOnly_(planOnly) {}

    /// `value`: the weight's memory, described by `kept`.
    FormNumber add(WeightId id, const MemoryDesc& kept, std::span<std::byte> value,
                   const WeightForm& form);
    /// Where the weight lies in that form; the place stays.
    std::span<std::byte> place(FormNumber number) { return entries_[number].memory.bytes(); }
    [[nodiscard]] WeightId weightOf(FormNumber number) const { return entries_[number].id; }

    /// Converts those whose weight has changed since.
    void refresh(std::span<const FormNumber> numbers);
    void weightChanged(WeightId id);

    /// Whether write() can. The first call takes the time of some copies of the weight.
    bool findTiles(FormNumber number);
    /// Brings a piece of the weight, of at most TileOrder::kLargestTile elements from `begin` on,
    /// both multiples of the largest tile or up to the end, into the form.
    void write(FormNumber number, std::size_t begin, std::span<const float> piece);
    /// All its pieces have been written since weightChanged().
    void wasWritten(FormNumber number) { entries_[number].isFresh = true; }

    [[nodiscard]] std::size_t bytes() const;
    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    /// That refresh() has made so far.
    [[nodiscard]] std::size_t conversions() const { return conversions_; }

private:
    struct Entry {
        WeightId id;
        WeightForm form;
        MemoryDesc kept;
        std::span<std::byte> value = {};
        AlignedBuffer memory = {}, scratchpad = {};
        std::optional<RepeatedPrimitive> reorder = {};
        bool isFresh = false;
        bool hasLooked = false; ///< for `tiles`
        std::optional<TileOrder> tiles = {};
    };

    void convert(Entry& entry);

    std::vector<Entry> entries_;
    std::size_t conversions_ = 0;
    bool planOnly_;
};

} // namespace gradwright::onednn
