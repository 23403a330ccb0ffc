// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/updater.h"

#include "engine/backend/compute_pool.h"
#include "engine/backend/compute_threads.h"
#include "engine/backend/onednn/kernels/elementwise.h"
#include "engine/backend/regularize.h"

#include <algorithm>
#include <numeric>

namespace gradwright::onednn {
namespace {

/// Small enough to share a dense layer between threads, large enough to be worth a call.
constexpr std::size_t kUpdateChunk = TileOrder::kLargestTile;

float* at(AlignedBuffer& buffer, std::size_t offset) {
    return reinterpret_cast<float*>(buffer.data()) + offset;
}

} // namespace

Updater::Updater(OneDnnWeights& weights, std::vector<WeightId> trained, const UpdateRule* rule,
                 std::span<const FormNumber> forms, Team team)
    : weights_(weights)
    , team_(team)
    , trained_(std::move(trained))
    , rule_(rule ? std::optional(*rule) : std::nullopt)
    , forms_(weights.specs().size())
    , gradientSquares_(weights.specs().size())
    , weightSquares_(weights.specs().size())
    , directionSquares_(weights.specs().size()) {
    cutChunks();
    if (rule_ && rule_->isWhole())
        gatherWhole();
    if (rule_)
        chooseForms(forms);
    if (!rule_ || rule_->regularization.maxNorm <= 0)
        return;
    for (const auto id : trained_) {
        const auto& shape = weights.specs()[id.index()].shape;
        if (shape.rank() >= 2)
            rows_.push_back(
                {id, weights.rowsOf(id), std::vector<double>(static_cast<std::size_t>(shape[0]))});
    }
}

void Updater::cutChunks() {
    const auto slots = rule_ ? rule_->slots : 0;
    const bool averages = rule_ && rule_->allSlots() > slots;
    for (const auto id : trained_) {
        auto& stored = weights_.stored(id);
        const auto& spec = weights_.specs()[id.index()];
        for (std::size_t begin = 0; begin < stored.elements(); begin += kUpdateChunk) {
            auto* gradient = at(stored.gradient, begin);
            UpdateSpan<float> span{at(stored.value, begin),
                                   gradient,
                                   {},
                                   std::min(kUpdateChunk, stored.elements() - begin)};
            for (std::size_t slot = 0; rule_ && !rule_->isWhole() && slot < slots; ++slot)
                span.slots[slot] = at(stored.slots[slot], begin);
            chunks_.push_back({id.index(), begin, span, gradient,
                               averages ? at(stored.slots[slots], begin) : nullptr, spec.rateFactor,
                               spec.shape.rank() >= 2});
        }
    }
    chunkSquares_.resize(chunks_.size());
}

void Updater::gatherWhole() {
    for (const auto id : trained_) {
        auto& slots = wholeSlots_.emplace_back();
        for (std::size_t slot = 0; slot < rule_->slots; ++slot)
            slots.push_back(at(weights_.stored(id).slots[slot], 0));
    }
    for (std::size_t i = 0; i < trained_.size(); ++i) {
        auto& stored = weights_.stored(trained_[i]);
        whole_.push_back({at(stored.value, 0), at(stored.gradient, 0), wholeSlots_[i],
                          stored.elements(), weights_.specs()[trained_[i].index()].rateFactor});
    }
}

void Updater::chooseForms(std::span<const FormNumber> forms) {
    for (const auto form : forms) {
        const auto id = weights_.forms().weightOf(form);
        auto& chosen = forms_[id.index()];
        if (std::ranges::find(trained_, id) != trained_.end() &&
            std::ranges::find(chosen, form) == chosen.end() && weights_.forms().findTiles(form))
            chosen.push_back(form);
    }
}

template <class Visit>
void Updater::share(std::size_t count, const Visit& visit) const {
    if (team_ == Team::Pool) {
        computePool().run(count, [&](std::size_t number, std::size_t) { visit(number); });
        return;
    }
    const auto last = static_cast<std::ptrdiff_t>(count);
#pragma omp parallel for schedule(static) if (last > 1)
    for (std::ptrdiff_t i = 0; i < last; ++i)
        visit(static_cast<std::size_t>(i));
}

template <class Visit>
void Updater::forEachChunk(const Visit& visit) const {
    share(chunks_.size(), [&](std::size_t i) { visit(chunks_[i], i); });
}

template <class Values>
void Updater::sumSquares(const Values& values, std::vector<double>& sums) const {
    forEachChunk([&](const Chunk& chunk, std::size_t i) {
        chunkSquares_[i] = sumOfSquares(values(chunk), chunk.span.size);
    });
    std::ranges::fill(sums, 0.0);
    for (std::size_t i = 0; i < chunks_.size(); ++i)
        sums[chunks_[i].weight] += chunkSquares_[i];
}

void Updater::measureGradients() {
    sumSquares([](const Chunk& chunk) { return chunk.gradient; }, gradientSquares_);
}

bool Updater::isOnePass() const {
    return !rule_->isWhole() && !rule_->layerwise && rows_.empty();
}

void Updater::writeForms(const Chunk& chunk) {
    for (const auto form : forms_[chunk.weight])
        weights_.forms().write(form, chunk.begin, {chunk.span.weight, chunk.span.size});
}

void Updater::update(double learningRate, std::uint64_t step) {
    for (const auto id : trained_)
        weights_.forms().weightChanged(id);
    regularize();
    const auto& rule = *rule_;
    if (rule.isWhole())
        rule.wholeF32(whole_, {learningRate, step, rule.constants});
    else
        forEachChunk([&](const Chunk& chunk, std::size_t) {
            rule.f32(chunk.span, {learningRate * chunk.rateFactor, step, rule.constants});
            if (isOnePass())
                writeForms(chunk);
        });
    if (rule.layerwise)
        takeLayerwiseSteps(learningRate);
    limitRows();
    if (!isOnePass())
        forEachChunk([&](const Chunk& chunk, std::size_t) { writeForms(chunk); });
    for (const auto& forms : forms_)
        for (const auto form : forms)
            weights_.forms().wasWritten(form);
    if (const auto decay = rule.regularization.averageDecay; decay > 0)
        forEachChunk([&](const Chunk& chunk, std::size_t) {
            average(chunk.mean, chunk.span.weight, decay, step, chunk.span.size);
        });
}

void Updater::regularize() {
    const auto& part = rule_->regularization;
    if (part.l1 > 0 || part.l2 > 0 || part.clipValue > 0)
        forEachChunk([&](const Chunk& chunk, std::size_t) {
            regularizeGradient(part, chunk.isKernel, chunk.gradient, chunk.span.weight,
                               chunk.span.size);
        });
    if (part.clipNorm <= 0)
        return;
    sumSquares([](const Chunk& chunk) { return chunk.gradient; }, weightSquares_);
    const double factor = clipFactor(
        part.clipNorm, std::accumulate(weightSquares_.begin(), weightSquares_.end(), 0.0));
    if (factor < 1)
        forEachChunk([&](const Chunk& chunk, std::size_t) {
            scale(chunk.gradient, factor, chunk.span.size);
        });
}

void Updater::takeLayerwiseSteps(double learningRate) {
    const auto last = rule_->slots - 1;
    const auto direction = [last](const Chunk& chunk) { return chunk.span.slots[last]; };
    sumSquares([](const Chunk& chunk) { return chunk.span.weight; }, weightSquares_);
    sumSquares(direction, directionSquares_);
    forEachChunk([&](const Chunk& chunk, std::size_t) {
        const double ratio =
            trustRatio(weightSquares_[chunk.weight], directionSquares_[chunk.weight]);
        follow(chunk.span.weight, direction(chunk), learningRate * chunk.rateFactor * ratio,
               chunk.span.size);
    });
}

void Updater::limitRows() {
    share(rows_.size(), [this](std::size_t i) {
        auto& rows = rows_[i];
        auto& stored = weights_.stored(rows.id);
        gradwright::limitRows(at(stored.value, 0), stored.elements(), rule_->regularization.maxNorm,
                              rows.squares, [&](std::size_t element) { return rows.of[element]; });
    });
}

} // namespace gradwright::onednn
