// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/comparisons.h"

#include "engine/backend/onednn/kernels/parallel.h"

#include <cmath>

namespace gradwright::onednn {
namespace {

constexpr std::size_t kElementsAChunk = 8192;

/// visit(n) for each row, some rows at a time on each thread.
template <class Visit>
void forRows(std::size_t batch, std::size_t features, const Visit& visit) {
    const auto grain =
        std::max<std::size_t>(1, kElementsAChunk / std::max<std::size_t>(1, features));
    forChunks(batch, grain, [&](std::size_t begin, std::size_t end) {
        for (auto n = begin; n < end; ++n)
            visit(n);
    });
}

/// `value(x, t, slope)` returns a term and sets its derivative by x.
template <class Value>
void sumOfTerms(const float* prediction, const float* target, std::size_t batch,
                std::size_t features, float divisor, float* losses, float* residuals,
                const Value& value) {
    forRows(batch, features, [&](std::size_t n) {
        const float* x = prediction + n * features;
        const float* t = target + n * features;
        double sum = 0;
        for (std::size_t i = 0; i < features; ++i) {
            float slope = 0;
            sum += static_cast<double>(value(x[i], t[i], slope));
            if (residuals)
                residuals[n * features + i] = slope / divisor;
        }
        losses[n] = static_cast<float>(sum / static_cast<double>(divisor));
    });
}

float sign(float x) {
    return static_cast<float>(x > 0) - static_cast<float>(x < 0);
}

} // namespace

void elementLoss(const ElementLossOp& op, const float* prediction, const float* target,
                 std::size_t batch, std::size_t features, float* losses, float* residuals) {
    const auto parameter = static_cast<float>(op.parameter);
    const auto sum = [&](float divisor, const auto& value) {
        sumOfTerms(prediction, target, batch, features, divisor, losses, residuals, value);
    };
    const auto mean = static_cast<float>(features);
    switch (op.kind) {
    case ElementLossKind::AbsoluteError:
        return sum(mean, [](float x, float t, float& slope) {
            slope = sign(x - t);
            return std::abs(x - t);
        });
    case ElementLossKind::Huber:
        return sum(mean, [=](float x, float t, float& slope) {
            const float clamped = std::clamp(x - t, -parameter, parameter);
            slope = clamped;
            return clamped * ((x - t) - clamped / 2);
        });
    case ElementLossKind::BinaryCrossEntropy:
        return sum(mean, [=](float x, float t, float& slope) {
            const float weight = 1 + (parameter - 1) * t;
            const float power = std::exp(-std::abs(x));
            const float ofNegative = (x >= 0 ? power : 1.0F) / (1 + power); // σ(-x)
            slope = (1 - t) - weight * ofNegative;
            return (1 - t) * x + weight * (std::log1p(power) + std::max(-x, 0.0F));
        });
    case ElementLossKind::KullbackLeibler:
        return sum(1, [](float x, float t, float& slope) {
            slope = -t;
            return t > 0 ? t * (std::log(t) - x) : 0.0F;
        });
    case ElementLossKind::PerceptronCriterion:
        return sum(1, [](float x, float t, float& slope) {
            slope = (x > 0 ? 1.0F : 0.0F) - t;
            return slope * x;
        });
    }
}

void hingeLoss(const HingeLossOp& op, const float* scores, const std::int32_t* classes,
               std::size_t batch, std::size_t count, float* losses, float* residuals) {
    const auto margin = static_cast<float>(op.margin);
    const float share = 1.0F / static_cast<float>(count);
    forRows(batch, count, [&](std::size_t n) {
        const float* row = scores + n * count;
        const auto right = static_cast<std::size_t>(classes[n]);
        float total = 0;
        float pull = 0;
        for (std::size_t k = 0; k < count; ++k) {
            const float excess = k == right ? 0.0F : std::max(0.0F, margin + (row[k] - row[right]));
            const float slope = op.squared ? 2 * excess * share : sign(excess) * share;
            total += op.squared ? excess * excess : excess;
            pull += slope;
            if (residuals)
                residuals[n * count + k] = slope;
        }
        losses[n] = total * share;
        if (residuals)
            residuals[n * count + right] = -pull;
    });
}

void cosineLoss(const float* prediction, const float* target, std::size_t batch,
                std::size_t features, float* losses, float* residuals) {
    constexpr double kSmallest = 1e-8;
    forRows(batch, features, [&](std::size_t n) {
        const float* x = prediction + n * features;
        const float* t = target + n * features;
        double product = 0;
        double ofPrediction = 0;
        double ofTarget = 0;
        for (std::size_t i = 0; i < features; ++i) {
            const auto a = static_cast<double>(x[i]);
            const auto b = static_cast<double>(t[i]);
            product += a * b;
            ofPrediction += a * a;
            ofTarget += b * b;
        }
        const double length = std::sqrt(ofPrediction * ofTarget);
        const double norms = std::max(length, kSmallest);
        losses[n] = static_cast<float>(1 - product / norms);
        if (!residuals)
            return;
        const auto own =
            static_cast<float>(length > kSmallest ? product / (norms * ofPrediction) : 0.0);
        const auto towards = static_cast<float>(1 / norms);
        for (std::size_t i = 0; i < features; ++i)
            residuals[n * features + i] = own * x[i] - towards * t[i];
    });
}

} // namespace gradwright::onednn
