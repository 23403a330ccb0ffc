// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/weight_forms.h"

#include "engine/backend/onednn/kernels/half.h"

#include <algorithm>

namespace gradwright::onednn {

std::span<std::byte> WeightForms::place(WeightId id, const MemoryDesc& kept,
                                        std::span<std::byte> value, const WeightForm& form) {
    const auto found = std::ranges::find_if(
        entries_, [&](const Entry& entry) { return entry.id == id && entry.form == form; });
    if (found != entries_.end())
        return found->memory.bytes();
    auto& entry = entries_.emplace_back();
    entry.id = id;
    entry.form = form;
    if (planOnly_)
        return {};
    entry.memory = AlignedBuffer(form.desc.get_size());
    entry.from = dnnl::memory(kept, cpuEngine(), value.data());
    entry.to = dnnl::memory(form.desc, cpuEngine(), entry.memory.data());
    areFresh_ = false;
    return entry.memory.bytes();
}

void WeightForms::refresh() {
    if (areFresh_)
        return;
    dnnl::stream stream(cpuEngine());
    for (auto& [id, form, memory, from, to] : entries_) {
        dnnl::reorder(from, to).execute(stream, from, to);
        stream.wait();
        auto* values = reinterpret_cast<float*>(memory.data());
        if (form.rounded && !isHalf(form.desc))
            roundToHalf(values, values, memory.size() / sizeof(float));
    }
    areFresh_ = true;
}

std::size_t WeightForms::bytes() const {
    std::size_t sum = 0;
    for (const auto& entry : entries_)
        sum += entry.form.desc.get_size();
    return sum;
}

} // namespace gradwright::onednn
