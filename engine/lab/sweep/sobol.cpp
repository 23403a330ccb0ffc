// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/sweep/sobol.h"

#include "engine/support/error.h"

#include <array>

namespace gradwright {
namespace {

constexpr std::size_t kBits = 30;

/// A primitive polynomial over GF(2), as the bits of its coefficients, and the first direction
/// integers that belong to it.
struct SobolRow {
    std::uint32_t polynomial;
    std::array<std::uint32_t, 8> first;
};

/// Dimensions 2 to 40 of "new-joe-kuo-6": S. Joe and F. Y. Kuo, "Constructing Sobol sequences with
/// better two-dimensional projections", SIAM J. Sci. Comput. 30 (2008), 2635-2654.
constexpr std::array<SobolRow, 39> kRows = {{
    {3, {1}},
    {7, {1, 3}},
    {11, {1, 3, 1}},
    {13, {1, 1, 1}},
    {19, {1, 1, 3, 3}},
    {25, {1, 3, 5, 13}},
    {37, {1, 1, 5, 5, 17}},
    {41, {1, 1, 5, 5, 5}},
    {47, {1, 1, 7, 11, 19}},
    {55, {1, 1, 5, 1, 1}},
    {59, {1, 1, 1, 3, 11}},
    {61, {1, 3, 5, 5, 31}},
    {67, {1, 3, 3, 9, 7, 49}},
    {91, {1, 1, 1, 15, 21, 21}},
    {97, {1, 3, 1, 13, 27, 49}},
    {103, {1, 1, 1, 15, 7, 5}},
    {109, {1, 3, 1, 15, 13, 25}},
    {115, {1, 1, 5, 5, 19, 61}},
    {131, {1, 3, 7, 11, 23, 15, 103}},
    {137, {1, 3, 7, 13, 13, 15, 69}},
    {143, {1, 1, 3, 13, 7, 35, 63}},
    {145, {1, 3, 5, 9, 1, 25, 53}},
    {157, {1, 3, 1, 13, 9, 35, 107}},
    {167, {1, 3, 1, 5, 27, 61, 31}},
    {171, {1, 1, 5, 11, 19, 41, 61}},
    {185, {1, 3, 5, 3, 3, 13, 69}},
    {191, {1, 1, 7, 13, 1, 19, 1}},
    {193, {1, 3, 7, 5, 13, 19, 59}},
    {203, {1, 1, 3, 9, 25, 29, 41}},
    {211, {1, 3, 5, 13, 23, 1, 55}},
    {213, {1, 3, 7, 3, 13, 59, 17}},
    {229, {1, 3, 1, 3, 5, 53, 69}},
    {239, {1, 1, 5, 5, 23, 33, 13}},
    {241, {1, 1, 7, 7, 1, 61, 123}},
    {247, {1, 1, 7, 9, 13, 61, 49}},
    {253, {1, 3, 3, 5, 3, 55, 33}},
    {285, {1, 3, 1, 15, 31, 13, 49, 245}},
    {299, {1, 3, 5, 15, 31, 59, 63, 97}},
    {301, {1, 3, 1, 11, 11, 11, 77, 249}},
}};

using Directions = std::array<std::uint32_t, kBits>;

/// The direction numbers of a dimension, counted from 0, each times 2^30.
Directions directionsOf(std::size_t dimension) {
    Directions directions{};
    if (dimension == 0) {
        for (std::size_t i = 0; i < kBits; ++i)
            directions[i] = std::uint32_t{1} << (kBits - 1 - i);
        return directions;
    }
    const auto& row = kRows[dimension - 1];
    std::size_t degree = 0;
    while ((row.polynomial >> (degree + 1)) != 0)
        ++degree;
    Directions m{};
    for (std::size_t i = 0; i < kBits; ++i) {
        if (i < degree) {
            m[i] = row.first[i];
        } else {
            // The recurrence of the polynomial's coefficients (Bratley and Fox 1988).
            m[i] = m[i - degree] ^ (m[i - degree] << degree);
            for (std::size_t k = 1; k < degree; ++k)
                if ((row.polynomial >> (degree - k)) & 1)
                    m[i] ^= m[i - k] << k;
        }
        directions[i] = m[i] << (kBits - 1 - i);
    }
    return directions;
}

} // namespace

std::vector<double> sobolPoint(std::uint64_t index, std::size_t dimensions,
                               const std::vector<std::uint32_t>& shift) {
    if (dimensions > kSobolDimensions || index >= (std::uint64_t{1} << kBits))
        throw Error("Sobol's sequence is kept for {} dimensions and 2^{} points", kSobolDimensions,
                    kBits);
    const auto gray = index ^ (index >> 1);
    std::vector<double> point(dimensions);
    for (std::size_t d = 0; d < dimensions; ++d) {
        const auto directions = directionsOf(d);
        std::uint32_t bits = d < shift.size() ? shift[d] >> (32 - kBits) : 0;
        for (std::size_t i = 0; i < kBits; ++i)
            if ((gray >> i) & 1)
                bits ^= directions[i];
        point[d] = static_cast<double>(bits) / static_cast<double>(std::uint32_t{1} << kBits);
    }
    return point;
}

} // namespace gradwright
