// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/onednn/layout.h"
#include "engine/ops/fused.h"

#include <span>

namespace gradwright::onednn {

/// A FusedOp made ready for outputs in a layout. It is run block by block: all steps of some
/// elements, whose registers stay in the nearest cache, then those of the next. Blocks do not
/// depend on the number of threads, nor elements on each other.
class FusedLoops {
public:
    /// `inputs`: the shape of each, with all axes; nothing for one that lies in memory as the
    /// outputs do. Others are row-major; where the layout is padded, these do not vary along the
    /// channels. Throws Error for more registers than fit.
    FusedLoops(const FusedOp& op, const Layout& layout,
               const std::vector<std::optional<Shape>>& inputs);

    /// `inputs` and `outputs` in the order of the op's inputs and results. Padded channels become
    /// zeros.
    void run(std::span<float* const> outputs, std::span<const float* const> inputs) const;

    /// An input over which an output may be written: nothing reads it after the step that makes
    /// the output. `isWhole`: by input, whether it lies in memory as the outputs do.
    struct InPlace {
        std::size_t output, input;
    };
    [[nodiscard]] static std::optional<InPlace> inPlaceOf(const FusedOp& op,
                                                          const std::vector<bool>& isWhole);

private:
    /// Where the numbers of a register are during a block.
    struct Register {
        enum class Place { Input, Scratch, Output } place = Place::Scratch;
        std::size_t number = 0; ///< of the input, the piece of scratch or the output
    };
    /// An input that is repeated along some axes.
    struct Repeated {
        std::size_t input = 0, scratch = 0;
        std::vector<std::size_t> lengths; ///< of the outputs' axes in memory
        std::vector<std::size_t> strides; ///< how far the input moves with each
        [[nodiscard]] bool isNumber() const { return strides.back() == 0 && strides.size() == 1; }
        /// The elements that belong to those of the outputs from `begin` on.
        void expand(float* out, const float* in, std::size_t begin, std::size_t size) const;
    };

    void placeInputs(const Layout& layout, const std::vector<std::optional<Shape>>& inputs);
    void placeSteps();
    std::size_t takeScratch();
    [[nodiscard]] std::size_t lastReader(std::size_t index) const;
    void clearPadding(float* out) const;

    FusedOp op_;
    Layout layout_;
    std::size_t size_;                ///< elements of an output in memory
    std::vector<Register> registers_; ///< by number
    std::vector<Repeated> repeated_;
    std::vector<std::size_t> free_; ///< pieces of scratch, while registers are placed
    std::size_t scratch_ = 0;       ///< pieces that are used
};

} // namespace gradwright::onednn
