// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/weight_store.h"

#include "engine/backend/rank_sums.h"

#include <algorithm>

namespace gradwright::onednn {
namespace {

std::size_t product(const Dims& dims) {
    std::size_t elements = 1;
    for (const auto dim : dims)
        elements *= static_cast<std::size_t>(dim);
    return elements;
}

std::span<float> floatsOf(AlignedBuffer& buffer) {
    return {reinterpret_cast<float*>(buffer.data()), buffer.size() / sizeof(float)};
}

} // namespace

Dims storedDims(const Shape& shape) {
    return shape.rank() == 0 ? Dims{1} : shape.dims();
}

std::vector<std::size_t> rowOffsets(const Dims& small, const Dims& large) {
    std::vector<std::size_t> offsets(product(small) / static_cast<std::size_t>(small.back()));
    for (std::size_t row = 0; row < offsets.size(); ++row) {
        std::size_t rest = row;
        auto stride = static_cast<std::size_t>(large.back());
        for (auto axis = small.size() - 1; axis-- > 0;) {
            const auto length = static_cast<std::size_t>(small[axis]);
            offsets[row] += rest % length * stride;
            rest /= length;
            stride *= static_cast<std::size_t>(large[axis]);
        }
    }
    return offsets;
}

OneDnnWeights::OneDnnWeights(std::vector<WeightSpec> specs, bool planOnly)
    : specs_(std::move(specs))
    , stored_(specs_.size())
    , forms_(planOnly)
    , planOnly_(planOnly) {}

Tensor OneDnnWeights::read(WeightId id) const {
    return toPlain(id, at(id).value);
}

void OneDnnWeights::write(WeightId id, const Tensor& values) {
    at(id);
    fromPlain(id, values, stored_[id.index()].value.data());
    forms_.weightChanged(id);
}

Tensor OneDnnWeights::readGradient(WeightId id) const {
    const auto& weight = at(id);
    const auto& spec = specs_[id.index()];
    if (!spec.learns())
        throw Error("weight {} is not trained and has no gradient", spec.key);
    if (weight.gradient.size() == 0)
        throw Error("weight {} has no gradient: no training program was compiled for it", spec.key);
    return toPlain(id, weight.gradient);
}

Tensor OneDnnWeights::readSlot(WeightId id, std::size_t slot) const {
    return toPlain(id, atSlot(id, slot).slots[slot]);
}

void OneDnnWeights::writeSlot(WeightId id, std::size_t slot, const Tensor& values) {
    atSlot(id, slot);
    fromPlain(id, values, stored_[id.index()].slots[slot].data());
}

void OneDnnWeights::exchange(std::size_t slot) {
    for (std::uint32_t i = 0; i < stored_.size(); ++i)
        if (specs_[i].learns()) {
            atSlot(WeightId{i}, slot);
            auto& weight = stored_[i];
            // Not the buffers: programs hold their addresses.
            std::swap_ranges(weight.value.data(), weight.value.data() + weight.value.size(),
                             weight.slots[slot].data());
            forms_.weightChanged(WeightId{i});
        }
}

void OneDnnWeights::accumulateGradients(double share, const Accumulation& place) {
    for (std::uint32_t i = 0; i < stored_.size(); ++i) {
        auto& weight = stored_[i];
        if (!specs_[i].learns())
            continue;
        if (weight.kept.size() == 0)
            weight.kept = AlignedBuffer(weight.gradient.size());
        accumulate<float>(share, place, floatsOf(weight.gradient), floatsOf(weight.kept));
    }
}

std::unique_ptr<GradientExchange>
OneDnnWeights::exchangeGradients(const GradientSharing& how, std::span<const WeightId> order) {
    std::vector<GradientSums<float>::Piece> pieces;
    for (const auto id : order) {
        auto& weight = stored_[id.index()];
        pieces.push_back({id, floatsOf(weight.gradient),
                          how.place.isFirst ? std::span<float>() : floatsOf(weight.kept)});
    }
    return std::make_unique<GradientSums<float>>(how, std::move(pieces), travelling_);
}

void OneDnnWeights::averageWeights(Communicator& ranks, double share,
                                   std::span<const WeightId> ids) {
    std::vector<std::span<float>> weights;
    for (const auto id : ids) {
        weights.push_back(floatsOf(stored_[id.index()].value));
        forms_.weightChanged(id);
    }
    sumOverRanks<float>(ranks, share, weights);
}

void OneDnnWeights::setLayout(WeightId id, const Dims& dims, const MemoryDesc& desc) {
    auto& weight = stored_[id.index()];
    weight.dims = dims;
    weight.desc = desc;
    weight.isSet = true;
    if (!planOnly_)
        weight.value = AlignedBuffer(desc.get_size());
}

void OneDnnWeights::setRemainingLayouts() {
    for (std::uint32_t i = 0; i < stored_.size(); ++i)
        if (!stored_[i].isSet) {
            const auto dims = storedDims(specs_[i].shape);
            setLayout(WeightId{i}, dims, denseDesc(dims));
        }
}

FormNumber OneDnnWeights::addForm(WeightId id, const WeightForm& form) {
    auto& weight = stored_[id.index()];
    return forms_.add(id, weight.desc, weight.value.bytes(), form);
}

void OneDnnWeights::prepareTraining(std::size_t slots) {
    if (slots > 0 && slots_ > 0 && slots != slots_)
        throw Error("the weights hold {} tensors of optimizer state each, but this optimizer "
                    "keeps {}; start from fresh weights",
                    slots_, slots);
    slots_ = std::max(slots_, slots);
    trains_ = true;
    if (planOnly_)
        return;
    for (std::size_t i = 0; i < stored_.size(); ++i) {
        auto& weight = stored_[i];
        if (!specs_[i].learns())
            continue;
        if (weight.gradient.size() == 0)
            weight.gradient = AlignedBuffer(weight.value.size());
        while (weight.slots.size() < slots_)
            weight.slots.emplace_back(weight.value.size());
    }
}

AlignedBuffer OneDnnWeights::paddingMask(WeightId id) const {
    if (planOnly_)
        return {};
    const auto& weight = at(id);
    Tensor ones(DType::F32, specs_[id.index()].shape);
    std::ranges::fill(ones.span<float>(), 1.0F);
    AlignedBuffer mask(weight.value.size());
    fromPlain(id, ones, mask.data());
    return mask;
}

std::vector<std::int32_t> OneDnnWeights::rowsOf(WeightId id) const {
    const auto& shape = specs_[id.index()].shape;
    Tensor numbers(DType::F32, shape);
    const auto values = numbers.span<float>();
    const auto rowLength = values.size() / static_cast<std::size_t>(shape[0]);
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto row = i / rowLength;
        values[i] = static_cast<float>(row + 1);
    }
    AlignedBuffer memory(at(id).value.size());
    fromPlain(id, numbers, memory.data());
    std::vector<std::int32_t> rows(at(id).elements());
    const auto* laid = reinterpret_cast<const float*>(memory.data());
    for (std::size_t i = 0; i < rows.size(); ++i)
        rows[i] = static_cast<std::int32_t>(laid[i]) - 1;
    return rows;
}

std::size_t OneDnnWeights::bytes() const {
    auto sum = forms_.bytes();
    for (std::size_t i = 0; i < stored_.size(); ++i) {
        const auto copies = trains_ && specs_[i].learns() ? 2 + slots_ : 1;
        sum += stored_[i].desc.get_size() * copies;
    }
    return sum;
}

const StoredWeight& OneDnnWeights::at(WeightId id) const {
    if (id.index() >= stored_.size())
        throw Error("there is no weight number {}; the network has {}", id.value, stored_.size());
    return stored_[id.index()];
}

const StoredWeight& OneDnnWeights::atSlot(WeightId id, std::size_t slot) const {
    const auto& weight = at(id);
    if (slot >= weight.slots.size())
        throw Error("weight {} has {} tensors of optimizer state; there is no number {}",
                    specs_[id.index()].key, weight.slots.size(), slot);
    return weight;
}

Tensor OneDnnWeights::toPlain(WeightId id, const AlignedBuffer& memory) const {
    const auto& weight = at(id);
    const auto large = dimsOf(weight.desc);
    Tensor tensor(DType::F32, specs_[id.index()].shape);
    if (large == weight.dims) {
        reorderNow(weight.desc, memory.data(), denseDesc(large), tensor.bytes().data());
        return tensor;
    }
    AlignedBuffer all(product(large) * sizeof(float));
    reorderNow(weight.desc, memory.data(), denseDesc(large), all.data());
    const auto* source = reinterpret_cast<const float*>(all.data());
    auto* target = tensor.span<float>().data();
    for (const auto from : rowOffsets(weight.dims, large))
        target = std::copy_n(source + from, weight.dims.back(), target);
    return tensor;
}

void OneDnnWeights::fromPlain(WeightId id, const Tensor& values, std::byte* memory) const {
    const auto& weight = at(id);
    const auto& spec = specs_[id.index()];
    if (values.shape() != spec.shape)
        throw Error("weight {} has shape {}, not {}", spec.key, toString(spec.shape),
                    toString(values.shape()));
    if (values.dtype() != DType::F32)
        return fromPlain(id, values.to(DType::F32), memory);
    const auto large = dimsOf(weight.desc);
    const auto source = values.span<float>();
    if (large == weight.dims)
        return reorderNow(denseDesc(large), source.data(), weight.desc, memory);
    AlignedBuffer all(product(large) * sizeof(float));
    auto* target = reinterpret_cast<float*>(all.data());
    const auto* row = source.data();
    for (const auto to : rowOffsets(weight.dims, large)) {
        std::copy_n(row, weight.dims.back(), target + to);
        row += weight.dims.back();
    }
    reorderNow(denseDesc(large), all.data(), weight.desc, memory);
}

} // namespace gradwright::onednn
