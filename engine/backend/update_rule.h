// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace gradwright {

inline constexpr std::size_t kMaxUpdateSlots = 4;
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

struct UpdateStep {
    double learningRate;
    std::uint64_t step; ///< counted from 1
    std::array<double, kMaxUpdateConstants> constants;
};

/// An optimizer as a backend compiles it in: how many tensors of state (slots, zero at first) a
/// weight has and one pass over weight, gradient and slots.
struct UpdateRule {
    std::string key; ///< of the optimizer
    std::size_t slots = 0;
    std::array<double, kMaxUpdateConstants> constants{};
    void (*f32)(const UpdateSpan<float>&, const UpdateStep&) = nullptr;
    void (*f64)(const UpdateSpan<double>&, const UpdateStep&) = nullptr;
};

} // namespace gradwright
