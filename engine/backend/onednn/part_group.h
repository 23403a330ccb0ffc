// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/channel_meeting.h"
#include "engine/tensor/aligned_buffer.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <utility>
#include <vector>

namespace gradwright::onednn {

enum class Pass { Forward, Backward };

/// What all parts of a batch do together between two of their segments, as tasks of the pool.
struct SharedStep {
    std::size_t tasks = 0;
    std::function<void(std::size_t task)> run = {};
};

/// What the parts of a batch have in common: memory that all can see, and steps that they take
/// together. Parts are compiled one after the other, for the same graph: they ask for the same
/// things in the same order, which are made when the first asks.
class PartGroup {
public:
    /// `samples` of each part. `planOnly`: to learn how much memory it needs. `isOfRanks`: what the
    /// parts tell each other of channels is combined with other ranks' parts.
    explicit PartGroup(std::vector<std::int64_t> samples, bool planOnly = false,
                       bool isOfRanks = false);

    [[nodiscard]] std::size_t parts() const { return samples_.size(); }
    [[nodiscard]] std::int64_t samples(std::size_t part) const { return samples_[part]; }
    /// The number of samples in all parts before.
    [[nodiscard]] std::int64_t firstSample(std::size_t part) const;
    /// The number of samples in all parts.
    [[nodiscard]] std::int64_t batch() const { return firstSample(parts()); }

    /// What the parts tell each other of a value's channels, with so many positions each.
    ChannelMeeting& channels(std::size_t number, ChannelMeeting::Kind kind, std::size_t channels,
                             std::size_t positions);
    /// Memory of `bytes` for each sample of the batch, one after the other.
    std::byte* matrix(std::size_t number, std::size_t bytes);

    /// What follows the part's segment of that number in a pass.
    void share(Pass pass, std::size_t segment, SharedStep step);
    /// Nothing to do: no tasks.
    [[nodiscard]] const SharedStep& shared(Pass pass, std::size_t segment) const;

    /// What the ranks have to combine there.
    void shareOverRanks(Pass pass, std::size_t segment, ChannelMeeting& meeting);
    void meetRanks(Pass pass, std::size_t segment, const SharedBatch& shared) const;

    [[nodiscard]] std::size_t bytes() const { return bytes_; }

private:
    std::byte* allocate(std::size_t bytes);

    std::vector<std::int64_t> samples_;
    bool planOnly_;
    bool isOfRanks_;
    std::size_t bytes_ = 0;
    std::deque<AlignedBuffer> memory_;
    std::deque<ChannelMeeting> meetings_;
    std::map<std::pair<Pass, std::size_t>, std::vector<ChannelMeeting*>> ofRanks_;
    std::vector<std::byte*> matrices_;
    std::vector<SharedStep> forward_, backward_; ///< by segment
};

} // namespace gradwright::onednn
