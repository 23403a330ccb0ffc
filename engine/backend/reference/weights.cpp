// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/weights.h"

#include "engine/backend/rank_sums.h"

#include <algorithm>

namespace gradwright::reference {

template <class T>
ReferenceWeights<T>::ReferenceWeights(const std::vector<WeightSpec>& specs)
    : specs_(specs) {
    for (const auto& spec : specs_)
        entries_.push_back({Tensor(dtypeOf<T>(), spec.shape), {}, {}, {}});
}

template <class T>
void ReferenceWeights<T>::write(WeightId id, const Tensor& values) {
    at(id);
    assign(id, entries_[id.index()].value, values);
}

template <class T>
Tensor ReferenceWeights<T>::readGradient(WeightId id) const {
    const auto& entry = at(id);
    const auto& spec = specs_[id.index()];
    if (!spec.learns())
        throw Error("weight {} is not trained and has no gradient", spec.key);
    if (entry.gradient.shape() != spec.shape)
        throw Error("weight {} has no gradient: no training program was compiled for it", spec.key);
    return entry.gradient;
}

template <class T>
Tensor ReferenceWeights<T>::readSlot(WeightId id, std::size_t slot) const {
    return atSlot(id, slot).slots[slot];
}

template <class T>
void ReferenceWeights<T>::writeSlot(WeightId id, std::size_t slot, const Tensor& values) {
    atSlot(id, slot);
    assign(id, entries_[id.index()].slots[slot], values);
}

template <class T>
void ReferenceWeights<T>::exchange(std::size_t slot) {
    for (std::uint32_t i = 0; i < entries_.size(); ++i)
        if (specs_[i].learns()) {
            atSlot(WeightId{i}, slot);
            std::ranges::swap_ranges(entries_[i].value.template span<T>(),
                                     entries_[i].slots[slot].template span<T>());
        }
}

template <class T>
void ReferenceWeights<T>::accumulateGradients(double share, const Accumulation& place) {
    for (std::uint32_t i = 0; i < entries_.size(); ++i)
        if (specs_[i].learns()) {
            const auto values = gradient(WeightId{i});
            entries_[i].kept.resize(values.size());
            accumulate<T>(share, place, values, entries_[i].kept);
        }
}

template <class T>
std::unique_ptr<GradientExchange>
ReferenceWeights<T>::exchangeGradients(const GradientSharing& how,
                                       std::span<const WeightId> order) {
    std::vector<typename GradientSums<T>::Piece> pieces;
    for (const auto id : order)
        pieces.push_back({id, gradient(id),
                          how.place.isFirst ? std::span<const T>()
                                            : std::span<const T>(entries_[id.index()].kept)});
    return std::make_unique<GradientSums<T>>(how, std::move(pieces), travelling_);
}

template <class T>
void ReferenceWeights<T>::averageWeights(Communicator& ranks, double share,
                                         std::span<const WeightId> ids) {
    std::vector<std::span<T>> weights;
    for (const auto id : ids)
        weights.push_back(values(id));
    sumOverRanks<T>(ranks, share, weights);
}

template <class T>
void ReferenceWeights<T>::prepareTraining(std::size_t slots) {
    if (slots > 0 && slots_ > 0 && slots != slots_)
        throw Error("the weights hold {} tensors of optimizer state each, but this optimizer "
                    "keeps {}; start from fresh weights",
                    slots_, slots);
    slots_ = std::max(slots_, slots);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        auto& entry = entries_[i];
        const auto& spec = specs_[i];
        if (entry.gradient.shape() != spec.shape)
            entry.gradient = Tensor(dtypeOf<T>(), spec.shape);
        if (spec.learns())
            entry.slots.resize(slots_, Tensor(dtypeOf<T>(), spec.shape));
    }
}

template <class T>
std::size_t ReferenceWeights<T>::bytes() const {
    std::size_t sum = 0;
    for (const auto& entry : entries_) {
        sum += entry.value.bytes().size() + entry.gradient.bytes().size();
        for (const auto& slot : entry.slots)
            sum += slot.bytes().size();
    }
    return sum;
}

template <class T>
const typename ReferenceWeights<T>::Entry& ReferenceWeights<T>::at(WeightId id) const {
    if (id.index() >= entries_.size())
        throw Error("there is no weight number {}; the network has {}", id.value, entries_.size());
    return entries_[id.index()];
}

template <class T>
const typename ReferenceWeights<T>::Entry& ReferenceWeights<T>::atSlot(WeightId id,
                                                                       std::size_t slot) const {
    const auto& entry = at(id);
    if (slot >= entry.slots.size())
        throw Error("weight {} has {} tensors of optimizer state; there is no number {}",
                    specs_[id.index()].key, entry.slots.size(), slot);
    return entry;
}

template <class T>
void ReferenceWeights<T>::assign(WeightId id, Tensor& target, const Tensor& values) const {
    if (values.shape() != target.shape())
        throw Error("weight {} has shape {}, not {}", specs_[id.index()].key,
                    toString(target.shape()), toString(values.shape()));
    // In place: programs hold spans of this memory.
    const auto converted = values.to(dtypeOf<T>());
    std::ranges::copy(converted.template span<T>(), target.template span<T>().begin());
}

template class ReferenceWeights<float>;
template class ReferenceWeights<double>;

} // namespace gradwright::reference
