// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/weight_forms.h"

#include "engine/backend/onednn/kernels/bf16.h"

#include <algorithm>
#include <array>
#include <utility>

namespace gradwright::onednn {
namespace {

/// Rounded: bfloat16, or FP32 that is rounded to it.
template <class Rounded>
void writeTiles(const TileOrder& order, std::size_t begin, std::span<const float> piece,
                Rounded* form) {
    if (order.isSame())
        return roundRun(form + begin, piece.data(), piece.size());
    std::array<Rounded, TileOrder::kLargestTile> rounded;
    roundRun(rounded.data(), piece.data(), piece.size());
    const auto run = order.run();
    const auto* target = &order.targets()[begin / run];
    for (std::size_t tile = 0; tile < piece.size(); tile += order.tile())
        for (std::size_t first = 0; first < order.tile(); first += run) {
            auto* to = form + std::size_t{*target++} * run;
            const auto sources = order.sources().subspan(first, run);
            for (std::size_t i = 0; i < run; ++i)
                to[i] = rounded[tile + sources[i]];
        }
}

} // namespace

FormNumber WeightForms::add(WeightId id, const MemoryDesc& kept, std::span<std::byte> value,
                            const WeightForm& form) {
    const auto found = std::ranges::find_if(
        entries_, [&](const Entry& entry) { return entry.id == id && entry.form == form; });
    if (found != entries_.end())
        return static_cast<FormNumber>(found - entries_.begin());
    auto& entry =
        entries_.emplace_back(Entry{.id = id, .form = form, .kept = kept, .value = value});
    if (!planOnly_) {
        const auto pd = reorderFromTo(kept, form.desc);
        const auto scratchpad = argumentDesc(pd, DNNL_ARG_SCRATCHPAD);
        std::vector<RepeatedPrimitive::Slot> slots{{DNNL_ARG_FROM, kept}, {DNNL_ARG_TO, form.desc}};
        if (scratchpad.get_size() > 0)
            slots.push_back({DNNL_ARG_SCRATCHPAD, scratchpad});
        entry.memory = AlignedBuffer(form.desc.get_size());
        entry.scratchpad = AlignedBuffer(scratchpad.get_size());
        entry.reorder.emplace(pd, std::move(slots));
    }
    return entries_.size() - 1;
}

void WeightForms::refresh(std::span<const FormNumber> numbers) {
    for (const auto number : numbers)
        if (auto& entry = entries_[number]; !entry.isFresh)
            convert(entry);
}

void WeightForms::convert(Entry& entry) {
    const auto at = [](std::byte* memory) { return reinterpret_cast<float*>(memory); };
    entry.reorder->run(
        std::array{at(entry.value.data()), at(entry.memory.data()), at(entry.scratchpad.data())});
    auto* values = reinterpret_cast<float*>(entry.memory.data());
    if (entry.form.rounded && !isBf16(entry.form.desc))
        roundToBf16(values, values, entry.memory.size() / sizeof(float));
    entry.isFresh = true;
    ++conversions_;
}

void WeightForms::weightChanged(WeightId id) {
    for (auto& entry : entries_)
        if (entry.id == id)
            entry.isFresh = false;
}

bool WeightForms::findTiles(FormNumber number) {
    auto& entry = entries_[number];
    const bool isRounded = entry.form.rounded || isBf16(entry.form.desc);
    if (entry.hasLooked || !isRounded)
        return entry.tiles.has_value();
    // Networks repeat their layers.
    const auto alike = std::ranges::find_if(entries_, [&](const Entry& other) {
        return other.hasLooked && other.kept == entry.kept && other.form.desc == entry.form.desc;
    });
    entry.tiles =
        alike != entries_.end() ? alike->tiles : TileOrder::between(entry.kept, entry.form.desc);
    entry.hasLooked = true;
    return entry.tiles.has_value();
}

void WeightForms::write(FormNumber number, std::size_t begin, std::span<const float> piece) {
    auto& entry = entries_[number];
    auto* memory = entry.memory.data();
    if (isBf16(entry.form.desc))
        writeTiles(*entry.tiles, begin, piece, reinterpret_cast<std::uint16_t*>(memory));
    else
        writeTiles(*entry.tiles, begin, piece, reinterpret_cast<float*>(memory));
}

std::size_t WeightForms::bytes() const {
    std::size_t sum = 0;
    for (const auto& entry : entries_)
        sum += entry.form.desc.get_size();
    return sum;
}

} // namespace gradwright::onednn
