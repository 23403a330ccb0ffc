// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace gradwright {

/// The functions behind kCppLoops that programs in integers are made of. Integers are kept as the
/// float that they are; sums are exact below 2^53.
inline constexpr std::string_view kCppIntegerLoops = R"cpp(
/// Integers of `low` … `high` for real numbers: x / scale, halves to the even one, plus zero.
Values quantize(Values x, float scale, float zero, float low, float high) {
    for (float& value : x)
        value = std::min(std::max(std::nearbyint(value / scale) + zero, low), high);
    return x;
}

Values dequantize(Values x, float scale, float zero) {
    for (float& value : x)
        value = (value - zero) * scale;
    return x;
}

/// Without their zero point, so that 0 is nothing.
Values shifted(Values x, float zero) {
    for (float& value : x)
        value -= zero;
    return x;
}

/// What is made of exact sums: real numbers, or integers of `low` … `high` where low < high.
struct Finish {
    float addendFactor, resultFactor, zero, low, high;
};

/// f(sum * multiplier + addend * addendFactor) * resultFactor, a channel after the other; for dense
/// layers a row after the other.
template <class F>
Values finish(Values sums, int channels, int area, const float* multipliers, const Values& addend,
              const Finish& how, F f) {
    for (std::size_t i = 0; i < sums.size(); ++i) {
        const float added = addend.empty() ? 0.0F : addend[i];
        float y = std::fma(added, how.addendFactor, sums[i] * multipliers[i / area % channels]);
        y = float(f(double(y))) * how.resultFactor;
        sums[i] = how.low < how.high
                      ? std::min(std::max(std::nearbyint(y + how.zero), how.low), how.high)
                      : y;
    }
    return sums;
}

/// Means of integers without their zero point, as integers; ratio: scale of x / that of the result.
Values poolIntegers(const Values& x, int channels, bool countPadding, double ratio,
                    const Finish& how, const Axis (&a)[3]) {
    const int area = a[0].in * a[1].in * a[2].in;
    const int outs = a[0].out * a[1].out * a[2].out;
    const int kernel = a[0].kernel * a[1].kernel * a[2].kernel;
    Values y(static_cast<std::size_t>(channels) * outs);
    for (int c = 0; c < channels; ++c)
        for (int p = 0; p < outs; ++p) {
            const int at[3] = {p / (a[1].out * a[2].out), p / a[2].out % a[1].out, p % a[2].out};
            double sum = 0;
            int count = 0;
            for (int k = 0; k < kernel; ++k) {
                const int tap[3] = {k / (a[1].kernel * a[2].kernel),
                                    k / a[2].kernel % a[1].kernel, k % a[2].kernel};
                int place = 0;
                bool inside = true;
                for (int i = 0; i < 3; ++i) {
                    const int from = at[i] * a[i].stride + tap[i] - a[i].before;
                    inside = inside && from >= 0 && from < a[i].in;
                    place = place * a[i].in + from;
                }
                if (!inside)
                    continue;
                ++count;
                sum += x[c * area + place];
            }
            const float multiplier = float(ratio / (countPadding ? kernel : count));
            const float mean = std::fma(float(sum), multiplier, how.zero);
            y[c * outs + p] = std::min(std::max(std::nearbyint(mean), how.low), how.high);
        }
    return y;
}

/// y = W x + b, whose kernel has two integers of 4 bits in a byte, the low half first, and a scale
/// for each `group` of features of a unit.
Values densePacked(const Values& x, const signed char* w, const float* scales, const float* bias,
                   int features, int units, int group) {
    const int rows = int(x.size()) / features;
    const int groups = (features + group - 1) / group;
    Values y(static_cast<std::size_t>(rows) * units);
    for (int r = 0; r < rows; ++r)
        for (int u = 0; u < units; ++u) {
            double sum = bias ? bias[u] : 0;
            for (int f = 0; f < features; ++f) {
                const int byte = w[u * ((features + 1) / 2) + f / 2];
                const int integer = f % 2 == 1 ? byte >> 4 : ((byte & 15) ^ 8) - 8;
                sum += double(integer) * scales[u * groups + f / group] * x[r * features + f];
            }
            y[r * units + u] = float(sum);
        }
    return y;
}
)cpp";

} // namespace gradwright
