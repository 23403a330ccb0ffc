// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/update.h"
#include "engine/backend/cuda/lowering.h"
#include "engine/backend/cuda/weights.h"

namespace gradwright::cuda {

/// The end of a training step: the squared norms of the gradients, whether all is finite, and the
/// optimizer with what regularizes it (as UpdatePipeline does it on the CPU).
class StepUpdate {
public:
    /// Throws Error for an optimizer that a GPU does not run.
    StepUpdate(std::shared_ptr<Device> device, const OpGraph& graph, const CompileOptions& options,
               const CudaWeights& weights);

    /// After the backward pass: sums->isFinite and `squares`, by weight.
    void addNorms(LaunchList& list, StepSums* sums, double* squares) const;
    /// The update; it changes nothing unless the sums are finite.
    void addUpdate(LaunchList& list, const StepScalars* scalars, const StepSums* sums) const;

    /// What the rules need of a step, copied to rulesOnDevice() before the update runs.
    [[nodiscard]] std::span<const std::byte> rulesFor(double learningRate, std::uint64_t step);
    [[nodiscard]] Address rulesOnDevice() const { return rules_.address(); }

private:
    void addSquares(LaunchList& list, UpdateArray array, std::int32_t slot, double* squares) const;
    [[nodiscard]] Launch forBlocks() const;
    /// Of a launch that takes so many arrays of as many elements as the weights have, which the
    /// tables on the device name.
    [[nodiscard]] LaunchCost costOf(std::size_t read, std::size_t written) const;
    [[nodiscard]] const UpdateEntry* entriesOnDevice() const {
        return reinterpret_cast<const UpdateEntry*>(entries_.address());
    }
    [[nodiscard]] const UpdateBlock* blocksOnDevice() const {
        return reinterpret_cast<const UpdateBlock*>(blocks_.address());
    }
    [[nodiscard]] double* onDevice(const Memory& memory) const {
        return reinterpret_cast<double*>(memory.address());
    }

    UpdateRule rule_;
    std::size_t weightCount_;
    std::vector<UpdateEntry> hostEntries_;
    std::size_t blockCount_ = 0, elements_ = 0;
    std::vector<double> rateFactors_; ///< by rule
    std::vector<std::byte> hostRules_;
    Memory entries_, blocks_, rules_;
    Memory partial_;                      ///< squares by block
    Memory weightSquares_, otherSquares_; ///< by weight
};

/// Whether a GPU runs the optimizer: all but those that need sums over the whole network.
bool canUpdate(const UpdateRule& rule);
/// Throws Error for an optimizer that a GPU does not run.
void requireUpdate(const UpdateRule& rule);

} // namespace gradwright::cuda
