// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/params.h"

#include <vector>

namespace gradwright::cuda::standin {

/// A convolution as its kernels take it; lengths of axes that it does not have are 1.
struct ConvCase {
    const char* name;
    ConvShape shape;
};

/// Odd sizes, strides, groups, dilation and paddings over one to three axes.
const std::vector<ConvCase>& convCases();

inline std::size_t product(const std::uint32_t (&lengths)[3]) {
    return std::size_t{lengths[0]} * lengths[1] * lengths[2];
}

struct ConvSizes {
    std::size_t in, out, kernel;
    explicit ConvSizes(const ConvShape& s)
        : in(std::size_t{s.batch} * s.groups * s.inChannels * product(s.in))
        , out(std::size_t{s.batch} * s.groups * s.outChannels * product(s.out))
        , kernel(std::size_t{s.groups} * s.outChannels * s.inChannels * product(s.kernel)) {}
};

/// Calls use(in, kernel, out, output channel, input channel) for each product that the convolution
/// sums: places in its arrays.
template <class Use>
void forEachProduct(const ConvShape& s, const Use& use) {
    const auto inside = [](std::int64_t at, std::uint32_t length) {
        return at >= 0 && at < static_cast<std::int64_t>(length);
    };
    const auto from = [&](int axis, std::uint32_t out, std::uint32_t tap) {
        return std::int64_t{out} * s.stride[axis] - s.padding[axis] +
               std::int64_t{tap} * s.dilation[axis];
    };
    for (std::uint32_t n = 0; n < s.batch; ++n)
        for (std::uint32_t o = 0; o < s.groups * s.outChannels; ++o)
            for (std::uint32_t i = 0; i < s.inChannels; ++i) {
                const std::uint32_t c = o / s.outChannels * s.inChannels + i;
                for (std::uint32_t x = 0; x < s.out[0]; ++x)
                    for (std::uint32_t y = 0; y < s.out[1]; ++y)
                        for (std::uint32_t z = 0; z < s.out[2]; ++z)
                            for (std::uint32_t p = 0; p < s.kernel[0]; ++p)
                                for (std::uint32_t q = 0; q < s.kernel[1]; ++q)
                                    for (std::uint32_t r = 0; r < s.kernel[2]; ++r) {
                                        const auto a = from(0, x, p);
                                        const auto b = from(1, y, q);
                                        const auto d = from(2, z, r);
                                        if (!inside(a, s.in[0]) || !inside(b, s.in[1]) ||
                                            !inside(d, s.in[2]))
                                            continue;
                                        const auto in =
                                            (((std::int64_t{n} * s.groups * s.inChannels + c) *
                                                  s.in[0] +
                                              a) *
                                                 s.in[1] +
                                             b) *
                                                s.in[2] +
                                            d;
                                        const auto kernel =
                                            (((std::size_t{o} * s.inChannels + i) * s.kernel[0] +
                                              p) *
                                                 s.kernel[1] +
                                             q) *
                                                s.kernel[2] +
                                            r;
                                        const auto out =
                                            (((std::size_t{n} * s.groups * s.outChannels + o) *
                                                  s.out[0] +
                                              x) *
                                                 s.out[1] +
                                             y) *
                                                s.out[2] +
                                            z;
                                        use(static_cast<std::size_t>(in), kernel, out);
                                    }
            }
}

} // namespace gradwright::cuda::standin
