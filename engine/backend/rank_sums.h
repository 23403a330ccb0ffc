// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/gradient_exchange.h"

#include <algorithm>
#include <cfenv>
#include <map>
#include <memory>
#include <type_traits>
#include <utility>

namespace gradwright {

/// What a gradient counts in a sum of several; what is not counted must not be NaN.
template <class T>
T weighted(double share, T value) {
    return share == 0 ? T{0} : static_cast<T>(share) * value;
}

/// Adds a gradient, times `share`, to what was kept of the batches before it. With the last of
/// them, the sum takes the gradient's place. Both have the same number of elements.
template <class T>
void accumulate(double share, const Accumulation& place, std::span<T> gradient, std::span<T> kept) {
    for (std::size_t i = 0; i < kept.size(); ++i) {
        const T term = weighted(share, gradient[i]);
        kept[i] = place.isFirst ? term : kept[i] + term;
    }
    if (place.isLast)
        std::ranges::copy(kept, gradient.begin());
}

/// Gradients in the order in which they become final.
template <class T>
class GradientSums final : public GradientExchange {
public:
    struct Piece {
        WeightId weight;
        std::span<T> gradient;
        std::span<const T> kept; ///< of the batches before; empty where this is the first
    };

    /// `numbers`: memory for those that travel, which outlives this and may be used again.
    GradientSums(const GradientSharing& how, std::vector<Piece> pieces, std::vector<T>& numbers)
        : how_(how)
        , pieces_(std::move(pieces))
        , numbers_(numbers) {
        std::fegetenv(&arithmetic_);
        const auto least = how_.bucketBytes / sizeof(T);
        std::size_t size = 0;
        for (std::size_t i = 0; i < pieces_.size(); ++i) {
            if (size == 0)
                buckets_.push_back({i, i, 0});
            buckets_.back().end = i + 1;
            ++buckets_.back().open;
            bucketOf_[pieces_[i].weight] = buckets_.size() - 1;
            size += pieces_[i].gradient.size();
            if (size >= least)
                size = 0;
        }
        if (buckets_.size() < 2) // there is nothing that could go while another one is made
            how_.beside = nullptr;
    }
    ~GradientSums() override {
        if (how_.beside) // it may be reading gradients still
            how_.beside->drop();
    }

    void isFinal(WeightId weight) override {
        if (!how_.beside)
            return;
        const std::lock_guard lock(mutex_);
        --buckets_[bucketOf_.at(weight)].open;
        while (next_ < buckets_.size() && buckets_[next_].open == 0)
            postNext();
    }

    void finish() override {
        if (!how_.beside) {
            for (const auto& bucket : buckets_)
                sum(bucket);
            return;
        }
        {
            const std::lock_guard lock(mutex_);
            while (next_ < buckets_.size())
                postNext();
        }
        how_.beside->finish();
    }

private:
    struct Bucket {
        std::size_t first, end; ///< pieces
        std::size_t open;       ///< of them, that are not final yet
    };

    void postNext() {
        how_.beside->post([this, &bucket = buckets_[next_]] {
            std::fesetenv(&arithmetic_); // denormal numbers count as on the member's thread
            sum(bucket);
        });
        ++next_;
    }

    void sum(const Bucket& bucket) {
        const auto begin = std::chrono::steady_clock::now();
        const double share = how_.share * how_.place.share;
        std::size_t size = 0;
        for (auto i = bucket.first; i < bucket.end; ++i)
            size += pieces_[i].gradient.size();
        numbers_.resize(size);
        auto* to = numbers_.data();
        for (auto i = bucket.first; i < bucket.end; ++i) {
            const auto& piece = pieces_[i];
            const auto& kept = piece.kept;
            for (std::size_t k = 0; k < piece.gradient.size(); ++k) {
                const T term = weighted(share, piece.gradient[k]);
                to[k] = kept.empty() ? term : kept[k] + term;
            }
            to += piece.gradient.size();
        }
        if constexpr (std::is_same_v<T, float>)
            how_.ranks.sum(std::span(numbers_), how_.wire);
        else
            how_.ranks.sum(std::span(numbers_));
        const auto* from = numbers_.data();
        for (auto i = bucket.first; i < bucket.end; ++i) {
            std::copy_n(from, pieces_[i].gradient.size(), pieces_[i].gradient.begin());
            from += pieces_[i].gradient.size();
        }
        if (how_.trace)
            how_.trace->add(
                {TraceEvent::Kind::AllReduce, {}, 0, begin, std::chrono::steady_clock::now()});
    }

    GradientSharing how_;
    std::vector<Piece> pieces_;
    std::vector<Bucket> buckets_;
    std::map<WeightId, std::size_t> bucketOf_;
    std::fenv_t arithmetic_{};
    std::mutex mutex_;
    std::size_t next_ = 0; ///< bucket to go
    std::vector<T>& numbers_;
};

/// Replaces each element of the pieces by its sum over the ranks, each weighted with its rank's
/// share.
template <class T>
void sumOverRanks(Communicator& ranks, double share, std::span<const std::span<T>> pieces) {
    std::vector<typename GradientSums<T>::Piece> numbered;
    for (const auto& piece : pieces)
        numbered.push_back({WeightId{static_cast<std::uint32_t>(numbered.size())}, piece, {}});
    std::vector<T> numbers;
    GradientSums<T>({.ranks = ranks, .share = share}, std::move(numbered), numbers).finish();
}

} // namespace gradwright
