// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/normalize.h"

#include "engine/backend/onednn/kernels/parallel.h"
#include "engine/support/simd.h"
#include "engine/support/vector_math.h"

#include <array>
#include <cmath>

namespace gradwright::onednn {
namespace {

constexpr std::size_t kGrain = 8192; // elements
constexpr std::size_t kLanes = 16;   // sums side by side, so that the loops become vector code

float total(const std::array<float, kLanes>& sums) {
    float sum = 0;
    for (const float lane : sums)
        sum += lane;
    return sum;
}

GRADWRIGHT_CLONES
float meanOf(const float* x, std::size_t size) {
    std::array<float, kLanes> sums{};
    const auto whole = size / kLanes * kLanes;
    for (std::size_t i = 0; i < whole; i += kLanes)
        for (std::size_t lane = 0; lane < kLanes; ++lane)
            sums[lane] += x[i + lane];
    float sum = 0;
    for (auto i = whole; i < size; ++i)
        sum += x[i];
    return (sum + total(sums)) / static_cast<float>(size);
}

GRADWRIGHT_CLONES
float varianceOf(const float* x, float mean, std::size_t size) {
    std::array<float, kLanes> sums{};
    const auto whole = size / kLanes * kLanes;
    for (std::size_t i = 0; i < whole; i += kLanes)
        for (std::size_t lane = 0; lane < kLanes; ++lane)
            sums[lane] += (x[i + lane] - mean) * (x[i + lane] - mean);
    float sum = 0;
    for (auto i = whole; i < size; ++i)
        sum += (x[i] - mean) * (x[i] - mean);
    return (sum + total(sums)) / static_cast<float>(size);
}

GRADWRIGHT_CLONES
void affine(float* out, const float* in, float mean, float inverse, const float* scale,
            const float* shift, std::size_t size) {
    if (scale && shift)
        for (std::size_t i = 0; i < size; ++i)
            out[i] = (in[i] - mean) * inverse * scale[i] + shift[i];
    else if (scale)
        for (std::size_t i = 0; i < size; ++i)
            out[i] = (in[i] - mean) * inverse * scale[i];
    else if (shift)
        for (std::size_t i = 0; i < size; ++i)
            out[i] = (in[i] - mean) * inverse + shift[i];
    else
        for (std::size_t i = 0; i < size; ++i)
            out[i] = (in[i] - mean) * inverse;
}

GRADWRIGHT_CLONES
void affineRun(float* out, const float* in, float mean, float factor, float term,
               std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = (in[i] - mean) * factor + term;
}

struct Sums {
    float plain = 0, weighted = 0;
};

/// Σ g and Σ g · normalized, where g is gradient · scale (or · factor without scale).
GRADWRIGHT_CLONES
Sums gradientSums(const float* in, const float* gradient, const float* scale, float factor,
                  float mean, float inverse, std::size_t size) {
    std::array<float, kLanes> plain{};
    std::array<float, kLanes> weighted{};
    const auto whole = size / kLanes * kLanes;
    for (std::size_t i = 0; i < whole; i += kLanes)
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
            const float g = gradient[i + lane] * (scale ? scale[i + lane] : factor);
            plain[lane] += g;
            weighted[lane] += g * (in[i + lane] - mean);
        }
    Sums rest;
    for (auto i = whole; i < size; ++i) {
        const float g = gradient[i] * (scale ? scale[i] : factor);
        rest.plain += g;
        rest.weighted += g * (in[i] - mean);
    }
    return {rest.plain + total(plain), (rest.weighted + total(weighted)) * inverse};
}

/// inverse · (g - centre - normalized · share)
GRADWRIGHT_CLONES
void gradientRun(float* out, const float* in, const float* gradient, const float* scale,
                 float factor, float mean, float inverse, Sums shares, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
        const float g = gradient[i] * (scale ? scale[i] : factor);
        const float normalized = (in[i] - mean) * inverse;
        out[i] = inverse * (g - shares.plain - normalized * shares.weighted);
    }
}

GRADWRIGHT_CLONES
void addWeightGradients(float* scale, float* shift, const float* in, const float* gradient,
                        float mean, float inverse, std::size_t size) {
    if (scale)
        for (std::size_t i = 0; i < size; ++i)
            scale[i] += gradient[i] * (in[i] - mean) * inverse;
    if (shift)
        for (std::size_t i = 0; i < size; ++i)
            shift[i] += gradient[i];
}

/// The weight of the first value of a group.
std::size_t weightAt(const NormalizePlan& plan, std::size_t group) {
    return group * (plan.size / plan.run) % plan.weights;
}

} // namespace

void normalize(const NormalizePlan& plan, float* out, float* mean, float* inverse, const float* in,
               const float* scale, const float* shift) {
    const auto grain = std::max<std::size_t>(1, kGrain / plan.size);
    forChunks(plan.groups, grain, [=](std::size_t begin, std::size_t end) {
        for (auto group = begin; group < end; ++group) {
            const auto* x = in + group * plan.size;
            auto* y = out + group * plan.size;
            const float m = plan.centre ? meanOf(x, plan.size) : 0.0F;
            const float r = 1.0F / std::sqrt(varianceOf(x, m, plan.size) + plan.epsilon);
            mean[group] = m;
            inverse[group] = r;
            const auto weight = weightAt(plan, group);
            if (plan.run == 1) {
                affine(y, x, m, r, scale ? scale + weight : nullptr,
                       shift ? shift + weight : nullptr, plan.size);
                continue;
            }
            for (std::size_t i = 0; i * plan.run < plan.size; ++i)
                affineRun(y + i * plan.run, x + i * plan.run, m, scale ? r * scale[weight + i] : r,
                          shift ? shift[weight + i] : 0.0F, plan.run);
        }
    });
}

void normalizeBackward(const NormalizePlan& plan, float* out, const float* in, const float* mean,
                       const float* inverse, const float* scale, const float* gradient) {
    const auto grain = std::max<std::size_t>(1, kGrain / plan.size);
    const bool each = plan.run == 1;
    const auto run = each ? plan.size : plan.run; // handled in one go
    forChunks(plan.groups, grain, [=](std::size_t begin, std::size_t end) {
        for (auto group = begin; group < end; ++group) {
            const auto first = group * plan.size;
            const auto weight = weightAt(plan, group);
            const auto* vector = scale && each ? scale + weight : nullptr;
            const auto factorOf = [&](std::size_t i) {
                return scale && !each ? scale[weight + i] : 1.0F;
            };
            Sums sums;
            for (std::size_t i = 0; i * run < plan.size; ++i) {
                const auto at = first + i * run;
                const auto part = gradientSums(in + at, gradient + at, vector, factorOf(i),
                                               mean[group], inverse[group], run);
                sums.plain += part.plain;
                sums.weighted += part.weighted;
            }
            const auto count = static_cast<float>(plan.size);
            const Sums shares{plan.centre ? sums.plain / count : 0.0F, sums.weighted / count};
            for (std::size_t i = 0; i * run < plan.size; ++i) {
                const auto at = first + i * run;
                gradientRun(out + at, in + at, gradient + at, vector, factorOf(i), mean[group],
                            inverse[group], shares, run);
            }
        }
    });
}

void normalizeWeightGradients(const NormalizePlan& plan, float* scale, float* shift,
                              const float* in, const float* mean, const float* inverse,
                              const float* gradient) {
    if (scale)
        std::fill_n(scale, plan.weights, 0.0F);
    if (shift)
        std::fill_n(shift, plan.weights, 0.0F);
    const auto perGroup = plan.size / plan.run;  // weights of a group
    const auto period = plan.weights / perGroup; // groups until the weights repeat
    // Weights are shared out, so that each sum belongs to one thread.
    const auto grain = plan.run == 1 ? std::size_t{64} : std::size_t{1};
    forChunks(plan.weights, grain, [=](std::size_t begin, std::size_t end) {
        const auto within = begin % perGroup;
        if (plan.run > 1) {
            for (auto group = begin / perGroup; group < plan.groups; group += period) {
                const auto at = group * plan.size + within * plan.run;
                const auto sums = gradientSums(in + at, gradient + at, nullptr, 1.0F, mean[group],
                                               inverse[group], plan.run);
                if (scale)
                    scale[begin] += sums.weighted;
                if (shift)
                    shift[begin] += sums.plain;
            }
            return;
        }
        // A piece may span several groups when they are small.
        for (auto weight = begin; weight < end;) {
            const auto place = weight % perGroup;
            const auto length = std::min(end - weight, perGroup - place);
            for (auto group = weight / perGroup; group < plan.groups; group += period) {
                const auto at = group * plan.size + place;
                addWeightGradients(scale ? scale + weight : nullptr,
                                   shift ? shift + weight : nullptr, in + at, gradient + at,
                                   mean[group], inverse[group], length);
            }
            weight += length;
        }
    });
}

namespace {

constexpr std::size_t kPositions = 512; // worked on at a time

/// out = k + factor · Σ squares of the channels first … end - 1.
GRADWRIGHT_CLONES
void denominatorRow(float* out, const float* in, std::size_t channels, std::size_t stride,
                    float factor, float k, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = 0;
    for (std::size_t c = 0; c < channels; ++c)
        for (std::size_t i = 0; i < size; ++i)
            out[i] += in[c * stride + i] * in[c * stride + i];
    for (std::size_t i = 0; i < size; ++i)
        out[i] = k + factor * out[i];
}

GRADWRIGHT_CLONES
void responseRow(float* out, const float* in, const float* denominators, float beta,
                 std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = in[i] * vectored::exp(-beta * vectored::log(denominators[i]));
}

/// out = gradient · d^-beta, terms = gradient · x · d^(-beta - 1)
GRADWRIGHT_CLONES
void responseTermsRow(float* out, float* terms, const float* in, const float* denominators,
                      const float* gradient, float beta, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
        const float power = vectored::exp(-beta * vectored::log(denominators[i]));
        out[i] = gradient[i] * power;
        terms[i] = gradient[i] * in[i] * power / denominators[i];
    }
}

/// out += factor · x · Σ terms of the channels that have this one in their sum.
GRADWRIGHT_CLONES
void responseNeighboursRow(float* out, const float* in, const float* terms, std::size_t channels,
                           std::size_t stride, float factor, std::size_t size) {
    for (std::size_t c = 0; c < channels; ++c)
        for (std::size_t i = 0; i < size; ++i)
            out[i] += factor * in[i] * terms[c * stride + i];
}

/// Calls body(offset of the sample, first position, how many) in parallel.
template <class Body>
void forResponsePieces(const ResponsePlan& plan, const Body& body) {
    const auto pieces = (plan.positions + kPositions - 1) / kPositions;
    forChunks(plan.batch * pieces, 1, [&](std::size_t i, std::size_t) {
        const auto first = i % pieces * kPositions;
        body(i / pieces * plan.channels * plan.positions + first,
             std::min(kPositions, plan.positions - first));
    });
}

struct Channels {
    std::size_t first, count;
};

/// `before` of them before the channel, `size` in all, as far as they exist.
Channels neighbours(const ResponsePlan& plan, std::size_t channel, std::size_t before) {
    const auto size = static_cast<std::size_t>(plan.op.size);
    const auto first = channel > before ? channel - before : 0;
    return {first, std::min(channel + size - before, plan.channels) - first};
}

} // namespace

void normalizeResponse(const ResponsePlan& plan, float* out, float* denominators, const float* in) {
    const auto factor = static_cast<float>(plan.op.alpha / static_cast<double>(plan.op.size));
    const auto before = static_cast<std::size_t>(plan.op.size / 2);
    forResponsePieces(plan, [&](std::size_t first, std::size_t size) {
        for (std::size_t c = 0; c < plan.channels; ++c) {
            const auto at = first + c * plan.positions;
            const auto around = neighbours(plan, c, before);
            denominatorRow(denominators + at, in + first + around.first * plan.positions,
                           around.count, plan.positions, factor, static_cast<float>(plan.op.k),
                           size);
            responseRow(out + at, in + at, denominators + at, static_cast<float>(plan.op.beta),
                        size);
        }
    });
}

void normalizeResponseBackward(const ResponsePlan& plan, float* out, float* scratch,
                               const float* in, const float* denominators, const float* gradient) {
    const auto factor =
        static_cast<float>(-2.0 * plan.op.alpha * plan.op.beta / static_cast<double>(plan.op.size));
    // Channel c is in the sums of those whose window reaches it: the window mirrored.
    const auto before = static_cast<std::size_t>(plan.op.size - 1 - plan.op.size / 2);
    forResponsePieces(plan, [&](std::size_t first, std::size_t size) {
        for (std::size_t c = 0; c < plan.channels; ++c) {
            const auto at = first + c * plan.positions;
            responseTermsRow(out + at, scratch + at, in + at, denominators + at, gradient + at,
                             static_cast<float>(plan.op.beta), size);
        }
        for (std::size_t c = 0; c < plan.channels; ++c) {
            const auto at = first + c * plan.positions;
            const auto around = neighbours(plan, c, before);
            responseNeighboursRow(out + at, in + at,
                                  scratch + first + around.first * plan.positions, around.count,
                                  plan.positions, factor, size);
        }
    });
}

} // namespace gradwright::onednn
