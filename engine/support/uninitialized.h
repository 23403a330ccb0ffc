// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace gradwright {

/// Leaves new elements of a vector as they are where no value is given for them, so that the thread
/// that writes them is the first one to touch their memory.
template <typename Value>
class UninitializedAllocator : public std::allocator<Value> {
public:
    template <typename Other>
    struct rebind {
        using other = UninitializedAllocator<Other>;
    };
    UninitializedAllocator() = default;
    template <typename Other>
    explicit(false) UninitializedAllocator(const UninitializedAllocator<Other>& /*other*/) {}

    template <typename Other>
    void construct(Other* place) {
        ::new (static_cast<void*>(place)) Other;
    }
    template <typename Other, typename... Arguments>
    void construct(Other* place, Arguments&&... arguments) {
        ::new (static_cast<void*>(place)) Other(std::forward<Arguments>(arguments)...);
    }
};

/// A vector whose resize() leaves new elements without a value: each has to be written before it is
/// read.
template <typename Value>
using RawVector = std::vector<Value, UninitializedAllocator<Value>>;

} // namespace gradwright
