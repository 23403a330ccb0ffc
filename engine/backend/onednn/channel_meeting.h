// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"
#include "engine/backend/onednn/kernels/batch_norm.h"

#include <vector>

namespace gradwright::onednn {

/// What the parts of a batch tell each other of the channels of one value, and, where ranks share
/// the batch and its statistics, what all ranks' parts say together.
class ChannelMeeting {
public:
    enum class Kind { Moments, GradientSums };

    /// `places`: where each part writes its numbers, [2, channels]; `counts` how many numbers each
    /// has per channel.
    ChannelMeeting(Kind kind, std::size_t channels, const std::vector<float*>& places,
                   const std::vector<double>& counts, bool isOfRanks);

    [[nodiscard]] float* place(std::size_t part) const { return places_[part]; }
    /// This rank's parts.
    [[nodiscard]] const std::vector<PartOfChannels>& own() const { return own_; }
    /// What counts: these, or one for all ranks together.
    [[nodiscard]] const std::vector<PartOfChannels>& all() const {
        return isOfRanks_ ? whole_ : own_;
    }
    /// Of all() together, per channel.
    [[nodiscard]] double count() const;

    /// Once all parts have written: makes all() of the ranks' numbers. `ownShare`: of the batch.
    void meetRanks(const SharedBatch& shared, double ownShare);

private:
    void combineMoments(Communicator& ranks, bool isSpare);
    void combineSums(Communicator& ranks, double ownShare);

    Kind kind_;
    std::size_t channels_;
    bool isOfRanks_;
    std::vector<float*> places_;
    std::vector<PartOfChannels> own_, whole_;
    std::vector<float> values_; ///< of whole_
};

} // namespace gradwright::onednn
