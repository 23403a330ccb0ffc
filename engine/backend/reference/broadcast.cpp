// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/reference/broadcast.h"

#include "engine/ops/integers.h"

#include <algorithm>
#include <cmath>

namespace gradwright::reference {
namespace {

template <class T>
T unary(const UnaryOp& op, T x) {
    const auto a = static_cast<T>(op.a);
    const auto b = static_cast<T>(op.b);
    switch (op.kind) {
    case UnaryKind::Linear:
        return x;
    case UnaryKind::Exponential:
        return std::exp(x);
    case UnaryKind::Logarithm:
        return std::log(x);
    case UnaryKind::SquareRoot:
        return std::sqrt(x);
    case UnaryKind::Reciprocal:
        return 1 / x;
    case UnaryKind::Power:
        return std::pow(x, a);
    case UnaryKind::Absolute:
        return std::abs(x);
    case UnaryKind::Sign:
        return static_cast<T>(x > 0) - static_cast<T>(x < 0);
    case UnaryKind::Floor:
        return std::floor(x);
    case UnaryKind::Ceiling:
        return std::ceil(x);
    case UnaryKind::Round:
        return std::nearbyint(x);
    case UnaryKind::Clip:
        return std::min(std::max(x, a), b);
    case UnaryKind::Inside:
        return static_cast<T>(a <= x && x <= b);
    case UnaryKind::Sine:
        return std::sin(x);
    case UnaryKind::Cosine:
        return std::cos(x);
    case UnaryKind::ErrorFunction:
        return std::erf(x);
    }
    return x;
}

template <class T>
T binary(BinaryKind kind, T a, T b) {
    switch (kind) {
    case BinaryKind::Add:
        return a + b;
    case BinaryKind::Subtract:
        return a - b;
    case BinaryKind::Multiply:
        return a * b;
    case BinaryKind::Divide:
        return a / b;
    case BinaryKind::Power:
        return std::pow(a, b);
    case BinaryKind::Maximum:
        return a > b || std::isnan(a) ? a : b; // a NaN passes
    case BinaryKind::Minimum:
        return a < b || std::isnan(a) ? a : b;
    }
    return a;
}

template <class T>
bool holds(Comparison comparison, T a, T b) {
    switch (comparison) {
    case Comparison::Equal:
        return a == b;
    case Comparison::Less:
        return a < b;
    case Comparison::LessOrEqual:
        return a <= b;
    case Comparison::Greater:
        return a > b;
    case Comparison::GreaterOrEqual:
        return a >= b;
    }
    return false;
}

bool logic(LogicKind kind, bool a, bool b) {
    switch (kind) {
    case LogicKind::And:
        return a && b;
    case LogicKind::Or:
        return a || b;
    case LogicKind::Xor:
        return a != b;
    case LogicKind::Not:
        return !a;
    }
    return false;
}

/// Each element of the output from the elements of the inputs that belong to it.
template <class T, class F>
class Elementwise final : public Kernel<T> {
public:
    Elementwise(F f, const Frame<T>& frame)
        : f_(std::move(f)) {
        for (std::size_t i = 0; i < frame.inputTypes.size(); ++i)
            places_.emplace_back(frame.inputShape(i), frame.outputShape());
    }

    void forward(const Frame<T>& frame) override {
        std::vector<T> values(places_.size());
        for (std::size_t i = 0; i < frame.output.size(); ++i) {
            for (std::size_t input = 0; input < places_.size(); ++input)
                values[input] = frame.number(input, places_[input](i));
            frame.output[i] = f_(values);
        }
    }

private:
    F f_;
    std::vector<Broadcast> places_;
};

template <class T, class F>
KernelPtr<T> elementwise(const Frame<T>& frame, F f) {
    return std::make_unique<Elementwise<T, F>>(std::move(f), frame);
}

} // namespace

template <class T>
KernelPtr<T> makeKernel(const UnaryOp& op, const Frame<T>& frame) {
    return elementwise(frame, [op](const std::vector<T>& x) {
        return static_cast<T>(op.scale) * unary(op, x[0]) + static_cast<T>(op.shift);
    });
}
template <class T>
KernelPtr<T> makeKernel(const BinaryOp& op, const Frame<T>& frame) {
    return elementwise(frame, [op](const std::vector<T>& x) {
        return static_cast<T>(op.scale) * binary(op.kind, x[0], x[1]) + static_cast<T>(op.shift);
    });
}
template <class T>
KernelPtr<T> makeKernel(const CompareOp& op, const Frame<T>& frame) {
    return elementwise(frame, [op](const std::vector<T>& x) {
        return static_cast<T>(holds(op.comparison, x[0], x[1]));
    });
}
template <class T>
KernelPtr<T> makeKernel(const LogicOp& op, const Frame<T>& frame) {
    return elementwise(frame, [op](const std::vector<T>& x) {
        return static_cast<T>(logic(op.kind, x[0] != 0, x.back() != 0));
    });
}
template <class T>
KernelPtr<T> makeKernel(const WhereOp& /*op*/, const Frame<T>& frame) {
    return elementwise(frame, [](const std::vector<T>& x) { return x[0] != 0 ? x[1] : x[2]; });
}
template <class T>
KernelPtr<T> makeKernel(const CastOp& op, const Frame<T>& frame) {
    return elementwise(frame, [op, from = frame.inputTypes[0].element](const std::vector<T>& x) {
        return castNumber(x[0], from, op.to);
    });
}
template <class T>
KernelPtr<T> makeKernel(const FillOp& op, const Frame<T>& frame) {
    return elementwise(frame,
                       [op](const std::vector<T>& /*x*/) { return static_cast<T>(op.value); });
}
template <class T>
KernelPtr<T> makeKernel(const ExpandOp& /*op*/, const Frame<T>& frame) {
    return elementwise(frame, [](const std::vector<T>& x) { return x[0]; });
}
GRADWRIGHT_REFERENCE_KERNEL(UnaryOp);
GRADWRIGHT_REFERENCE_KERNEL(BinaryOp);
GRADWRIGHT_REFERENCE_KERNEL(CompareOp);
GRADWRIGHT_REFERENCE_KERNEL(LogicOp);
GRADWRIGHT_REFERENCE_KERNEL(WhereOp);
GRADWRIGHT_REFERENCE_KERNEL(CastOp);
GRADWRIGHT_REFERENCE_KERNEL(FillOp);
GRADWRIGHT_REFERENCE_KERNEL(ExpandOp);

} // namespace gradwright::reference
