// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/part_group.h"

#include <numeric>
#include <utility>

namespace gradwright::onednn {

PartGroup::PartGroup(std::vector<std::int64_t> samples, bool planOnly)
    : samples_(std::move(samples))
    , planOnly_(planOnly) {}

std::int64_t PartGroup::firstSample(std::size_t part) const {
    return std::accumulate(samples_.begin(), samples_.begin() + static_cast<std::ptrdiff_t>(part),
                           std::int64_t{0});
}

std::byte* PartGroup::allocate(std::size_t bytes) {
    bytes_ += bytes;
    return planOnly_ ? nullptr : memory_.emplace_back(bytes).data();
}

const std::vector<float*>& PartGroup::exchange(std::size_t number, std::size_t floats) {
    if (number == exchanges_.size()) {
        auto& places = exchanges_.emplace_back();
        for (std::size_t part = 0; part < parts(); ++part)
            places.push_back(reinterpret_cast<float*>(allocate(floats * sizeof(float))));
    }
    return exchanges_[number];
}

std::byte* PartGroup::matrix(std::size_t number, std::size_t bytes) {
    if (number == matrices_.size())
        matrices_.push_back(allocate(bytes * static_cast<std::size_t>(batch())));
    return matrices_[number];
}

void PartGroup::share(Pass pass, std::size_t segment, SharedStep step) {
    auto& steps = pass == Pass::Forward ? forward_ : backward_;
    if (steps.size() <= segment)
        steps.resize(segment + 1);
    steps[segment] = std::move(step);
}

const SharedStep& PartGroup::shared(Pass pass, std::size_t segment) const {
    static const SharedStep nothing;
    const auto& steps = pass == Pass::Forward ? forward_ : backward_;
    return segment < steps.size() ? steps[segment] : nothing;
}

} // namespace gradwright::onednn
