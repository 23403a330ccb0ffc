// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/update_rule.h"

#include <cstddef>
#include <utility>

/// Put before what an element's update consists of: the same text is compiled for the processor
/// and, by nvcc, for a device.
#ifdef __CUDACC__
#define GRADWRIGHT_HOST_DEVICE __host__ __device__ __forceinline__
#else
#define GRADWRIGHT_HOST_DEVICE [[gnu::always_inline]] inline
#endif

namespace gradwright {

// An element rule is an optimizer as constants and a function: `Rule<T>` is made from an UpdateStep
// on the host, where what does not depend on the element is computed once, in double; its
// `operator()(weight, gradient, slot...)` updates one weight and its `kSlots` slots in place, as
// numbers of type T. A zero gradient on a zero weight with zero slots leaves zero.

namespace detail {

template <class Rule, class T, class... Slot>
GRADWRIGHT_HOST_DEVICE void updateRun(const Rule& rule, std::size_t size, T* __restrict weight,
                                      const T* __restrict gradient, Slot* __restrict... slots) {
    for (std::size_t i = 0; i < size; ++i)
        rule(weight[i], gradient[i], slots[i]...);
}

} // namespace detail

/// Applies an element rule to a run of a weight.
template <class Rule, class T>
[[gnu::always_inline]] inline void updateElements(const Rule& rule, const UpdateSpan<T>& span) {
    [&]<std::size_t... Slots>(std::index_sequence<Slots...>) {
        detail::updateRun(rule, span.size, span.weight, span.gradient, span.slots[Slots]...);
    }
    (std::make_index_sequence<Rule::kSlots>());
}

} // namespace gradwright
