// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/cuda/lower_recurrent.h"

#include "engine/backend/cuda/axes.h"
#include "engine/backend/cuda/kernels/element.h"
#include "engine/backend/cuda/kernels/product.h"
#include "engine/backend/cuda/kernels/recurrent.h"
#include "engine/backend/cuda/launches.h"
#include "engine/backend/cuda/lower.h"

namespace gradwright::cuda {
namespace {

/// The step's places, with the state before it at the step before, or, before the first step, where
/// it is given.
RecurrentStep stepOf(const SequenceSizes& sizes, std::int64_t step) {
    return {count32(sizes.samples), count32(sizes.units), sizes.stride(),
            step == 0 ? 1 : sizes.stride()};
}

/// h (0) or c (1) before a step: the one that the sequence has, the one that is given, or null.
const float* stateBefore(const Lowering& lowering, const SequenceSizes& sizes, const float* states,
                         std::int64_t step, std::size_t which) {
    if (step > 0)
        return sizes.at(states, step - 1, sizes.units);
    return which + 1 < lowering.inputs() ? lowering.input(which + 1) : nullptr;
}

/// c = aᵀ · b, both with a row for each place.
void multiplyPlaces(Lowering& lowering, const SequenceSizes& sizes, const float* a, const float* b,
                    std::int64_t columns, float* c) {
    ProductShape shape;
    shape.rows = count32(sizes.rows);
    shape.columns = count32(columns);
    shape.depth = count32(sizes.places());
    shape.aRow = 1;
    shape.aDepth = sizes.rows;
    shape.bDepth = columns;
    shape.bColumn = 1;
    shape.cRow = columns;
    shape.cColumn = 1;
    multiply(lowering, ProductOf::Other, a, b, nullptr, c, shape);
}

/// What a forward pass leaves for its gradient: the activated gates and, of an LSTM, c after each
/// step, of a GRU the part of the third gate that comes from the state. Nothing of a simple cell.
struct RecurrentMemory {
    float* gates;
    float* kept;
};
RecurrentMemory memoryFor(Lowering& lowering, const SequenceSizes& sizes, CellKind cell) {
    if (cell == CellKind::Simple)
        return {lowering.scratch<float>(sizes.size(sizes.rows)), nullptr};
    if (lowering.isTraining()) {
        auto* gates = lowering.makeState<float>(sizes.size(sizes.rows));
        return {gates, lowering.makeState<float>(sizes.size(sizes.units))};
    }
    auto* gates = lowering.scratch<float>(sizes.size(sizes.rows));
    return {gates, lowering.scratch<float>(sizes.size(sizes.units))};
}

void runStep(Lowering& lowering, const RecurrentOp& op, const SequenceSizes& sizes,
             const RecurrentMemory& memory, const RecurrentBefore& before, std::int64_t i) {
    auto* gates = sizes.at(memory.gates, i, sizes.rows);
    auto* h = sizes.at(lowering.output(), i, sizes.units);
    const auto step = stepOf(sizes, i);
    if (op.cell == CellKind::Simple) {
        lowering.launch(kernel::simpleStep, sizes.forStep(), gates, before, h, step,
                        op.relu ? 1 : 0);
        return;
    }
    auto* kept = sizes.at(memory.kept, i, sizes.units);
    if (op.cell == CellKind::Lstm)
        lowering.launch(kernel::lstmStep, sizes.forStep(), gates, before, kept, h, step);
    else
        lowering.launch(kernel::gruStep, sizes.forStep(), gates, before, kept, h, step);
}

/// The state after the last step as an output of its own.
void copyLastState(Lowering& lowering, const SequenceSizes& sizes, const float* states, float* to) {
    const Shape shape{sizes.samples, sizes.units};
    const ElementLoop loop(shape, {{sizes.stride() * sizes.units, 1}, stridesOf(shape)});
    lowering.launch(kernel::copyAlong, Lowering::forElements(loop.axes().elements),
                    loop.operand(0, sizes.at(states, sizes.steps - 1, sizes.units)), to,
                    loop.axes(), loop.strided(1));
}

/// Where the gradient works: those of W x + b and of U h + c for all places, which are one array
/// but for a GRU, and what is wanted of the state before a step.
class RecurrentBackward {
public:
    RecurrentBackward(GradientLowering& lowering, const RecurrentOp& op)
        : lowering_(lowering)
        , op_(op)
        , sizes_(lowering, op)
        , ofGates_(lowering.scratch<float>(sizes_.size(sizes_.rows)))
        , ofState_(op.cell == CellKind::Gru ? lowering.scratch<float>(sizes_.size(sizes_.rows))
                                            : ofGates_)
        , product_(lowering.scratch<float>(stateSize()))
        , beside_(lowering.scratch<float>(stateSize())) {
        if (op.lastStates) {
            wants_.later = lowering.outputGradient(1);
            wants_.cell = op.cell == CellKind::Lstm ? lowering.outputGradient(2) : nullptr;
        }
    }

    void run() {
        for (auto i = sizes_.steps; i-- > 0;) {
            runBack(i);
            wants_.direct = op_.cell == CellKind::Gru ? beside_ : nullptr;
            wants_.cell = op_.cell == CellKind::Lstm ? beside_ : nullptr;
            if (i == 0 && !isFirstStateWanted())
                break;
            multiplyRows(
                lowering_,
                {sizes_.samples, sizes_.units, sizes_.rows, sizes_.stride() * sizes_.rows, false},
                sizes_.at(ofState_, i, sizes_.rows), lowering_.weight(1), nullptr, product_);
            wants_.later = product_;
        }
        giveFirstStates();
        giveRest();
    }

private:
    [[nodiscard]] std::size_t stateSize() const {
        return static_cast<std::size_t>(sizes_.samples * sizes_.units);
    }
    [[nodiscard]] bool isFirstStateWanted() const {
        return lowering_.inputs() > 1 && lowering_.inputGradient(1);
    }

    void runBack(std::int64_t i) {
        const auto step = stepOf(sizes_, i);
        const auto launch = sizes_.forStep();
        const auto* gradient = sizes_.at(lowering_.outputGradient(), i, sizes_.units);
        const auto* h = lowering_.output();
        auto* ofGates = sizes_.at(ofGates_, i, sizes_.rows);
        if (op_.cell == CellKind::Simple) {
            lowering_.launch(kernel::simpleStepBack, launch, gradient, wants_,
                             sizes_.at(h, i, sizes_.units), ofGates, step, op_.relu ? 1 : 0);
            return;
        }
        const auto* gates = sizes_.at(lowering_.state<float>(0), i, sizes_.rows);
        const auto* states = lowering_.state<float>(1);
        const auto* kept = sizes_.at(states, i, sizes_.units);
        if (op_.cell == CellKind::Lstm)
            lowering_.launch(kernel::lstmStepBack, launch, gradient, wants_, gates, kept,
                             stateBefore(lowering_, sizes_, states, i, 1), ofGates, beside_, step);
        else
            lowering_.launch(kernel::gruStepBack, launch, gradient, wants_, gates, kept,
                             stateBefore(lowering_, sizes_, h, i, 0), ofGates,
                             sizes_.at(ofState_, i, sizes_.rows), beside_, step);
    }

    void giveFirstStates() {
        if (isFirstStateWanted()) {
            auto* gradient = lowering_.inputGradient(1);
            const Shape shape{sizes_.samples, sizes_.units};
            const ElementLoop loop(shape, {stridesOf(shape)});
            if (wants_.direct)
                lowering_.launch(
                    kernel::binary, Lowering::forElements(stateSize()), loop.operand(0, product_),
                    loop.operand(0, wants_.direct), gradient, loop.axes(),
                    ScaledFunction{static_cast<std::int32_t>(BinaryKind::Add), 1, 0, 0, 0});
            else
                copyElements(lowering_, product_, gradient, stateSize());
        }
        if (lowering_.inputs() > 2 && lowering_.inputGradient(2))
            copyElements(lowering_, beside_, lowering_.inputGradient(2), stateSize());
    }

    /// The gradients that are sums over all steps at once.
    void giveRest() {
        if (auto* gradient = lowering_.inputGradient())
            multiplyRows(lowering_,
                         {sizes_.places(), sizes_.features, sizes_.rows, sizes_.rows, false},
                         ofGates_, lowering_.weight(0), nullptr, gradient);
        if (auto* gradient = lowering_.weightGradient(0))
            multiplyPlaces(lowering_, sizes_, ofGates_, lowering_.input(), sizes_.features,
                           gradient);
        if (auto* gradient = lowering_.weightGradient(1)) {
            auto* before = lowering_.scratch<float>(sizes_.size(sizes_.units));
            lowering_.launch(
                kernel::statesBefore, Lowering::forElements(sizes_.size(sizes_.units)),
                lowering_.output(), lowering_.inputs() > 1 ? lowering_.input(1) : nullptr, before,
                RecurrentAxes{count32(sizes_.samples), count32(sizes_.steps), count32(sizes_.units),
                              op_.timeFirst ? 1 : 0, op_.reverse ? 1 : 0});
            multiplyPlaces(lowering_, sizes_, ofState_, before, sizes_.units, gradient);
        }
        if (!op_.bias)
            return;
        giveBias(2, ofGates_);
        giveBias(3, ofState_);
    }
    void giveBias(std::size_t weight, const float* from) {
        if (auto* gradient = lowering_.weightGradient(weight))
            lowering_.launch(kernel::addRows, {{count32(sizes_.rows)}, {kBlockThreads}}, from,
                             gradient, static_cast<std::uint64_t>(sizes_.places()),
                             static_cast<std::uint64_t>(sizes_.rows));
    }

    GradientLowering& lowering_;
    const RecurrentOp& op_;
    SequenceSizes sizes_;
    float *ofGates_, *ofState_;
    float* product_; ///< [samples, units]: the next step's gradients times U
    float* beside_;  ///< [samples, units]: what goes around it: to an LSTM's c, a GRU's h
    RecurrentWants wants_;
};

} // namespace

void multiplyRows(Lowering& lowering, const RowProduct& product, const float* a, const float* b,
                  const float* bias, float* c) {
    ProductShape shape;
    shape.rows = count32(product.rows);
    shape.columns = count32(product.columns);
    shape.depth = count32(product.depth);
    shape.aRow = product.aStride;
    shape.aDepth = 1;
    shape.bDepth = product.isTransposed ? 1 : product.columns;
    shape.bColumn = product.isTransposed ? product.depth : 1;
    shape.cRow = product.columns;
    shape.cColumn = 1;
    multiply(lowering, ProductOf::Other, a, b, bias, c, shape);
}

/// W x + b is one product for all steps, U h one for each.
void lower(Lowering& lowering, const RecurrentOp& op) {
    if (!op.isPlain()) {
        lowerVariant(lowering, op);
        return;
    }
    const SequenceSizes sizes(lowering, op);
    const auto memory = memoryFor(lowering, sizes, op.cell);
    auto* product = lowering.scratch<float>(static_cast<std::size_t>(sizes.samples * sizes.rows));
    multiplyRows(lowering, {sizes.places(), sizes.rows, sizes.features, sizes.features, true},
                 lowering.input(), lowering.weight(0), op.bias ? lowering.weight(2) : nullptr,
                 memory.gates);
    for (std::int64_t i = 0; i < sizes.steps; ++i) {
        RecurrentBefore before;
        before.bias = op.bias ? lowering.weight(3) : nullptr;
        if (const auto* h = stateBefore(lowering, sizes, lowering.output(), i, 0)) {
            multiplyRows(lowering,
                         {sizes.samples, sizes.rows, sizes.units,
                          stepOf(sizes, i).beforeStride * sizes.units, true},
                         h, lowering.weight(1), nullptr, product);
            before.product = product;
        }
        before.state = op.cell == CellKind::Lstm
                           ? stateBefore(lowering, sizes, memory.kept, i, 1)
                           : stateBefore(lowering, sizes, lowering.output(), i, 0);
        runStep(lowering, op, sizes, memory, before, i);
    }
    for (std::size_t which = 1; op.lastStates && which <= statesOf(op.cell); ++which)
        copyLastState(lowering, sizes, which == 1 ? lowering.output() : memory.kept,
                      lowering.output(which));
}

void lowerGradient(GradientLowering& lowering, const RecurrentOp& op) {
    RecurrentBackward(lowering, op).run();
}

} // namespace gradwright::cuda
