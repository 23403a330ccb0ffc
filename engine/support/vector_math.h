// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <bit>
#include <cstdint>

/// Elementary functions that the compiler turns into vector code inside a plain loop, where the
/// calls of <cmath> would stay scalar. Relative error below 3e-7 (the polynomials are those of
/// Moshier's Cephes library, single precision).
namespace gradwright::vectored {

/// e^x; above 88.3 the largest power of two times something, below -87.3 about 1e-38. NaN stays.
inline float exp(float x) {
    x = x > 88.3F ? 88.3F : x;
    x = x < -87.3F ? -87.3F : x;
    // Adding 1.5 · 2^23 rounds to a whole number, which is then in the lowest bits.
    constexpr float magic = 12582912.0F;
    const float shifted = x * 1.44269504F + magic;
    const float n = shifted - magic;
    const float r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
    float p = 1.9875691500e-4F;
    p = p * r + 1.3981999507e-3F;
    p = p * r + 8.3334519073e-3F;
    p = p * r + 4.1665795894e-2F;
    p = p * r + 1.6666665459e-1F;
    p = p * r + 5.0000001201e-1F;
    p = p * r * r + r + 1.0F;
    const auto exponent = (std::bit_cast<std::int32_t>(shifted) - 0x4B400000 + 127) * (1 << 23);
    return p * std::bit_cast<float>(exponent);
}

/// e^x - 1, without cancellation near 0; for x <= 0.
inline float expm1Negative(float x) {
    // Below: Taylor to x^7/7!, whose rest is under 1e-7 of the sum.
    const float s =
        x * (1.0F +
             x * (0.5F + x * (1.0F / 6 +
                              x * (1.0F / 24 + x * (1.0F / 120 + x * (1.0F / 720 + x / 5040))))));
    const float e = exp(x) - 1.0F;
    return x > -0.5F ? s : e;
}

/// The natural logarithm of a positive, normal number.
inline float log(float x) {
    const auto bits = std::bit_cast<std::int32_t>(x);
    // x = m · 2^e with m in [sqrt(1/2), sqrt(2)).
    const auto offset = bits - 0x3F3504F3;
    const auto e = offset >> 23;
    const float m = std::bit_cast<float>(bits - e * (1 << 23)) - 1.0F;
    const auto exponent = static_cast<float>(e);
    float p = 7.0376836292e-2F;
    p = p * m - 1.1514610310e-1F;
    p = p * m + 1.1676998740e-1F;
    p = p * m - 1.2420140846e-1F;
    p = p * m + 1.4249322787e-1F;
    p = p * m - 1.6668057665e-1F;
    p = p * m + 2.0000714765e-1F;
    p = p * m - 2.4999993993e-1F;
    p = p * m + 3.3333331174e-1F;
    const float z = m * m;
    return (m * z * p + exponent * -2.12194440e-4F - 0.5F * z + m) + exponent * 0.693359375F;
}

inline float sigmoid(float x) {
    return 1.0F / (1.0F + exp(-x));
}

inline float tanh(float x) {
    // A polynomial near 0, where the quotient cancels.
    const float z = x * x;
    float p = -5.70498872745e-3F;
    p = p * z + 2.06390887954e-2F;
    p = p * z - 5.37397155531e-2F;
    p = p * z + 1.33314422036e-1F;
    p = p * z - 3.33332819422e-1F;
    const float small = p * z * x + x;
    const float a = x < 0 ? -x : x;
    const float t = 1.0F - 2.0F / (exp(2.0F * a) + 1.0F);
    const float large = x < 0 ? -t : t;
    return a < 0.625F ? small : large;
}

} // namespace gradwright::vectored
