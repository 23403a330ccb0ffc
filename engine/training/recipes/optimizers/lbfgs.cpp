// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/recipes/optimizers.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace gradwright::recipes {
namespace {

enum Constant { kHistory };

/// A pair whose curvature is smaller than this is not kept, as in PyTorch.
constexpr double kSmallestCurvature = 1e-10;

/// A tensor that the network's weights make up together, as a gradient or a slot of each.
template <class T>
class AllWeights {
public:
    explicit AllWeights(std::span<const WholeWeight<T>> weights)
        : weights_(weights) {}

    // Slots: the last gradient, the last step, the differences of gradients and the steps between
    // them, the latest first; a pair of zeros is none.
    static constexpr std::size_t kLastGradient = 0;
    static constexpr std::size_t kLastStep = 1;
    static constexpr std::size_t kPairs = 2;

    template <class Visit>
    void forEach(const Visit& visit) const {
        for (const auto& weight : weights_)
            visit(weight);
    }

    [[nodiscard]] double dot(std::size_t left, std::size_t right) const {
        double sum = 0;
        forEach([&](const WholeWeight<T>& weight) {
            sum += product(weight.slots[left], weight.slots[right], weight.size);
        });
        return sum;
    }
    /// to += factor · from.
    void add(std::size_t to, double factor, std::size_t from) const {
        forEach([&](const WholeWeight<T>& weight) {
            T* __restrict target = weight.slots[to];
            const T* __restrict source = weight.slots[from];
            for (std::size_t i = 0; i < weight.size; ++i)
                target[i] += static_cast<T>(factor) * source[i];
        });
    }
    void scale(std::size_t slot, double factor) const {
        forEach([&](const WholeWeight<T>& weight) {
            for (std::size_t i = 0; i < weight.size; ++i)
                weight.slots[slot][i] *= static_cast<T>(factor);
        });
    }
    void copy(std::size_t from, std::size_t to) const {
        forEach([&](const WholeWeight<T>& weight) {
            std::copy_n(weight.slots[from], weight.size, weight.slots[to]);
        });
    }

    static double product(const T* left, const T* right, std::size_t size) {
        double sum = 0;
        for (std::size_t i = 0; i < size; ++i)
            sum += static_cast<double>(left[i]) * static_cast<double>(right[i]);
        return sum;
    }

private:
    std::span<const WholeWeight<T>> weights_;
};

/// Keeps the pair (change of gradient, last step) if the function curves upwards along it.
template <class T>
void remember(const AllWeights<T>& all, std::size_t history) {
    using W = AllWeights<T>;
    double curvature = 0;
    all.forEach([&](const WholeWeight<T>& weight) {
        for (std::size_t i = 0; i < weight.size; ++i)
            curvature += (static_cast<double>(weight.gradient[i]) -
                          static_cast<double>(weight.slots[W::kLastGradient][i])) *
                         static_cast<double>(weight.slots[W::kLastStep][i]);
    });
    if (curvature <= kSmallestCurvature)
        return;
    for (std::size_t pair = history - 1; pair > 0; --pair) {
        all.copy(W::kPairs + pair - 1, W::kPairs + pair);
        all.copy(W::kPairs + history + pair - 1, W::kPairs + history + pair);
    }
    all.copy(W::kLastStep, W::kPairs + history);
    all.forEach([&](const WholeWeight<T>& weight) {
        for (std::size_t i = 0; i < weight.size; ++i)
            weight.slots[W::kPairs][i] = weight.gradient[i] - weight.slots[W::kLastGradient][i];
    });
}

/// Nocedal, Wright: "Numerical Optimization", 2006, algorithm 7.4: the gradient times the estimated
/// inverse Hessian, in place of the slot of the last step.
template <class T>
void findDirection(const AllWeights<T>& all, std::size_t history) {
    using W = AllWeights<T>;
    std::vector<double> curvatures;
    for (std::size_t pair = 0; pair < history; ++pair) {
        const double curvature = all.dot(W::kPairs + pair, W::kPairs + history + pair);
        if (curvature <= 0)
            break;
        curvatures.push_back(curvature);
    }
    std::vector<double> shares(curvatures.size());
    for (std::size_t pair = 0; pair < curvatures.size(); ++pair) {
        shares[pair] = all.dot(W::kPairs + history + pair, W::kLastStep) / curvatures[pair];
        all.add(W::kLastStep, -shares[pair], W::kPairs + pair);
    }
    if (!curvatures.empty())
        all.scale(W::kLastStep, curvatures[0] / all.dot(W::kPairs, W::kPairs));
    for (std::size_t pair = curvatures.size(); pair-- > 0;) {
        const double share = all.dot(W::kPairs + pair, W::kLastStep) / curvatures[pair];
        all.add(W::kLastStep, shares[pair] - share, W::kPairs + history + pair);
    }
}

template <class T>
void lbfgsStep(std::span<const WholeWeight<T>> weights, const UpdateStep& step) {
    using W = AllWeights<T>;
    const AllWeights<T> all(weights);
    const auto history = static_cast<std::size_t>(step.constants[kHistory]);
    const bool first = step.step <= 1;
    if (!first)
        remember(all, history);
    double absolute = 0;
    all.forEach([&](const WholeWeight<T>& weight) {
        for (std::size_t i = 0; i < weight.size; ++i)
            absolute += std::abs(static_cast<double>(weight.gradient[i]));
        std::copy_n(weight.gradient, weight.size, weight.slots[W::kLastGradient]);
        std::copy_n(weight.gradient, weight.size, weight.slots[W::kLastStep]);
    });
    if (!first)
        findDirection(all, history);
    // The first step has no curvature to go by and is kept short, as in PyTorch.
    const double rate = step.learningRate * (first ? std::min(1.0, 1.0 / absolute) : 1.0);
    all.forEach([&](const WholeWeight<T>& weight) {
        const auto factor = static_cast<T>(-rate * weight.rateFactor);
        T* __restrict move = weight.slots[W::kLastStep];
        for (std::size_t i = 0; i < weight.size; ++i) {
            move[i] *= factor;
            weight.weight[i] += move[i];
        }
    });
}

void lbfgsF32(std::span<const WholeWeight<float>> weights, const UpdateStep& step) {
    lbfgsStep(weights, step);
}
void lbfgsF64(std::span<const WholeWeight<double>> weights, const UpdateStep& step) {
    lbfgsStep(weights, step);
}

UpdateRule make(const Params& params) {
    const auto history = params.integer("history");
    UpdateRule rule;
    rule.key = "lbfgs";
    rule.slots = AllWeights<float>::kPairs + 2 * static_cast<std::size_t>(history);
    rule.constants[kHistory] = static_cast<double>(history);
    rule.wholeF32 = lbfgsF32;
    rule.wholeF64 = lbfgsF64;
    rule.fullBatch = true;
    return rule;
}

} // namespace

OptimizerDef lbfgs() {
    return {"lbfgs",
            "L-BFGS",
            "Steps along the gradient times an inverse Hessian that is estimated from the last "
            "steps (Liu, Nocedal 1989), without line search. Compares gradients, so each batch "
            "must be the whole training set: for small data, where it needs few steps.",
            {intParam("history", "History", 10, 1, 100,
                      "Steps that the curvature is estimated from; each keeps two copies of the "
                      "weights.")},
            1.0,
            make};
}

} // namespace gradwright::recipes
