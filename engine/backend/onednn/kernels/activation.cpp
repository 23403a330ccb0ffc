// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/activation.h"

#include "engine/backend/onednn/kernels/parallel.h"
#include "engine/support/simd.h"
#include "engine/support/vector_math.h"

#include <algorithm>

namespace gradwright::onednn {
namespace {

constexpr std::size_t kGrain = 16384; // elements

// One plain loop a function: the compiler makes vector code of each.

GRADWRIGHT_CLONES
void step(float* out, const float* in, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = in[i] > 0 ? 1.0F : 0.0F;
}

GRADWRIGHT_CLONES
void hardSigmoid(float* out, const float* in, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
        float y = in[i] * (1.0F / 6) + 0.5F;
        y = y < 0 ? 0 : y;
        out[i] = y > 1 ? 1 : y;
    }
}

GRADWRIGHT_CLONES
void hardSigmoidBackward(float* out, const float* in, const float* gradient, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
        const float inside = in[i] > -3 ? 1.0F / 6 : 0.0F;
        out[i] = gradient[i] * (in[i] <= 3 ? inside : 0.0F);
    }
}

GRADWRIGHT_CLONES
void softsign(float* out, const float* in, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = in[i] / (1.0F + (in[i] < 0 ? -in[i] : in[i]));
}

GRADWRIGHT_CLONES
void softsignBackward(float* out, const float* in, const float* gradient, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
        const float d = 1.0F + (in[i] < 0 ? -in[i] : in[i]);
        out[i] = gradient[i] / (d * d);
    }
}

/// positive · x above 0, negative · (exp(x · rate) - 1) below: SELU and CELU.
struct Exponential {
    float positive, negative, rate;

    explicit Exponential(const Activation& activation) {
        if (activation.kind == ActivationKind::Selu) {
            positive = static_cast<float>(kSeluScale);
            negative = static_cast<float>(kSeluScale * kSeluAlpha);
            rate = 1;
        } else {
            positive = 1;
            negative = static_cast<float>(activation.alpha);
            rate = static_cast<float>(1 / activation.alpha);
        }
    }
};

GRADWRIGHT_CLONES
void exponential(Exponential f, float* out, const float* in, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
        const float x = in[i];
        const float below = f.negative * vectored::expm1Negative((x < 0 ? x : 0) * f.rate);
        out[i] = x > 0 ? f.positive * x : below;
    }
}

GRADWRIGHT_CLONES
void exponentialBackward(Exponential f, float* out, const float* in, const float* gradient,
                         std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
        const float x = in[i];
        const float below = f.negative * f.rate * vectored::exp((x < 0 ? x : 0) * f.rate);
        out[i] = gradient[i] * (x > 0 ? f.positive : below);
    }
}

/// The slope of each element where lanes are several; one slope where there is one.
GRADWRIGHT_CLONES
void preluRow(float* out, const float* in, const float* slopes, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = in[i] > 0 ? in[i] : slopes[i] * in[i];
}

GRADWRIGHT_CLONES
void preluRun(float* out, const float* in, float slope, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = in[i] > 0 ? in[i] : slope * in[i];
}

GRADWRIGHT_CLONES
void preluBackwardRow(float* out, float* sums, const float* in, const float* slopes,
                      const float* gradient, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
        const float g = gradient[i];
        const float x = in[i];
        out[i] = x > 0 ? g : slopes[i] * g;
        sums[i] += x > 0 ? 0 : x * g;
    }
}

/// The sum for the slope goes to 16 lanes, so that the order is the same on every processor.
GRADWRIGHT_CLONES
float preluBackwardRun(float* out, const float* in, float slope, const float* gradient,
                       std::size_t size) {
    constexpr std::size_t lanes = 16;
    float sums[lanes] = {};
    const auto whole = size / lanes * lanes;
    for (std::size_t i = 0; i < whole; i += lanes)
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            const float g = gradient[i + lane];
            const float x = in[i + lane];
            sums[lane] += x > 0 ? 0 : x * g;
            out[i + lane] = x > 0 ? g : slope * g;
        }
    float sum = 0;
    for (auto i = whole; i < size; ++i) {
        const float g = gradient[i];
        sum += in[i] > 0 ? 0 : in[i] * g;
        out[i] = in[i] > 0 ? g : slope * g;
    }
    for (const float lane : sums)
        sum += lane;
    return sum;
}

} // namespace

void activate(const Activation& activation, float* out, const float* in, std::size_t size) {
    forChunks(size, kGrain, [=](std::size_t begin, std::size_t end) {
        const auto count = end - begin;
        switch (activation.kind) {
        case ActivationKind::Step:
            return step(out + begin, in + begin, count);
        case ActivationKind::HardSigmoid:
            return hardSigmoid(out + begin, in + begin, count);
        case ActivationKind::Softsign:
            return softsign(out + begin, in + begin, count);
        default:
            return exponential(Exponential(activation), out + begin, in + begin, count);
        }
    });
}

void activateBackward(const Activation& activation, float* out, const float* in,
                      const float* gradient, std::size_t size) {
    forChunks(size, kGrain, [=](std::size_t begin, std::size_t end) {
        const auto count = end - begin;
        switch (activation.kind) {
        case ActivationKind::Step:
            std::fill_n(out + begin, count, 0.0F);
            return;
        case ActivationKind::HardSigmoid:
            return hardSigmoidBackward(out + begin, in + begin, gradient + begin, count);
        case ActivationKind::Softsign:
            return softsignBackward(out + begin, in + begin, gradient + begin, count);
        default:
            return exponentialBackward(Exponential(activation), out + begin, in + begin,
                                       gradient + begin, count);
        }
    });
}

void prelu(const ChannelView& view, float* out, const float* in, const float* slopes, bool single) {
    const auto run = view.positions * view.lanes;
    forChunks(view.batch * view.blocks, std::max<std::size_t>(1, kGrain / run),
              [=](std::size_t begin, std::size_t end) {
                  for (auto i = begin; i < end; ++i) {
                      const auto* slope = slopes + (single ? 0 : i % view.blocks * view.lanes);
                      const auto offset = i * run;
                      if (single || view.lanes == 1) {
                          preluRun(out + offset, in + offset, *slope, run);
                          continue;
                      }
                      for (std::size_t at = offset; at < offset + run; at += view.lanes)
                          preluRow(out + at, in + at, slope, view.lanes);
                  }
              });
}

void preluBackward(const ChannelView& view, float* out, float* slopeGradients, const float* in,
                   const float* slopes, const float* gradient, bool single) {
    const auto run = view.positions * view.lanes;
    std::fill_n(slopeGradients, single ? 1 : view.channels(), 0.0F);
    if (single) {
        for (std::size_t i = 0; i < view.batch * view.blocks; ++i)
            *slopeGradients +=
                preluBackwardRun(out + i * run, in + i * run, *slopes, gradient + i * run, run);
        return;
    }
    // Channels are shared out, so that each sum belongs to one thread.
    forChunks(view.blocks, 1, [=](std::size_t block, std::size_t) {
        const auto channel = block * view.lanes;
        for (std::size_t n = 0; n < view.batch; ++n) {
            const auto offset = view.offset(n, block);
            if (view.lanes == 1) {
                slopeGradients[channel] += preluBackwardRun(
                    out + offset, in + offset, slopes[channel], gradient + offset, run);
                continue;
            }
            for (std::size_t at = offset; at < offset + run; at += view.lanes)
                preluBackwardRow(out + at, slopeGradients + channel, in + at, slopes + channel,
                                 gradient + at, view.lanes);
        }
    });
}

} // namespace gradwright::onednn
