// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/kernels/element.h"
#include "engine/backend/cuda/kernels/recurrent.h"
#include "engine/backend/cuda/lower_recurrent.h"

namespace gradwright::cuda {
namespace {

/// Runs from time to time, all samples together; the states are arrays of their own, because
/// samples begin and end at different times.
class VariantForward {
public:
    VariantForward(Lowering& lowering, const RecurrentOp& op)
        : lowering_(lowering)
        , op_(op)
        , sizes_(lowering, op)
        , gates_(lowering.scratch<float>(sizes_.size(sizes_.rows)))
        , product_(
              lowering.scratch<float>(static_cast<std::size_t>(sizes_.samples * sizes_.rows))) {
        variant_.h = firstState(1);
        if (op.cell == CellKind::Lstm)
            variant_.c = firstState(2);
        if (op.peepholes)
            variant_.peepholes = lowering.weight(op.bias ? 4 : 2);
        if (op.lengths) {
            const auto last = lowering.inputs() - 1;
            const bool isFed = lowering.isFedAsIndices(last);
            variant_.lengths.isIndices = isFed ? 1 : 0;
            variant_.lengths.data = isFed ? static_cast<const void*>(lowering.indices(last))
                                          : static_cast<const void*>(lowering.input(last));
        }
        if (op.resetFirst) {
            reset_ = lowering.scratch<float>(stateSize());
            resetProduct_ = lowering.scratch<float>(stateSize());
            variant_.resetProduct = resetProduct_;
        }
    }

    void run() {
        multiplyRows(lowering_,
                     {sizes_.places(), sizes_.rows, sizes_.features, sizes_.features, true},
                     lowering_.input(), lowering_.weight(0),
                     op_.bias ? lowering_.weight(2) : nullptr, gates_);
        for (std::int64_t i = 0; i < sizes_.steps; ++i)
            runStep(i);
        if (!op_.lastStates)
            return;
        copyElements(lowering_, variant_.h, lowering_.output(1), stateSize());
        if (op_.cell == CellKind::Lstm)
            copyElements(lowering_, variant_.c, lowering_.output(2), stateSize());
    }

private:
    [[nodiscard]] std::size_t stateSize() const {
        return static_cast<std::size_t>(sizes_.samples * sizes_.units);
    }

    /// A copy of the one that is given, or zeros.
    float* firstState(std::size_t input) {
        auto* state = lowering_.scratch<float>(stateSize());
        if (input < lowering_.inputs() - (op_.lengths ? 1 : 0))
            copyElements(lowering_, lowering_.input(input), state, stateSize());
        else
            lowering_.launch(kernel::fill, Lowering::forElements(stateSize()), state,
                             static_cast<std::uint64_t>(stateSize()), 0.0F);
        return state;
    }

    /// The state times the first rows of U, or rows of `gates` gates from `first` on.
    void multiplyState(const float* state, std::int64_t first, std::int64_t gates, float* to) {
        multiplyRows(lowering_,
                     {sizes_.samples, gates * sizes_.units, sizes_.units, sizes_.units, true},
                     state, lowering_.weight(1) + first * sizes_.units * sizes_.units, nullptr, to);
    }

    void runStep(std::int64_t i) {
        variant_.time = count32(sizes_.isReverse ? sizes_.steps - 1 - i : i);
        RecurrentBefore before;
        before.product = product_;
        before.bias = op_.bias ? lowering_.weight(3) : nullptr;
        RecurrentStep step;
        step.samples = count32(sizes_.samples);
        step.units = count32(sizes_.units);
        step.stride = sizes_.stride();
        const auto* gates = sizes_.at(gates_, i, sizes_.rows);
        auto* y = sizes_.at(lowering_.output(), i, sizes_.units);
        multiplyState(variant_.h, 0, op_.resetFirst ? 2 : gatesOf(op_.cell), product_);
        if (op_.resetFirst) {
            lowering_.launch(kernel::resetState, sizes_.forStep(), gates, before, variant_.h,
                             reset_, step);
            multiplyState(reset_, 2, 1, resetProduct_);
        }
        if (op_.cell == CellKind::Simple)
            lowering_.launch(kernel::simpleVariantStep, sizes_.forStep(), gates, before, y, step,
                             variant_, op_.relu ? 1 : 0);
        else
            lowering_.launch(op_.cell == CellKind::Lstm ? kernel::lstmVariantStep
                                                        : kernel::gruVariantStep,
                             sizes_.forStep(), gates, before, y, step, variant_);
    }

    Lowering& lowering_;
    const RecurrentOp& op_;
    SequenceSizes sizes_;
    float *gates_, *product_;
    float *reset_ = nullptr, *resetProduct_ = nullptr;
    RecurrentVariant variant_;
};

} // namespace

void lowerVariant(Lowering& lowering, const RecurrentOp& op) {
    VariantForward(lowering, op).run();
}

} // namespace gradwright::cuda
