// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/part_group.h"

#include <numeric>
#include <utility>

namespace gradwright::onednn {

PartGroup::PartGroup(std::vector<std::int64_t> samples, bool planOnly, bool isOfRanks)
    : samples_(std::move(samples))
    , planOnly_(planOnly)
    , isOfRanks_(isOfRanks) {}

std::int64_t PartGroup::firstSample(std::size_t part) const {
    return std::accumulate(samples_.begin(), samples_.begin() + static_cast<std::ptrdiff_t>(part),
                           std::int64_t{0});
}

std::byte* PartGroup::allocate(std::size_t bytes) {
    bytes_ += bytes;
    return planOnly_ ? nullptr : memory_.emplace_back(bytes).data();
}

ChannelMeeting& PartGroup::channels(std::size_t number, ChannelMeeting::Kind kind,
                                    std::size_t channels, std::size_t positions) {
    if (number == meetings_.size()) {
        std::vector<float*> places;
        std::vector<double> counts;
        for (const auto samples : samples_) {
            places.push_back(reinterpret_cast<float*>(allocate(2 * channels * sizeof(float))));
            counts.push_back(static_cast<double>(samples) * static_cast<double>(positions));
        }
        meetings_.emplace_back(kind, channels, places, counts, isOfRanks_);
    }
    return meetings_[number];
}

void PartGroup::shareOverRanks(Pass pass, std::size_t segment, ChannelMeeting& meeting) {
    if (isOfRanks_)
        ofRanks_[{pass, segment}].push_back(&meeting);
}

void PartGroup::meetRanks(Pass pass, std::size_t segment, const SharedBatch& shared) const {
    const auto found = ofRanks_.find({pass, segment});
    if (found != ofRanks_.end())
        for (auto* meeting : found->second)
            meeting->meetRanks(shared, shared.share(batch()));
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
