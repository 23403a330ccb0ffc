// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/kernel.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace gradwright::reference {
namespace {

template <class T>
T sigmoid(T x) {
    return T{1} / (T{1} + std::exp(-x));
}

/// Unrolled over the steps; the backward pass is back-propagation through time (Werbos 1990).
template <class T>
class RecurrentKernel final : public Kernel<T> {
public:
    RecurrentKernel(const RecurrentOp& op, const Frame<T>& frame)
        : op_(op)
        , batch_(frame.inputShape(0)[op.batchAxis()])
        , steps_(frame.inputShape(0)[op.timeAxis()])
        , features_(frame.inputShape(0)[2])
        , units_(op.units)
        , rows_(gatesOf(op.cell) * op.units) {
        const auto count = static_cast<std::size_t>(batch_ * steps_);
        fromInput_.resize(count * static_cast<std::size_t>(rows_));
        fromState_.resize(count * static_cast<std::size_t>(rows_));
        cells_.resize(count * static_cast<std::size_t>(units_));
    }

    void forward(const Frame<T>& frame) override {
        findLengths(frame);
        for (std::int64_t n = 0; n < batch_; ++n) {
            for (std::int64_t i = 0; i < lengthOf(n); ++i)
                stepForward(frame, n, i);
            for (std::int64_t time = lengthOf(n); time < steps_; ++time)
                for (std::int64_t unit = 0; unit < units_; ++unit)
                    frame.output[atTime(n, time, units_, unit)] = T{0};
        }
        for (std::size_t which = 1; which < frame.outputs.size(); ++which)
            for (std::int64_t n = 0; n < batch_; ++n)
                for (std::int64_t unit = 0; unit < units_; ++unit)
                    frame.outputs[which][indexOf(units_, n, unit)] =
                        which == 1 ? state(frame, n, lengthOf(n) - 1, unit)
                                   : cell(frame, n, lengthOf(n) - 1, unit);
    }

    void backward(const Frame<T>& frame) override {
        for (std::int64_t n = 0; n < batch_; ++n) {
            // What is wanted of h and of c, later that of the step before.
            std::array<std::vector<T>, 2> wanted;
            const auto begin = indexOf(units_, n, 0);
            const auto size = static_cast<std::size_t>(units_);
            for (std::size_t which = 0; which < wanted.size(); ++which) {
                wanted[which].resize(size);
                if (which + 1 < frame.outputGradients.size())
                    std::ranges::copy(frame.outputGradients[which + 1].subspan(begin, size),
                                      wanted[which].begin());
            }
            for (auto i = steps_; i-- > 0;)
                stepBackward(frame, n, i, wanted[0], wanted[1]);
            for (std::size_t which = 1; which < frame.inputs.size(); ++which)
                for (std::size_t unit = 0; unit < size; ++unit)
                    frame.inputGradients[which][begin + unit] += wanted[which - 1][unit];
        }
    }

private:
    void findLengths(const Frame<T>& frame) {
        if (!op_.lengths)
            return;
        lengths_.clear();
        const auto given = frame.inputs.size() - 1;
        for (std::int64_t n = 0; n < batch_; ++n) {
            lengths_.push_back(
                static_cast<std::int64_t>(frame.number(given, static_cast<std::size_t>(n))));
            if (lengths_.back() < 0 || lengths_.back() > steps_)
                throw Error("{}: sample {} of the batch has the length {}, and the sequence {} "
                            "steps",
                            frame.path, n, lengths_.back(), steps_);
        }
    }
    /// Steps of the sample.
    [[nodiscard]] std::int64_t lengthOf(std::int64_t n) const {
        return lengths_.empty() ? steps_ : lengths_[static_cast<std::size_t>(n)];
    }
    /// The step that is the i-th to run.
    [[nodiscard]] std::int64_t timeOf(std::int64_t n, std::int64_t i) const {
        return op_.reverse ? lengthOf(n) - 1 - i : i;
    }
    [[nodiscard]] std::size_t atTime(std::int64_t n, std::int64_t time, std::int64_t width,
                                     std::int64_t element) const {
        const auto place = op_.timeFirst ? time * batch_ + n : n * steps_ + time;
        return static_cast<std::size_t>(place * width + element);
    }
    [[nodiscard]] std::size_t at(std::int64_t n, std::int64_t i, std::int64_t width,
                                 std::int64_t element) const {
        return atTime(n, timeOf(n, i), width, element);
    }
    /// h (1) or c (2) before the first step.
    [[nodiscard]] T first(const Frame<T>& frame, std::size_t which, std::int64_t n,
                          std::int64_t unit) const {
        const auto states = frame.inputs.size() - (op_.lengths ? 1 : 0);
        return which < states ? frame.inputs[which][indexOf(units_, n, unit)] : T{0};
    }
    [[nodiscard]] T state(const Frame<T>& frame, std::int64_t n, std::int64_t i,
                          std::int64_t unit) const {
        return i < 0 ? first(frame, 1, n, unit) : frame.output[at(n, i, units_, unit)];
    }
    [[nodiscard]] T cell(const Frame<T>& frame, std::int64_t n, std::int64_t i,
                         std::int64_t unit) const {
        return i < 0 ? first(frame, 2, n, unit) : cells_[at(n, i, units_, unit)];
    }
    [[nodiscard]] T gate(std::int64_t n, std::int64_t i, std::int64_t which,
                         std::int64_t unit) const {
        const auto index = at(n, i, rows_, which * units_ + unit);
        return fromInput_[index] + fromState_[index];
    }

    void stepForward(const Frame<T>& frame, std::int64_t n, std::int64_t i) {
        throwIfStopped(frame.stop);
        for (std::int64_t row = 0; row < rows_; ++row) {
            T input = op_.bias ? frame.weights[2][static_cast<std::size_t>(row)] : T{0};
            for (std::int64_t f = 0; f < features_; ++f)
                input += frame.weights[0][indexOf(features_, row, f)] *
                         frame.inputs[0][at(n, i, features_, f)];
            T previous = op_.bias ? frame.weights[3][static_cast<std::size_t>(row)] : T{0};
            for (std::int64_t unit = 0; unit < units_; ++unit)
                previous +=
                    frame.weights[1][indexOf(units_, row, unit)] * state(frame, n, i - 1, unit);
            fromInput_[at(n, i, rows_, row)] = input;
            fromState_[at(n, i, rows_, row)] = previous;
        }
        if (op_.resetFirst)
            resetState(frame, n, i);
        for (std::int64_t unit = 0; unit < units_; ++unit)
            frame.output[at(n, i, units_, unit)] = activated(frame, n, i, unit);
    }

    /// U_n (σ(r) h) + c_n in place of U_n h + c_n.
    void resetState(const Frame<T>& frame, std::int64_t n, std::int64_t i) {
        for (std::int64_t row = 2 * units_; row < rows_; ++row) {
            T sum = op_.bias ? frame.weights[3][static_cast<std::size_t>(row)] : T{0};
            for (std::int64_t unit = 0; unit < units_; ++unit)
                sum += frame.weights[1][indexOf(units_, row, unit)] * sigmoid(gate(n, i, 0, unit)) *
                       state(frame, n, i - 1, unit);
            fromState_[at(n, i, rows_, row)] = sum;
        }
    }

    /// What gate number `which` (i, f, o) of an LSTM sees of the cell.
    [[nodiscard]] T peephole(const Frame<T>& frame, std::int64_t which, std::int64_t unit,
                             T cell) const {
        return op_.peepholes ? frame.weights.back()[indexOf(units_, which, unit)] * cell : T{0};
    }

    T activated(const Frame<T>& frame, std::int64_t n, std::int64_t i, std::int64_t unit) {
        switch (op_.cell) {
        case CellKind::Simple: {
            const T a = gate(n, i, 0, unit);
            return op_.relu ? std::max(a, T{0}) : std::tanh(a);
        }
        case CellKind::Lstm: {
            const T before = cell(frame, n, i - 1, unit);
            const T in = sigmoid(gate(n, i, 0, unit) + peephole(frame, 0, unit, before));
            const T forget = sigmoid(gate(n, i, 1, unit) + peephole(frame, 1, unit, before));
            const T next = forget * before + in * std::tanh(gate(n, i, 2, unit));
            cells_[at(n, i, units_, unit)] = next;
            return sigmoid(gate(n, i, 3, unit) + peephole(frame, 2, unit, next)) * std::tanh(next);
        }
        case CellKind::Gru: {
            const T z = sigmoid(gate(n, i, 1, unit));
            return (T{1} - z) * candidate(n, i, unit) + z * state(frame, n, i - 1, unit);
        }
        }
        return 0;
    }

    /// n of a GRU.
    [[nodiscard]] T candidate(std::int64_t n, std::int64_t i, std::int64_t unit) const {
        const auto index = at(n, i, rows_, 2 * units_ + unit);
        const T share = op_.resetFirst ? T{1} : sigmoid(gate(n, i, 0, unit));
        return std::tanh(fromInput_[index] + share * fromState_[index]);
    }

    /// `stateGradient` and `cellGradient`: what later steps want of this one; on return what this
    /// one wants of the step before.
    void stepBackward(const Frame<T>& frame, std::int64_t n, std::int64_t i,
                      std::vector<T>& stateGradient, std::vector<T>& cellGradient) const {
        throwIfStopped(frame.stop);
        std::vector<T> input(static_cast<std::size_t>(rows_)); // gradients of fromInput_
        std::vector<T> previous(input.size());                 // and of fromState_
        std::vector<T> direct(static_cast<std::size_t>(units_));
        for (std::int64_t unit = 0; unit < units_; ++unit) {
            const auto u = static_cast<std::size_t>(unit);
            const T gradient = stateGradient[u] + frame.outputGradient[at(n, i, units_, unit)];
            gateGradients(frame, n, i, unit, gradient, input, previous, direct[u], cellGradient[u]);
        }
        for (std::int64_t row = 0; row < rows_; ++row) {
            const auto r = static_cast<std::size_t>(row);
            for (std::int64_t f = 0; f < features_; ++f) {
                const auto x = at(n, i, features_, f);
                const auto w = indexOf(features_, row, f);
                frame.weightGradients[0][w] += input[r] * frame.inputs[0][x];
                frame.inputGradients[0][x] += input[r] * frame.weights[0][w];
            }
            for (std::int64_t unit = 0; unit < units_; ++unit) {
                const auto w = indexOf(units_, row, unit);
                frame.weightGradients[1][w] += previous[r] * state(frame, n, i - 1, unit);
                direct[static_cast<std::size_t>(unit)] += previous[r] * frame.weights[1][w];
            }
            if (op_.bias) {
                frame.weightGradients[2][r] += input[r];
                frame.weightGradients[3][r] += previous[r];
            }
        }
        stateGradient = std::move(direct);
    }

    void gateGradients(const Frame<T>& frame, std::int64_t n, std::int64_t i, std::int64_t unit,
                       T gradient, std::vector<T>& input, std::vector<T>& previous, T& direct,
                       T& cellGradient) const {
        const auto set = [&](std::int64_t which, T value) {
            const auto row = static_cast<std::size_t>(which * units_ + unit);
            input[row] = previous[row] = value;
        };
        switch (op_.cell) {
        case CellKind::Simple: {
            const T y = frame.output[at(n, i, units_, unit)];
            set(0, gradient * (op_.relu ? (y > 0 ? T{1} : T{0}) : T{1} - y * y));
            break;
        }
        case CellKind::Lstm: {
            const T in = sigmoid(gate(n, i, 0, unit));
            const T forget = sigmoid(gate(n, i, 1, unit));
            const T g = std::tanh(gate(n, i, 2, unit));
            const T out = sigmoid(gate(n, i, 3, unit));
            const T squashed = std::tanh(cell(frame, n, i, unit));
            const T c = cellGradient + gradient * out * (T{1} - squashed * squashed);
            set(0, c * g * in * (T{1} - in));
            set(1, c * cell(frame, n, i - 1, unit) * forget * (T{1} - forget));
            set(2, c * in * (T{1} - g * g));
            set(3, gradient * squashed * out * (T{1} - out));
            cellGradient = c * forget;
            break;
        }
        case CellKind::Gru: {
            const T r = sigmoid(gate(n, i, 0, unit));
            const T z = sigmoid(gate(n, i, 1, unit));
            const T y = candidate(n, i, unit);
            const T before = gradient * (T{1} - z) * (T{1} - y * y);
            const auto row = static_cast<std::size_t>(2 * units_ + unit);
            set(0, before * fromState_[at(n, i, rows_, 2 * units_ + unit)] * r * (T{1} - r));
            set(1, gradient * (state(frame, n, i - 1, unit) - y) * z * (T{1} - z));
            input[row] = before;
            previous[row] = before * r;
            direct = gradient * z;
            break;
        }
        }
    }

    RecurrentOp op_;
    std::int64_t batch_, steps_, features_, units_, rows_;
    std::vector<T> fromInput_, fromState_; ///< per step, gates·units: W x + b and U h + c
    std::vector<T> cells_;                 ///< per step, units: of an LSTM
    std::vector<std::int64_t> lengths_;    ///< per sample; empty: all steps
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const RecurrentOp& op, const Frame<T>& frame) {
    return std::make_unique<RecurrentKernel<T>>(op, frame);
}
GRADWRIGHT_REFERENCE_KERNEL(RecurrentOp);

} // namespace gradwright::reference
