// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace gradwright {

inline constexpr std::size_t kMaxUpdateSlots = 5;
inline constexpr std::size_t kMaxUpdateConstants = 8;

/// One contiguous run of a weight, in whatever layout it is kept: a rule works element by element,
/// so the layout does not matter. A zero gradient on a zero weight with zero slots must leave zero
/// (padding relies on it).
template <class T>
struct UpdateSpan {
    T* weight;
    const T* gradient;
    std::array<T*, kMaxUpdateSlots> slots;
    std::size_t size;
};

/// One weight for a pass over all weights together. Padding has zero weight, gradient and slots.
template <class T>
struct WholeWeight {
    T* weight;
    const T* gradient;
    std::span<T* const> slots; ///< of UpdateRule::slots
    std::size_t size;
    double rateFactor; ///< times the learning rate
};

struct UpdateStep {
    double learningRate;
    std::uint64_t step; ///< counted from 1
    std::array<double, kMaxUpdateConstants> constants;
};

/// What happens to the gradients before the optimizer and to the weights after it; 0 turns a part
/// off. In this order: penalties on kernels (weights of two axes or more), clipping, the optimizer,
/// the largest norm, the average.
struct Regularization {
    double l1 = 0;        ///< adds l1 · sign(w) to the gradient
    double l2 = 0;        ///< adds l2 · w, the gradient of l2/2 · w²
    double clipValue = 0; ///< clamps each element of the gradient to ±clipValue
    /// Scales all gradients together to at most this norm (Pascanu et al. 2013).
    double clipNorm = 0;
    /// Scales each row of a kernel, the weights of one unit or filter, back to at most this norm
    /// (Srebro, Shraibman 2005; Srivastava et al. 2014).
    double maxNorm = 0;
    /// Keeps an exponential moving average of the weights in one more slot: e ← d e + (1 - d) w,
    /// from the first step's weights on (Polyak, Juditsky 1992).
    double averageDecay = 0;

    bool operator==(const Regularization&) const = default;
};

/// An optimizer as a backend compiles it in: how many tensors of state (slots, zero at first) a
/// weight has and one pass over weight, gradient and slots.
struct UpdateRule {
    std::string key; ///< of the optimizer
    std::size_t slots = 0;
    std::array<double, kMaxUpdateConstants> constants{};
    void (*f32)(const UpdateSpan<float>&, const UpdateStep&) = nullptr;
    void (*f64)(const UpdateSpan<double>&, const UpdateStep&) = nullptr;
    /// In place of f32 and f64, for rules that need sums over the whole network.
    void (*wholeF32)(std::span<const WholeWeight<float>>, const UpdateStep&) = nullptr;
    void (*wholeF64)(std::span<const WholeWeight<double>>, const UpdateStep&) = nullptr;
    /// The pass leaves the weight and puts a direction u into the last slot; the step is
    /// learning rate · |w| / |u| · u for each weight tensor as a whole (You et al. 2020).
    bool layerwise = false;
    /// The rule compares gradients of different steps, which must be of the same samples: all.
    bool fullBatch = false;
    Regularization regularization{};

    [[nodiscard]] bool isWhole() const { return wholeF32 != nullptr; }
    /// With the one of the average, which is the last.
    [[nodiscard]] std::size_t allSlots() const {
        return slots + (regularization.averageDecay > 0 ? 1 : 0);
    }
};

/// |w| / |u|, 1 where one of them is zero, from the squares of both.
inline double trustRatio(double weightSquares, double directionSquares) {
    const bool known = weightSquares > 0 && directionSquares > 0;
    return known ? std::sqrt(weightSquares / directionSquares) : 1.0;
}

/// What to multiply all gradients by so that their norm is at most `clipNorm`.
inline double clipFactor(double clipNorm, double squares) {
    // As in PyTorch's clip_grad_norm_.
    return std::min(1.0, clipNorm / (std::sqrt(squares) + 1e-6));
}

} // namespace gradwright
