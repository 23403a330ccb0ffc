// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/regularize.h"

#include <algorithm>
#include <numeric>
#include <type_traits>

namespace gradwright {

/// A contiguous run of one weight that learns, with what belongs to it.
template <class T>
struct UpdatePiece {
    std::size_t weight; ///< index of its WeightId
    std::size_t begin;  ///< in the weight
    UpdateSpan<T> span;
    T* gradient;
    T* mean; ///< slot of the average; null without
    double rateFactor;
    bool isKernel;
};

/// A kernel whose rows are kept short.
template <class T>
struct LimitedRows {
    T* weight;
    std::size_t size;
    std::vector<std::int32_t> of;     ///< the row by element, negative for padding
    std::vector<double> squares = {}; ///< by row
};

/// One step of the optimizer with all that goes before and after it, the same for all backends:
/// penalties and clipping of the gradients, the rule, layer-wise rates, the largest norm of rows,
/// the average. `Device` says how the work is shared out and how sums are taken:
///
///     template <class Visit> void share(std::size_t count, const Visit& visit);
///     double squares(const T* values, std::size_t size);  // the sum of squares
///     void finished(const UpdatePiece<T>& piece);         // the piece has its final values
///
/// Sums are added piece by piece, so they do not depend on how the work is shared out.
template <class T, class Device>
class UpdatePipeline {
public:
    UpdatePipeline(UpdateRule rule, std::size_t weights, Device device)
        : rule_(std::move(rule))
        , device_(std::move(device))
        , weights_(weights)
        , directions_(weights) {}

    void add(const UpdatePiece<T>& piece) { pieces_.push_back(piece); }
    /// For a rule that takes all weights together.
    void addWhole(const WholeWeight<T>& weight) { whole_.push_back(weight); }
    void addRows(LimitedRows<T> rows) { rows_.push_back(std::move(rows)); }

    /// Consumes the gradients.
    void run(double learningRate, std::uint64_t step) {
        regularize();
        applyRule(learningRate, step);
        if (rule_.layerwise)
            takeLayerwiseSteps(learningRate);
        limitAllRows();
        if (!isOnePass())
            forEachPiece([&](const UpdatePiece<T>& piece) { device_.finished(piece); });
        if (const auto decay = rule_.regularization.averageDecay; decay > 0)
            forEachPiece([&](const UpdatePiece<T>& piece) {
                average(piece.mean, piece.span.weight, decay, step, piece.span.size);
            });
    }

    /// The sums of values(piece)² by weight.
    template <class Values>
    void sumSquares(const Values& values, std::vector<double>& sums) {
        squares_.resize(pieces_.size());
        device_.share(pieces_.size(), [&](std::size_t i) {
            squares_[i] = device_.squares(values(pieces_[i]), pieces_[i].span.size);
        });
        std::ranges::fill(sums, 0.0);
        for (std::size_t i = 0; i < pieces_.size(); ++i)
            sums[pieces_[i].weight] += squares_[i];
    }

private:
    template <class Visit>
    void forEachPiece(const Visit& visit) {
        device_.share(pieces_.size(), [&](std::size_t i) { visit(pieces_[i]); });
    }
    /// The rule's pass gives the weights their final values.
    [[nodiscard]] bool isOnePass() const {
        return !rule_.isWhole() && !rule_.layerwise && rows_.empty();
    }

    void regularize() {
        const auto& part = rule_.regularization;
        if (part.l1 > 0 || part.l2 > 0 || part.clipValue > 0)
            forEachPiece([&](const UpdatePiece<T>& piece) {
                regularizeGradient(part, piece.isKernel, piece.gradient, piece.span.weight,
                                   piece.span.size);
            });
        if (part.clipNorm <= 0)
            return;
        sumSquares([](const UpdatePiece<T>& piece) { return piece.gradient; }, weights_);
        const double factor =
            clipFactor(part.clipNorm, std::accumulate(weights_.begin(), weights_.end(), 0.0));
        if (factor < 1)
            forEachPiece([&](const UpdatePiece<T>& piece) {
                scale(piece.gradient, factor, piece.span.size);
            });
    }

    void applyRule(double learningRate, std::uint64_t step) {
        const UpdateStep whole{learningRate, step, rule_.constants};
        if constexpr (std::is_same_v<T, float>) {
            if (rule_.isWhole())
                return rule_.wholeF32(whole_, whole);
        } else if (rule_.isWhole()) {
            return rule_.wholeF64(whole_, whole);
        }
        forEachPiece([&](const UpdatePiece<T>& piece) {
            const UpdateStep own{learningRate * piece.rateFactor, step, rule_.constants};
            if constexpr (std::is_same_v<T, float>)
                rule_.f32(piece.span, own);
            else
                rule_.f64(piece.span, own);
            if (isOnePass())
                device_.finished(piece);
        });
    }

    void takeLayerwiseSteps(double learningRate) {
        const auto last = rule_.slots - 1;
        const auto direction = [last](const UpdatePiece<T>& piece) {
            return piece.span.slots[last];
        };
        sumSquares([](const UpdatePiece<T>& piece) { return piece.span.weight; }, weights_);
        sumSquares(direction, directions_);
        forEachPiece([&](const UpdatePiece<T>& piece) {
            const double ratio = trustRatio(weights_[piece.weight], directions_[piece.weight]);
            follow(piece.span.weight, direction(piece), learningRate * piece.rateFactor * ratio,
                   piece.span.size);
        });
    }

    void limitAllRows() {
        device_.share(rows_.size(), [this](std::size_t i) {
            auto& rows = rows_[i];
            limitRows(rows.weight, rows.size, rule_.regularization.maxNorm, rows.squares,
                      [&](std::size_t element) { return rows.of[element]; });
        });
    }

    UpdateRule rule_;
    Device device_;
    std::vector<UpdatePiece<T>> pieces_;
    std::vector<WholeWeight<T>> whole_;
    std::vector<LimitedRows<T>> rows_;
    std::vector<double> squares_;              ///< by piece
    std::vector<double> weights_, directions_; ///< by weight
};

} // namespace gradwright
