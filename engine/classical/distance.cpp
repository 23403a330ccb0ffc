// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/classical/distance.h"

#include "engine/support/simd.h"

namespace gradwright {

GRADWRIGHT_CLONES
double squaredDistance(const float* a, const float* b, std::size_t size, double limit) {
    constexpr std::size_t kLanes = 16;
    constexpr std::size_t kBlock = 64; // between two looks at the limit
    double square = 0;
    std::size_t i = 0;
    for (; i + kBlock <= size; i += kBlock) {
        double lanes[kLanes] = {};
        for (std::size_t j = 0; j < kBlock; j += kLanes)
            for (std::size_t lane = 0; lane < kLanes; ++lane) {
                const auto off =
                    static_cast<double>(a[i + j + lane]) - static_cast<double>(b[i + j + lane]);
                lanes[lane] += off * off;
            }
        for (const auto lane : lanes)
            square += lane;
        if (square >= limit)
            return square;
    }
    for (; i < size; ++i) {
        const auto off = static_cast<double>(a[i]) - static_cast<double>(b[i]);
        square += off * off;
    }
    return square;
}

} // namespace gradwright
