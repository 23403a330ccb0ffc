// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/weights.h"

#include "engine/backend/cuda/kernels/params.h"

#include <algorithm>

namespace gradwright::cuda {
namespace {

std::size_t bytesOf(const WeightSpec& spec) {
    return static_cast<std::size_t>(spec.shape.elements()) * sizeof(float);
}

} // namespace

CudaWeights::CudaWeights(std::shared_ptr<Device> device, std::vector<WeightSpec> specs)
    : device_(std::move(device))
    , stream_(device_)
    , specs_(std::move(specs)) {
    for (const auto& spec : specs_) {
        offsets_.push_back(bytes_);
        bytes_ += alignedBytes(bytesOf(spec));
    }
    values_ = zeros();
}

Tensor CudaWeights::read(WeightId id) const {
    requireWeight(id);
    return download(id, value(id));
}

void CudaWeights::write(WeightId id, const Tensor& values) {
    requireWeight(id);
    upload(id, value(id), values);
}

Tensor CudaWeights::readGradient(WeightId id) const {
    if (!spec(id).learns())
        throw Error("weight {} is not trained and has no gradient", spec(id).key);
    if (bytes_ > 0 && gradients_.bytes() == 0)
        throw Error("weight {} has no gradient: no training program was compiled for it",
                    spec(id).key);
    return download(id, gradient(id));
}

Tensor CudaWeights::readSlot(WeightId id, std::size_t slot) const {
    requireSlot(id, slot);
    return download(id, this->slot(id, slot));
}

void CudaWeights::writeSlot(WeightId id, std::size_t slot, const Tensor& values) {
    requireSlot(id, slot);
    upload(id, this->slot(id, slot), values);
}

void CudaWeights::exchange(std::size_t slot) {
    device_->use();
    std::size_t largest = 0;
    for (const auto& spec : specs_)
        largest = std::max(largest, bytesOf(spec));
    const Memory between(device_, largest);
    for (std::uint32_t i = 0; i < specs_.size(); ++i) {
        const WeightId id{i};
        if (!specs_[i].learns())
            continue;
        requireSlot(id, slot);
        const auto bytes = bytesOf(specs_[i]);
        stream_.copy(between.address(), value(id), bytes);
        stream_.copy(value(id), this->slot(id, slot), bytes);
        stream_.copy(this->slot(id, slot), between.address(), bytes);
    }
    stream_.synchronize();
}

void CudaWeights::prepareTraining(std::size_t slots) {
    if (slots > 0 && !slots_.empty() && slots != slots_.size())
        throw Error("the weights hold {} tensors of optimizer state each, but this optimizer "
                    "keeps {}; start from fresh weights",
                    slots_.size(), slots);
    if (gradients_.bytes() == 0)
        gradients_ = zeros();
    while (slots_.size() < slots)
        slots_.push_back(zeros());
}

void CudaWeights::prepareLossScale() {
    if (lossScale_.bytes() > 0)
        return;
    lossScale_ = Memory(device_, sizeof(DeviceLossScale));
    setLossScale({});
}

std::optional<LossScale> CudaWeights::lossScale() const {
    if (lossScale_.bytes() == 0)
        return {};
    device_->use();
    DeviceLossScale state;
    stream_.copyOut(&state, lossScale_.address(), sizeof(state));
    stream_.synchronize();
    return LossScale{state.scale, state.goodSteps};
}

void CudaWeights::setLossScale(const LossScale& scale) {
    if (lossScale_.bytes() == 0)
        return;
    device_->use();
    const DeviceLossScale state{scale.scale, scale.goodSteps, LossScale::kGoodStepsToDouble};
    stream_.copyIn(lossScale_.address(), &state, sizeof(state));
    stream_.synchronize();
}

void CudaWeights::requireSame(const std::vector<WeightSpec>& specs) const {
    if (specs.size() != specs_.size())
        throw Error("the weights are those of another network: {} tensors, not {}", specs_.size(),
                    specs.size());
    for (std::size_t i = 0; i < specs.size(); ++i)
        if (specs[i].key != specs_[i].key || specs[i].shape != specs_[i].shape ||
            specs[i].learns() != specs_[i].learns())
            throw Error("the weights are those of another network: {} of shape {} instead of {} of "
                        "shape {}",
                        specs_[i].key, toString(specs_[i].shape), specs[i].key,
                        toString(specs[i].shape));
}

std::size_t CudaWeights::bytes() const {
    return values_.bytes() + gradients_.bytes() + slots_.size() * bytes_;
}

std::size_t CudaWeights::bytesFor(const std::vector<WeightSpec>& specs,
                                  const CompileOptions& options) {
    std::size_t piece = 0;
    for (const auto& spec : specs)
        piece += alignedBytes(bytesOf(spec));
    if (options.mode != Mode::Training)
        return piece;
    return piece * (2 + (options.update ? options.update->allSlots() : 0));
}

void CudaWeights::requireWeight(WeightId id) const {
    if (id.index() >= specs_.size())
        throw Error("there is no weight number {}; the network has {}", id.value, specs_.size());
}

const WeightSpec& CudaWeights::spec(WeightId id) const {
    requireWeight(id);
    return specs_[id.index()];
}

void CudaWeights::requireSlot(WeightId id, std::size_t slot) const {
    const auto has = spec(id).learns() ? slots_.size() : 0;
    if (slot >= has)
        throw Error("weight {} has {} tensors of optimizer state; there is no number {}",
                    spec(id).key, has, slot);
}

Tensor CudaWeights::download(WeightId id, Address from) const {
    device_->use();
    Tensor values(DType::F32, specs_[id.index()].shape);
    stream_.copyOut(values.span<float>().data(), from, bytesOf(specs_[id.index()]));
    stream_.synchronize();
    return values;
}

void CudaWeights::upload(WeightId id, Address to, const Tensor& values) {
    device_->use();
    const auto& spec = specs_[id.index()];
    if (values.shape() != spec.shape)
        throw Error("weight {} has shape {}, not {}", spec.key, toString(spec.shape),
                    toString(values.shape()));
    const auto converted = values.to(DType::F32);
    stream_.copyIn(to, converted.span<float>().data(), bytesOf(spec));
    stream_.synchronize();
}

Memory CudaWeights::zeros() const {
    Memory memory(device_, bytes_);
    stream_.clear(memory.address(), bytes_);
    stream_.synchronize();
    return memory;
}

} // namespace gradwright::cuda
