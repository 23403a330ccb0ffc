// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/channel_meeting.h"

namespace gradwright::onednn {

ChannelMeeting::ChannelMeeting(Kind kind, std::size_t channels, const std::vector<float*>& places,
                               const std::vector<double>& counts, bool isOfRanks)
    : kind_(kind)
    , channels_(channels)
    , isOfRanks_(isOfRanks)
    , places_(places) {
    double all = 0;
    for (std::size_t i = 0; i < places.size(); ++i) {
        own_.push_back({places[i], counts[i]});
        all += counts[i];
    }
    if (!isOfRanks)
        return;
    values_.resize(2 * channels);
    whole_.push_back({values_.data(), all});
}

double ChannelMeeting::count() const {
    double sum = 0;
    for (const auto& part : all())
        sum += part.count;
    return sum;
}

void ChannelMeeting::meetRanks(const SharedBatch& shared, double ownShare) {
    if (kind_ == Kind::Moments)
        combineMoments(shared.ranks, shared.isSpare);
    else
        combineSums(shared.ranks, ownShare);
}

void ChannelMeeting::combineMoments(Communicator& ranks, bool isSpare) {
    // As the parts of one rank are combined: Chan, Golub, LeVeque 1979.
    std::vector<double> sums(channels_ + 1), squares(channels_);
    for (const auto& part : own_) {
        const double count = isSpare ? 0 : part.count;
        sums[channels_] += count;
        for (std::size_t c = 0; c < channels_; ++c)
            sums[c] += count * static_cast<double>(part.values[c]);
    }
    ranks.sum(std::span(sums));
    const double count = sums[channels_];
    for (const auto& part : own_)
        for (std::size_t c = 0; !isSpare && c < channels_; ++c) {
            const double away = static_cast<double>(part.values[c]) - sums[c] / count;
            squares[c] +=
                static_cast<double>(part.values[channels_ + c]) + part.count * away * away;
        }
    ranks.sum(std::span(squares));
    for (std::size_t c = 0; c < channels_; ++c) {
        values_[c] = static_cast<float>(sums[c] / count);
        values_[channels_ + c] = static_cast<float>(squares[c]);
    }
    whole_[0].count = count;
}

void ChannelMeeting::combineSums(Communicator& ranks, double ownShare) {
    // Each rank's gradients are those of the mean over its own samples.
    std::vector<double> sums(2 * channels_ + 1);
    for (const auto& part : own_) {
        sums.back() += ownShare > 0 ? part.count : 0;
        for (std::size_t i = 0; i < 2 * channels_; ++i)
            sums[i] += ownShare * static_cast<double>(part.values[i]);
    }
    ranks.sum(std::span(sums));
    for (std::size_t i = 0; i < 2 * channels_; ++i)
        values_[i] = static_cast<float>(ownShare > 0 ? sums[i] / ownShare : sums[i]);
    whole_[0].count = sums.back();
}

} // namespace gradwright::onednn
