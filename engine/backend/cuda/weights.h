// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"
#include "engine/backend/cuda/device.h"

namespace gradwright::cuda {

/// Weights in the memory of a GPU, in FP32, row-major; all values in one piece, likewise all
/// gradients and each slot. Addresses stay as they are, since recorded work holds them.
class CudaWeights final : public WeightStore {
public:
    CudaWeights(std::shared_ptr<Device> device, std::vector<WeightSpec> specs);

    [[nodiscard]] const std::vector<WeightSpec>& specs() const override { return specs_; }
    [[nodiscard]] DType dtype() const override { return DType::F32; }
    [[nodiscard]] Tensor read(WeightId id) const override;
    void write(WeightId id, const Tensor& values) override;
    [[nodiscard]] Tensor readGradient(WeightId id) const override;
    [[nodiscard]] std::size_t slots() const override { return slots_.size(); }
    [[nodiscard]] Tensor readSlot(WeightId id, std::size_t slot) const override;
    void writeSlot(WeightId id, std::size_t slot, const Tensor& values) override;
    void exchange(std::size_t slot) override;
    [[nodiscard]] std::optional<LossScale> lossScale() const override;
    void setLossScale(const LossScale& scale) override;

    /// Throws Error where there are slots already and not that many.
    void prepareTraining(std::size_t slots);
    /// For trainings in FP16: lossScale() is kept on the device from now on.
    void prepareLossScale();
    [[nodiscard]] Address lossScaleOnDevice() const { return lossScale_.address(); }
    /// Throws Error unless the store is of such weights.
    void requireSame(const std::vector<WeightSpec>& specs) const;

    [[nodiscard]] Address value(WeightId id) const { return values_.address() + offset(id); }
    [[nodiscard]] Address gradient(WeightId id) const { return gradients_.address() + offset(id); }
    [[nodiscard]] Address slot(WeightId id, std::size_t slot) const {
        return slots_[slot].address() + offset(id);
    }
    [[nodiscard]] std::size_t bytes() const;
    /// What prepareTraining() makes of weights of so many bytes.
    [[nodiscard]] static std::size_t bytesFor(const std::vector<WeightSpec>& specs,
                                              const CompileOptions& options);

private:
    [[nodiscard]] std::size_t offset(WeightId id) const { return offsets_[id.index()]; }
    void requireWeight(WeightId id) const;
    [[nodiscard]] const WeightSpec& spec(WeightId id) const;
    void requireSlot(WeightId id, std::size_t slot) const;
    [[nodiscard]] Tensor download(WeightId id, Address from) const;
    void upload(WeightId id, Address to, const Tensor& values);
    [[nodiscard]] Memory zeros() const;

    std::shared_ptr<Device> device_;
    mutable Stream stream_;
    std::vector<WeightSpec> specs_;
    std::vector<std::size_t> offsets_; ///< by weight, in bytes
    std::size_t bytes_ = 0;            ///< of one piece
    Memory values_, gradients_;
    std::vector<Memory> slots_;
    Memory lossScale_; ///< of DeviceLossScale, once there is a training in FP16
};

} // namespace gradwright::cuda
