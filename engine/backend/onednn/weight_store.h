// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"
#include "engine/backend/onednn/primitives.h"
#include "engine/backend/onednn/weight_forms.h"
#include "engine/tensor/aligned_buffer.h"

namespace gradwright::onednn {

/// One weight as the primitives want it: possibly with more channels than it has (zeros there), in
/// an order of theirs. Gradient and slots lie the same way.
struct StoredWeight {
    Dims dims;          ///< without padding; as many dimensions as `desc`
    MemoryDesc desc;    ///< of the memory; its dimensions are `dims` or larger
    bool isSet = false; ///< a program has chosen the layout
    AlignedBuffer value;
    AlignedBuffer gradient; ///< empty before training
    AlignedBuffer kept;     ///< of the gradients of batches before; empty where none was kept
    std::vector<AlignedBuffer> slots;

    [[nodiscard]] std::size_t elements() const { return value.size() / sizeof(float); }
};

/// The dimensions in which a weight of the shape is kept: at least one, since a description without
/// any means no memory in oneDNN.
Dims storedDims(const Shape& shape);

/// Where, in a row-major array of dimensions `large`, the rows of one of dimensions `small` begin,
/// which lies at its start along every axis.
std::vector<std::size_t> rowOffsets(const Dims& small, const Dims& large);

class OneDnnWeights final : public WeightStore {
public:
    /// `planOnly`: layouts alone, without memory.
    explicit OneDnnWeights(std::vector<WeightSpec> specs, bool planOnly = false);

    [[nodiscard]] const std::vector<WeightSpec>& specs() const override { return specs_; }
    [[nodiscard]] DType dtype() const override { return DType::F32; }
    [[nodiscard]] Tensor read(WeightId id) const override;
    void write(WeightId id, const Tensor& values) override;
    [[nodiscard]] Tensor readGradient(WeightId id) const override;
    [[nodiscard]] std::size_t slots() const override { return slots_; }
    [[nodiscard]] Tensor readSlot(WeightId id, std::size_t slot) const override;
    void writeSlot(WeightId id, std::size_t slot, const Tensor& values) override;
    void exchange(std::size_t slot) override;
    void accumulateGradients(double share, const Accumulation& place) override;
    std::unique_ptr<GradientExchange> exchangeGradients(const GradientSharing& how,
                                                        std::span<const WeightId> order) override;
    void averageWeights(Communicator& ranks, double share, std::span<const WeightId> ids) override;

    [[nodiscard]] StoredWeight& stored(WeightId id) { return stored_[id.index()]; }
    /// Fixes the layout of a weight that no program has used yet. `dims`: the weight's own, with
    /// the rank of `desc`.
    void setLayout(WeightId id, const Dims& dims, const MemoryDesc& desc);
    /// Row-major for those that no op uses.
    void setRemainingLayouts();
    /// The weight in another form; up to date after forms().refresh().
    FormNumber addForm(WeightId id, const WeightForm& form);
    [[nodiscard]] WeightForms& forms() { return forms_; }
    /// Makes gradients and slots. Throws Error when there are slots of another optimizer.
    void prepareTraining(std::size_t slots);
    /// 1 where the weight's memory holds elements, 0 in its padding.
    [[nodiscard]] AlignedBuffer paddingMask(WeightId id) const;
    /// For each element of the weight's memory its index along axis 0, -1 in the padding.
    [[nodiscard]] std::vector<std::int32_t> rowsOf(WeightId id) const;
    [[nodiscard]] std::size_t bytes() const;

private:
    const StoredWeight& at(WeightId id) const;
    const StoredWeight& atSlot(WeightId id, std::size_t slot) const;
    [[nodiscard]] Tensor toPlain(WeightId id, const AlignedBuffer& memory) const;
    void fromPlain(WeightId id, const Tensor& values, std::byte* memory) const;

    std::vector<WeightSpec> specs_;
    std::vector<StoredWeight> stored_;
    WeightForms forms_;
    std::size_t slots_ = 0;
    std::vector<float> travelling_; ///< numbers between ranks
    bool planOnly_;
    bool trains_ = false;
};

} // namespace gradwright::onednn
