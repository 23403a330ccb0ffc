// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace gradwright {

/// The functions that programs of cppProgram() are made of: as text, the same in each.
inline constexpr std::string_view kCppLoops = R"cpp(
using Values = std::vector<float>;

/// What an axis of a window has: length, kernel, stride, dilation, padding before, length after.
struct Axis {
    int in, kernel, stride, dilation, before, out;
};

/// y[o, p] = bias[o] + sum of w[o, c, k] * x[c, p * stride + k * dilation - before].
template <class W>
Values convolve(const Values& x, const W* w, const float* bias, int channels, int filters,
                int groups, const Axis (&a)[3]) {
    const int area = a[0].in * a[1].in * a[2].in;
    const int outs = a[0].out * a[1].out * a[2].out;
    const int kernel = a[0].kernel * a[1].kernel * a[2].kernel;
    const int each = channels / groups;
    Values y(static_cast<std::size_t>(filters) * outs);
    for (int o = 0; o < filters; ++o)
        for (int p = 0; p < outs; ++p) {
            const int at[3] = {p / (a[1].out * a[2].out), p / a[2].out % a[1].out, p % a[2].out};
            double sum = bias ? bias[o] : 0;
            for (int k = 0; k < kernel; ++k) {
                const int tap[3] = {k / (a[1].kernel * a[2].kernel),
                                    k / a[2].kernel % a[1].kernel, k % a[2].kernel};
                int place = 0;
                bool inside = true;
                for (int i = 0; i < 3; ++i) {
                    const int from = at[i] * a[i].stride + tap[i] * a[i].dilation - a[i].before;
                    inside = inside && from >= 0 && from < a[i].in;
                    place = place * a[i].in + from;
                }
                if (!inside)
                    continue;
                const int first = o / (filters / groups) * each;
                for (int c = 0; c < each; ++c)
                    sum += double(w[(o * each + c) * kernel + k]) * x[(first + c) * area + place];
            }
            y[o * outs + p] = float(sum);
        }
    return y;
}

/// The largest value under the kernel, or the mean: of what is inside, or of the whole kernel.
Values pool(const Values& x, int channels, bool isMax, bool countPadding, const Axis (&a)[3]) {
    const int area = a[0].in * a[1].in * a[2].in;
    const int outs = a[0].out * a[1].out * a[2].out;
    const int kernel = a[0].kernel * a[1].kernel * a[2].kernel;
    Values y(static_cast<std::size_t>(channels) * outs);
    for (int c = 0; c < channels; ++c)
        for (int p = 0; p < outs; ++p) {
            const int at[3] = {p / (a[1].out * a[2].out), p / a[2].out % a[1].out, p % a[2].out};
            double sum = 0;
            float most = -INFINITY;
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
                most = std::max(most, x[c * area + place]);
            }
            y[c * outs + p] = isMax ? most : float(sum / (countPadding ? kernel : count));
        }
    return y;
}

/// The mean over all positions of a channel.
Values means(const Values& x, int channels) {
    const int area = int(x.size()) / channels;
    Values y(channels);
    for (int c = 0; c < channels; ++c)
        y[c] = float(std::accumulate(x.begin() + c * area, x.begin() + (c + 1) * area, 0.0) / area);
    return y;
}

/// y = W x + b, for each row of x.
template <class W>
Values dense(const Values& x, const W* w, const float* bias, int features, int units) {
    const int rows = int(x.size()) / features;
    Values y(static_cast<std::size_t>(rows) * units);
    for (int r = 0; r < rows; ++r)
        for (int u = 0; u < units; ++u) {
            double sum = bias ? bias[u] : 0;
            for (int f = 0; f < features; ++f)
                sum += double(w[u * features + f]) * x[r * features + f];
            y[r * units + u] = float(sum);
        }
    return y;
}

/// (x - mean) / sqrt(variance + epsilon) * scale + shift, channel by channel.
Values normalize(Values x, const float* scale, const float* shift, const float* mean,
                 const float* variance, double epsilon, int channels) {
    const int area = int(x.size()) / channels;
    for (int i = 0; i < int(x.size()); ++i) {
        const int c = i / area;
        x[i] = float((x[i] - double(mean[c])) / std::sqrt(variance[c] + epsilon) * scale[c] +
                     shift[c]);
    }
    return x;
}

template <class F>
Values each(Values x, F f) {
    for (float& value : x)
        value = float(f(double(value)));
    return x;
}

template <class F>
Values pairs(Values x, const float* y, F f) {
    for (std::size_t i = 0; i < x.size(); ++i)
        x[i] = float(f(double(x[i]), double(y[i])));
    return x;
}

/// exp(x) / sum of exp(x) over `count` values that lie `step` apart.
Values softmax(Values x, int count, int step) {
    const int block = count * step;
    for (int start = 0; start < int(x.size()); start += block)
        for (int s = 0; s < step; ++s) {
            float* const v = &x[start + s];
            float most = v[0];
            double sum = 0;
            for (int i = 0; i < count; ++i)
                most = std::max(most, v[i * step]);
            for (int i = 0; i < count; ++i)
                sum += std::exp(double(v[i * step]) - most);
            for (int i = 0; i < count; ++i)
                v[i * step] = float(std::exp(double(v[i * step]) - most) / sum);
        }
    return x;
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double softplus(double x) { return x > 30 ? x : std::log1p(std::exp(x)); }
double clip(double x, double low, double high) { return x < low ? low : x > high ? high : x; }
)cpp";

} // namespace gradwright
