// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/updater.h"

#include "engine/backend/compute_pool.h"
#include "engine/backend/compute_threads.h"
#include "engine/backend/onednn/kernels/elementwise.h"

#include <algorithm>

namespace gradwright::onednn {
namespace {

/// Small enough to share a dense layer between threads, large enough to be worth a call.
constexpr std::size_t kUpdatePiece = TileOrder::kLargestTile;

float* at(AlignedBuffer& buffer, std::size_t offset) {
    return reinterpret_cast<float*>(buffer.data()) + offset;
}

} // namespace

template <class Visit>
void Updater::Threads::share(std::size_t count, const Visit& visit) const {
    if (team == Team::Pool) {
        computePool().run(count, [&](std::size_t number, std::size_t) { visit(number); });
        return;
    }
    const auto last = static_cast<std::ptrdiff_t>(count);
#pragma omp parallel for schedule(static) if (last > 1)
    for (std::ptrdiff_t i = 0; i < last; ++i)
        visit(static_cast<std::size_t>(i));
}

double Updater::Threads::squares(const float* values, std::size_t size) const {
    return sumOfSquares(values, size);
}

void Updater::Threads::finished(const UpdatePiece<float>& piece) const {
    for (const auto form : (*written)[piece.weight])
        forms->write(form, piece.begin, {piece.span.weight, piece.span.size});
}

Updater::Updater(OneDnnWeights& weights, std::vector<WeightId> trained, const UpdateRule* rule,
                 std::span<const FormNumber> forms, Team team)
    : weights_(weights)
    , trained_(std::move(trained))
    , rule_(rule ? *rule : UpdateRule{})
    , forms_(std::make_unique<FormsByWeight>(weights.specs().size()))
    , pipeline_(rule_, weights.specs().size(), {team, &weights.forms(), forms_.get()})
    , gradientSquares_(weights.specs().size()) {
    addPieces();
    if (rule_.isWhole())
        addWholes();
    if (rule)
        chooseForms(forms);
    if (rule_.regularization.maxNorm > 0)
        addRows();
}

void Updater::addPieces() {
    const auto slots = rule_.slots;
    const bool averages = rule_.allSlots() > slots;
    for (const auto id : trained_) {
        auto& stored = weights_.stored(id);
        const auto& spec = weights_.specs()[id.index()];
        for (std::size_t begin = 0; begin < stored.elements(); begin += kUpdatePiece) {
            auto* gradient = at(stored.gradient, begin);
            UpdateSpan<float> span{at(stored.value, begin),
                                   gradient,
                                   {},
                                   std::min(kUpdatePiece, stored.elements() - begin)};
            for (std::size_t slot = 0; !rule_.isWhole() && slot < slots; ++slot)
                span.slots[slot] = at(stored.slots[slot], begin);
            pipeline_.add({id.index(), begin, span, gradient,
                           averages ? at(stored.slots[slots], begin) : nullptr, spec.rateFactor,
                           spec.shape.rank() >= 2});
        }
    }
}

void Updater::addWholes() {
    for (const auto id : trained_) {
        auto& slots = wholeSlots_.emplace_back();
        for (std::size_t slot = 0; slot < rule_.slots; ++slot)
            slots.push_back(at(weights_.stored(id).slots[slot], 0));
    }
    for (std::size_t i = 0; i < trained_.size(); ++i) {
        auto& stored = weights_.stored(trained_[i]);
        pipeline_.addWhole({at(stored.value, 0), at(stored.gradient, 0), wholeSlots_[i],
                            stored.elements(), weights_.specs()[trained_[i].index()].rateFactor});
    }
}

void Updater::addRows() {
    for (const auto id : trained_) {
        const auto& shape = weights_.specs()[id.index()].shape;
        if (shape.rank() < 2)
            continue;
        auto& stored = weights_.stored(id);
        pipeline_.addRows({at(stored.value, 0), stored.elements(), weights_.rowsOf(id),
                           std::vector<double>(static_cast<std::size_t>(shape[0]))});
    }
}

void Updater::chooseForms(std::span<const FormNumber> forms) {
    for (const auto form : forms) {
        const auto id = weights_.forms().weightOf(form);
        auto& chosen = (*forms_)[id.index()];
        if (std::ranges::find(trained_, id) != trained_.end() &&
            std::ranges::find(chosen, form) == chosen.end() && weights_.forms().findTiles(form))
            chosen.push_back(form);
    }
}

void Updater::measureGradients() {
    pipeline_.sumSquares([](const UpdatePiece<float>& piece) { return piece.gradient; },
                         gradientSquares_);
}

void Updater::update(double learningRate, std::uint64_t step) {
    for (const auto id : trained_)
        weights_.forms().weightChanged(id);
    pipeline_.run(learningRate, step);
    for (const auto& forms : *forms_)
        for (const auto form : forms)
            weights_.forms().wasWritten(form);
}

} // namespace gradwright::onednn
