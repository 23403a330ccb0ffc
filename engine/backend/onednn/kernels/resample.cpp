// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/resample.h"

#include "engine/backend/onednn/kernels/parallel.h"
#include "engine/support/simd.h"

#include <algorithm>
#include <cstring>

namespace gradwright::onednn {
namespace {

constexpr std::size_t kGrain = 16384; // elements

GRADWRIGHT_CLONES
void addScaled(float* out, const float* in, float weight, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] += weight * in[i];
}

GRADWRIGHT_CLONES
void setScaled(float* out, const float* in, float weight, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = weight * in[i];
}

/// One row of an axis whose elements lie side by side.
void gatherRow(const AxisTerms& terms, float* out, const float* in, std::size_t size,
               float outside) {
    for (std::size_t i = 0; i < size; ++i) {
        float sum = terms.begin[i] == terms.begin[i + 1] ? outside : 0;
        for (auto term = terms.begin[i]; term < terms.begin[i + 1]; ++term)
            sum += static_cast<float>(terms.weight[term]) * in[terms.index[term]];
        out[i] = sum;
    }
}

void scatterRow(const AxisTerms& terms, float* out, const float* gradient, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        for (auto term = terms.begin[i]; term < terms.begin[i + 1]; ++term)
            out[terms.index[term]] += static_cast<float>(terms.weight[term]) * gradient[i];
}

} // namespace

void resample(const ResampleStep& step, float* out, const float* in) {
    const auto& terms = step.terms;
    const auto grain = std::max<std::size_t>(1, kGrain / (step.out * step.inner));
    forChunks(step.outer, grain, [&](std::size_t begin, std::size_t end) {
        for (auto o = begin; o < end; ++o) {
            const auto* from = in + o * step.in * step.inner;
            auto* to = out + o * step.out * step.inner;
            if (step.inner == 1) {
                gatherRow(terms, to, from, step.out, step.outside);
                continue;
            }
            for (std::size_t i = 0; i < step.out; ++i, to += step.inner) {
                if (terms.begin[i] == terms.begin[i + 1])
                    std::fill_n(to, step.inner, step.outside);
                for (auto term = terms.begin[i]; term < terms.begin[i + 1]; ++term) {
                    const auto* row =
                        from + static_cast<std::size_t>(terms.index[term]) * step.inner;
                    const auto weight = static_cast<float>(terms.weight[term]);
                    if (term == terms.begin[i])
                        setScaled(to, row, weight, step.inner);
                    else
                        addScaled(to, row, weight, step.inner);
                }
            }
        }
    });
}

void resampleBackward(const ResampleStep& step, float* out, const float* gradient) {
    const auto& terms = step.terms;
    const auto grain = std::max<std::size_t>(1, kGrain / (step.in * step.inner));
    forChunks(step.outer, grain, [&](std::size_t begin, std::size_t end) {
        for (auto o = begin; o < end; ++o) {
            auto* to = out + o * step.in * step.inner;
            const auto* from = gradient + o * step.out * step.inner;
            std::memset(to, 0, step.in * step.inner * sizeof(float));
            if (step.inner == 1) {
                scatterRow(terms, to, from, step.out);
                continue;
            }
            for (std::size_t i = 0; i < step.out; ++i, from += step.inner)
                for (auto term = terms.begin[i]; term < terms.begin[i + 1]; ++term)
                    addScaled(to + static_cast<std::size_t>(terms.index[term]) * step.inner, from,
                              static_cast<float>(terms.weight[term]), step.inner);
        }
    });
}

} // namespace gradwright::onednn
