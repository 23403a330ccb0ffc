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

/// positive · x above 0, negative · (exp(x · rate) - 1) below: ELU, SELU and CELU.
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
            rate = activation.kind == ActivationKind::Elu
                       ? 1
                       : static_cast<float>(1 / activation.alpha);
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

// Functions that oneDNN has, too: for ops that run several in one pass.

// Part of each clone of the function that calls it.
template <class F>
[[gnu::always_inline]] inline void forEach(float* out, std::size_t size, const F& f) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = f(i);
}

/// log(1 + e) for 0 <= e <= 1, whose digits 1 + e would lose where e is small.
[[gnu::always_inline]] inline float logOfOneMore(float e) {
    const float series = e * (1.0F - e * (0.5F - e * (1.0F / 3)));
    return e < 0.01F ? series : vectored::log(1.0F + e);
}
[[gnu::always_inline]] inline float softplusOf(float x) {
    return (x > 0 ? x : 0.0F) + logOfOneMore(vectored::exp(x > 0 ? -x : x));
}
/// tanh(softplus(x)) = (t² - 1) / (t² + 1) for t = 1 + exp(x).
[[gnu::always_inline]] inline float tanhOfSoftplus(float x) {
    const float e = vectored::exp(x > 20 ? 20.0F : x); // 1 from there on
    const float n = e * (e + 2.0F);
    return n / (n + 2.0F);
}
/// The error function, to 1.5e-7: Abramowitz, Stegun 7.1.26.
[[gnu::always_inline]] inline float errorFunction(float x) {
    const float a = x < 0 ? -x : x;
    const float t = 1.0F / (1.0F + 0.3275911F * a);
    const float p =
        t * (0.254829592F +
             t * (-0.284496736F + t * (1.421413741F + t * (-1.453152027F + t * 1.061405429F))));
    const float y = 1.0F - p * vectored::exp(-a * a);
    return x < 0 ? -y : y;
}
[[gnu::always_inline]] inline float normalShare(float x) {
    return 0.5F * (1.0F + errorFunction(x * 0.707106781F));
}
constexpr float kTanhScale = 0.797884561F; // of GELU's tanh form
constexpr float kTanhCubic = 0.044715F;

GRADWRIGHT_CLONES
void functionLoop(ActivationKind kind, float alpha, float* out, const float* in, std::size_t size) {
    switch (kind) {
    case ActivationKind::Sigmoid:
        return forEach(out, size, [=](std::size_t i) { return vectored::sigmoid(in[i]); });
    case ActivationKind::Tanh:
        return forEach(out, size, [=](std::size_t i) { return vectored::tanh(in[i]); });
    case ActivationKind::Relu:
        return forEach(out, size, [=](std::size_t i) { return in[i] > 0 ? in[i] : 0.0F; });
    case ActivationKind::LeakyRelu:
        return forEach(out, size, [=](std::size_t i) {
            const float below = alpha * in[i];
            return in[i] > 0 ? in[i] : below;
        });
    case ActivationKind::HardTanh:
        return forEach(out, size, [=](std::size_t i) {
            const float low = in[i] < -1 ? -1.0F : in[i];
            return low > 1 ? 1.0F : low;
        });
    case ActivationKind::Relu6:
        return forEach(out, size, [=](std::size_t i) {
            const float low = in[i] < 0 ? 0.0F : in[i];
            return low > 6 ? 6.0F : low;
        });
    case ActivationKind::Gelu:
        return forEach(out, size, [=](std::size_t i) { return in[i] * normalShare(in[i]); });
    case ActivationKind::GeluTanh:
        return forEach(out, size, [=](std::size_t i) {
            const float x = in[i];
            return 0.5F * x * (1.0F + vectored::tanh(kTanhScale * (x + kTanhCubic * x * x * x)));
        });
    case ActivationKind::Silu:
        return forEach(out, size, [=](std::size_t i) { return in[i] * vectored::sigmoid(in[i]); });
    case ActivationKind::Mish:
        return forEach(out, size, [=](std::size_t i) { return in[i] * tanhOfSoftplus(in[i]); });
    case ActivationKind::HardSwish:
        return forEach(out, size, [=](std::size_t i) {
            const float low = in[i] < -3 ? 0.0F : in[i] + 3.0F;
            return in[i] * (low > 6 ? 6.0F : low) * (1.0F / 6);
        });
    case ActivationKind::Softplus:
        return forEach(out, size, [=](std::size_t i) { return softplusOf(in[i]); });
    default: // the identity; the others have loops of their own
        return forEach(out, size, [=](std::size_t i) { return in[i]; });
    }
}

GRADWRIGHT_CLONES
void slopeLoop(ActivationKind kind, float alpha, float* out, const float* in, const float* gradient,
               std::size_t size) {
    switch (kind) {
    case ActivationKind::Sigmoid:
        return forEach(out, size, [=](std::size_t i) {
            const float y = vectored::sigmoid(in[i]);
            return gradient[i] * (y * (1.0F - y));
        });
    case ActivationKind::Tanh:
        return forEach(out, size, [=](std::size_t i) {
            const float y = vectored::tanh(in[i]);
            return gradient[i] * (1.0F - y * y);
        });
    case ActivationKind::Relu:
        return forEach(out, size, [=](std::size_t i) {
            const float g = gradient[i];
            return in[i] > 0 ? g : 0.0F;
        });
    case ActivationKind::LeakyRelu:
        return forEach(out, size, [=](std::size_t i) {
            const float g = gradient[i];
            return in[i] > 0 ? g : alpha * g;
        });
    case ActivationKind::HardTanh:
        return forEach(out, size, [=](std::size_t i) {
            const float g = in[i] > -1 ? gradient[i] : 0.0F;
            return in[i] <= 1 ? g : 0.0F;
        });
    case ActivationKind::Relu6:
        return forEach(out, size, [=](std::size_t i) {
            const float g = in[i] > 0 ? gradient[i] : 0.0F;
            return in[i] <= 6 ? g : 0.0F;
        });
    case ActivationKind::Gelu:
        return forEach(out, size, [=](std::size_t i) {
            const float x = in[i];
            const float density = 0.398942280F * vectored::exp(-0.5F * x * x);
            return gradient[i] * (normalShare(x) + x * density);
        });
    case ActivationKind::GeluTanh:
        return forEach(out, size, [=](std::size_t i) {
            const float x = in[i];
            const float t = vectored::tanh(kTanhScale * (x + kTanhCubic * x * x * x));
            const float inner = kTanhScale * (1.0F + 3.0F * kTanhCubic * x * x);
            return gradient[i] * (0.5F * (1.0F + t) + 0.5F * x * (1.0F - t * t) * inner);
        });
    case ActivationKind::Silu:
        return forEach(out, size, [=](std::size_t i) {
            const float y = vectored::sigmoid(in[i]);
            return gradient[i] * (y * (1.0F + in[i] * (1.0F - y)));
        });
    case ActivationKind::Mish:
        return forEach(out, size, [=](std::size_t i) {
            const float t = tanhOfSoftplus(in[i]);
            return gradient[i] * (t + in[i] * (1.0F - t * t) * vectored::sigmoid(in[i]));
        });
    case ActivationKind::HardSwish:
        return forEach(out, size, [=](std::size_t i) {
            const float between = (2.0F * in[i] + 3.0F) * (1.0F / 6);
            const float slope = in[i] <= 3 ? between : 1.0F;
            return gradient[i] * (in[i] <= -3 ? 0.0F : slope);
        });
    case ActivationKind::Softplus:
        return forEach(out, size,
                       [=](std::size_t i) { return gradient[i] * vectored::sigmoid(in[i]); });
    default:
        return forEach(out, size, [=](std::size_t i) { return gradient[i]; });
    }
}

} // namespace

void activatePiece(const Activation& activation, float* out, const float* in, std::size_t size) {
    switch (activation.kind) {
    case ActivationKind::Step:
        return step(out, in, size);
    case ActivationKind::HardSigmoid:
        return hardSigmoid(out, in, size);
    case ActivationKind::Softsign:
        return softsign(out, in, size);
    case ActivationKind::Elu:
    case ActivationKind::Selu:
    case ActivationKind::Celu:
        return exponential(Exponential(activation), out, in, size);
    default:
        return functionLoop(activation.kind, static_cast<float>(activation.alpha), out, in, size);
    }
}

void activateBackwardPiece(const Activation& activation, float* out, const float* in,
                           const float* gradient, std::size_t size) {
    switch (activation.kind) {
    case ActivationKind::Step:
        std::fill_n(out, size, 0.0F);
        return;
    case ActivationKind::HardSigmoid:
        return hardSigmoidBackward(out, in, gradient, size);
    case ActivationKind::Softsign:
        return softsignBackward(out, in, gradient, size);
    case ActivationKind::Elu:
    case ActivationKind::Selu:
    case ActivationKind::Celu:
        return exponentialBackward(Exponential(activation), out, in, gradient, size);
    default:
        return slopeLoop(activation.kind, static_cast<float>(activation.alpha), out, in, gradient,
                         size);
    }
}

void activate(const Activation& activation, float* out, const float* in, std::size_t size) {
    forChunks(size, kGrain, [=](std::size_t begin, std::size_t end) {
        activatePiece(activation, out + begin, in + begin, end - begin);
    });
}

void activateBackward(const Activation& activation, float* out, const float* in,
                      const float* gradient, std::size_t size) {
    forChunks(size, kGrain, [=](std::size_t begin, std::size_t end) {
        activateBackwardPiece(activation, out + begin, in + begin, gradient + begin, end - begin);
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
