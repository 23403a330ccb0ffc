// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/broadcast.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gradwright::reference {
namespace {

template <class T>
class ReduceKernel final : public Kernel<T> {
public:
    ReduceKernel(const ReduceOp& op, const Frame<T>& frame)
        : op_(op)
        , place_(keptShape(op, frame.inputShape(0)), frame.inputShape(0)) {}

    void forward(const Frame<T>& frame) override {
        const auto count = static_cast<T>(frame.inputs[0].size() / frame.output.size());
        std::vector<bool> seen(frame.output.size());
        for (std::size_t i = 0; i < frame.inputs[0].size(); ++i) {
            const auto place = place_(i);
            const T x = op_.kind == ReduceKind::Norm ? frame.inputs[0][i] * frame.inputs[0][i]
                                                     : frame.inputs[0][i];
            frame.output[place] = seen[place] ? joined(frame.output[place], x) : x;
            seen[place] = true;
        }
        for (auto& y : frame.output)
            y = op_.kind == ReduceKind::Mean   ? y / count
                : op_.kind == ReduceKind::Norm ? std::sqrt(y)
                                               : y;
    }

    /// The gradient of a product is the product of all other factors.
    void backward(const Frame<T>& frame) override {
        const auto size = frame.inputs[0].size();
        for (std::size_t i = 0; i < size; ++i) {
            T others = 1;
            for (std::size_t j = 0; j < size; ++j)
                if (j != i && place_(j) == place_(i))
                    others *= frame.inputs[0][j];
            frame.inputGradients[0][i] += frame.outputGradient[place_(i)] * others;
        }
    }

private:
    static Shape keptShape(const ReduceOp& op, Shape shape) {
        const auto rank = static_cast<std::int64_t>(shape.rank());
        for (std::int64_t axis = 0; axis < rank; ++axis)
            if (op.axes.empty() || std::ranges::find(op.axes, axis) != op.axes.end() ||
                std::ranges::find(op.axes, axis - rank) != op.axes.end())
                shape[static_cast<std::size_t>(axis)] = 1;
        return shape;
    }
    [[nodiscard]] T joined(T so_far, T x) const {
        switch (op_.kind) {
        case ReduceKind::Product:
            return so_far * x;
        case ReduceKind::Maximum:
            return std::max(so_far, x);
        case ReduceKind::Minimum:
            return std::min(so_far, x);
        default:
            return so_far + x;
        }
    }

    ReduceOp op_;
    Broadcast place_;
};

template <class T>
class ArgMaxKernel final : public Kernel<T> {
public:
    explicit ArgMaxKernel(const ArgMaxOp& op)
        : op_(op) {}

    void forward(const Frame<T>& frame) override {
        const Lanes lanes(frame.inputShape(0), op_.axis);
        const auto& x = frame.inputs[0];
        for (std::size_t o = 0; o < lanes.outer; ++o)
            for (std::size_t i = 0; i < lanes.inner; ++i) {
                std::size_t best = 0;
                for (std::size_t at = 1; at < lanes.length; ++at) {
                    const T now = x[lanes.element(o, at, i)];
                    const T then = x[lanes.element(o, best, i)];
                    best = (op_.minimum ? now < then : now > then) ? at : best;
                }
                frame.output[o * lanes.inner + i] = static_cast<T>(best);
            }
    }

private:
    ArgMaxOp op_;
};

template <class T>
class TopKKernel final : public Kernel<T> {
public:
    explicit TopKKernel(const TopKOp& op)
        : op_(op) {}

    void forward(const Frame<T>& frame) override {
        const auto& x = frame.inputs[0];
        forEachLane(frame, [&](const Lanes& in, const Lanes& out, std::size_t o, std::size_t i) {
            std::vector<std::size_t> order(in.length);
            std::iota(order.begin(), order.end(), std::size_t{0});
            std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) {
                const T left = x[in.element(o, a, i)];
                const T right = x[in.element(o, b, i)];
                return op_.smallest ? left < right : left > right;
            });
            for (std::size_t k = 0; k < out.length; ++k) {
                frame.outputs[0][out.element(o, k, i)] = x[in.element(o, order[k], i)];
                frame.outputs[1][out.element(o, k, i)] = static_cast<T>(order[k]);
            }
        });
    }

    void backward(const Frame<T>& frame) override {
        forEachLane(frame, [&](const Lanes& in, const Lanes& out, std::size_t o, std::size_t i) {
            for (std::size_t k = 0; k < out.length; ++k) {
                const auto from = static_cast<std::size_t>(frame.outputs[1][out.element(o, k, i)]);
                frame.inputGradients[0][in.element(o, from, i)] +=
                    frame.outputGradient[out.element(o, k, i)];
            }
        });
    }

private:
    template <class Visit>
    void forEachLane(const Frame<T>& frame, Visit&& visit) const {
        const Lanes in(frame.inputShape(0), op_.axis);
        const Lanes out(frame.outputShape(), op_.axis);
        for (std::size_t o = 0; o < in.outer; ++o)
            for (std::size_t i = 0; i < in.inner; ++i)
                visit(in, out, o, i);
    }

    TopKOp op_;
};

template <class T>
class GatherKernel final : public Kernel<T> {
public:
    explicit GatherKernel(const GatherOp& op)
        : op_(op) {}

    void forward(const Frame<T>& frame) override {
        forEachElement(frame, [&](std::size_t output, std::size_t data) {
            frame.output[output] = frame.number(0, data);
        });
    }
    void backward(const Frame<T>& frame) override {
        forEachElement(frame, [&](std::size_t output, std::size_t data) {
            frame.inputGradients[0][data] += frame.outputGradient[output];
        });
    }

private:
    /// visit(element of the output, element of the data)
    template <class Visit>
    void forEachElement(const Frame<T>& frame, Visit&& visit) const {
        const Lanes lanes(frame.inputShape(0), op_.axis);
        const auto count = static_cast<std::size_t>(frame.inputShape(1).elements());
        for (std::size_t o = 0; o < lanes.outer; ++o)
            for (std::size_t n = 0; n < count; ++n) {
                const auto length = static_cast<std::int64_t>(lanes.length);
                const auto index = static_cast<std::int64_t>(frame.number(1, n));
                if (index < -length || index >= length)
                    throw Error("{}: index {} is outside of 0 to {}", frame.path, index,
                                length - 1);
                const auto at = static_cast<std::size_t>(index < 0 ? index + length : index);
                for (std::size_t i = 0; i < lanes.inner; ++i)
                    visit((o * count + n) * lanes.inner + i, lanes.element(o, at, i));
            }
    }

    GatherOp op_;
};

} // namespace

template <class T>
KernelPtr<T> makeKernel(const ReduceOp& op, const Frame<T>& frame) {
    return std::make_unique<ReduceKernel<T>>(op, frame);
}
template <class T>
KernelPtr<T> makeKernel(const ArgMaxOp& op, const Frame<T>& /*frame*/) {
    return std::make_unique<ArgMaxKernel<T>>(op);
}
template <class T>
KernelPtr<T> makeKernel(const TopKOp& op, const Frame<T>& /*frame*/) {
    return std::make_unique<TopKKernel<T>>(op);
}
template <class T>
KernelPtr<T> makeKernel(const GatherOp& op, const Frame<T>& /*frame*/) {
    return std::make_unique<GatherKernel<T>>(op);
}
GRADWRIGHT_REFERENCE_KERNEL(ReduceOp);
GRADWRIGHT_REFERENCE_KERNEL(ArgMaxOp);
GRADWRIGHT_REFERENCE_KERNEL(TopKOp);
GRADWRIGHT_REFERENCE_KERNEL(GatherOp);

} // namespace gradwright::reference
