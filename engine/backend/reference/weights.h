// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"

namespace gradwright::reference {

/// Every tensor in plain row-major order.
template <class T>
class ReferenceWeights final : public WeightStore {
public:
    explicit ReferenceWeights(const std::vector<WeightSpec>& specs);

    [[nodiscard]] const std::vector<WeightSpec>& specs() const override { return specs_; }
    [[nodiscard]] DType dtype() const override { return dtypeOf<T>(); }
    [[nodiscard]] Tensor read(WeightId id) const override { return at(id).value; }
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

    /// Makes room for gradients and `slots` tensors of optimizer state per weight, zero at first.
    /// Throws Error when the state of an optimizer with another number is there already.
    void prepareTraining(std::size_t slots);

    std::span<T> values(WeightId id) { return entries_[id.index()].value.template span<T>(); }
    std::span<T> gradient(WeightId id) { return entries_[id.index()].gradient.template span<T>(); }
    std::span<T> slot(WeightId id, std::size_t slot) {
        return entries_[id.index()].slots[slot].template span<T>();
    }
    [[nodiscard]] std::size_t bytes() const;

private:
    struct Entry {
        Tensor value;
        Tensor gradient;       ///< empty before prepareTraining()
        std::vector<T> kept{}; ///< of the gradients of batches before
        std::vector<Tensor> slots;
    };

    const Entry& at(WeightId id) const;
    const Entry& atSlot(WeightId id, std::size_t slot) const;
    void assign(WeightId id, Tensor& target, const Tensor& values) const;

    std::vector<WeightSpec> specs_;
    std::vector<Entry> entries_;
    std::size_t slots_ = 0;
    std::vector<T> travelling_; ///< numbers between ranks
};

} // namespace gradwright::reference
