// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/kernels/losses.h"

#include "engine/backend/onednn/kernels/parallel.h"
#include "engine/support/error.h"
#include "engine/support/simd.h"

#include <cmath>

namespace gradwright::onednn {
namespace {

std::size_t rowsFor(std::size_t features, std::size_t elements) {
    return std::max<std::size_t>(1, elements / std::max<std::size_t>(1, features));
}

void crossEntropyRow(const float* logits, std::int32_t target, std::size_t count, float* loss,
                     float* residual) {
    const float largest = *std::max_element(logits, logits + count);
    float sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const float power = std::exp(logits[i] - largest);
        sum += power;
        if (residual)
            residual[i] = power;
    }
    // The difference first: it is exact where the logits are large and close.
    *loss = std::log(sum) + (largest - logits[target]);
    if (!residual)
        return;
    const float scale = 1.0F / sum;
    for (std::size_t i = 0; i < count; ++i)
        residual[i] *= scale;
    residual[target] -= 1.0F;
}

/// For one row: the target's distribution times the class weights, by class.
class TargetWeights {
public:
    TargetWeights(const CrossEntropyTerms& terms, const std::int32_t* target,
                  const float* probabilities, std::size_t count)
        : terms_(terms)
        , probabilities_(probabilities)
        , target_(target ? static_cast<std::size_t>(*target) : count)
        , uniform_(terms.labelSmoothing / static_cast<float>(count)) {}

    float operator()(std::size_t k) const {
        const float given = probabilities_ ? probabilities_[k] : (k == target_ ? 1.0F : 0.0F);
        const float mixed = (1.0F - terms_.labelSmoothing) * given + uniform_;
        return terms_.classWeights.empty() ? mixed : mixed * terms_.classWeights[k];
    }

private:
    const CrossEntropyTerms& terms_;
    const float* probabilities_;
    std::size_t target_;
    float uniform_;
};

void weightedRow(const CrossEntropyTerms& terms, const TargetWeights& weight, const float* logits,
                 std::size_t count, float* loss, float* residual) {
    const float largest = *std::max_element(logits, logits + count);
    float sum = 0;
    for (std::size_t k = 0; k < count; ++k)
        sum += std::exp(logits[k] - largest);
    const float logSum = std::log(sum);
    float total = 0;
    float slopes = 0;
    for (std::size_t k = 0; k < count; ++k) {
        const float logProbability = (logits[k] - largest) - logSum;
        float factor = 1;
        float slope = -1;
        if (terms.focusing > 0) {
            const float rest = std::max(-std::expm1(logProbability), 1e-30F);
            factor = std::pow(rest, terms.focusing);
            slope =
                terms.focusing * std::exp(logProbability) * factor / rest * logProbability - factor;
        }
        const float share = weight(k);
        if (share != 0)
            total -= share * factor * logProbability;
        slopes += share * slope;
        if (residual)
            residual[k] = share * slope;
    }
    *loss = total;
    if (!residual)
        return;
    for (std::size_t k = 0; k < count; ++k)
        residual[k] -= slopes * std::exp((logits[k] - largest) - logSum);
}

GRADWRIGHT_CLONES
void scaleRow(float* out, const float* in, float factor, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = in[i] * factor;
}

double squaredDistance(const float* a, const float* b, std::size_t size) {
    double sum = 0;
    for (std::size_t i = 0; i < size; ++i) {
        const auto difference = static_cast<double>(a[i] - b[i]);
        sum += difference * difference;
    }
    return sum;
}

GRADWRIGHT_CLONES
void scaledDifference(float* out, const float* a, const float* b, float factor, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        out[i] = factor * (a[i] - b[i]);
}

} // namespace

void requireClasses(const std::string& path, const std::int32_t* classes, std::size_t batch,
                    std::size_t count) {
    for (std::size_t n = 0; n < batch; ++n)
        if (classes[n] < 0 || static_cast<std::size_t>(classes[n]) >= count)
            throw Error("{}: sample {} of the batch has class {}, but there are {} classes, 0 to "
                        "{}",
                        path, n, classes[n], count, count - 1);
}

void softmaxCrossEntropy(const float* logits, const std::int32_t* classes, std::size_t batch,
                         std::size_t count, float* losses, float* residuals) {
    forChunks(batch, rowsFor(count, 1024), [=](std::size_t begin, std::size_t end) {
        for (auto n = begin; n < end; ++n)
            crossEntropyRow(logits + n * count, classes[n], count, losses + n,
                            residuals ? residuals + n * count : nullptr);
    });
}

void weightedCrossEntropy(const CrossEntropyTerms& terms, const float* logits,
                          const std::int32_t* classes, const float* probabilities,
                          std::size_t batch, std::size_t count, float* losses, float* residuals) {
    forChunks(batch, rowsFor(count, 1024), [&](std::size_t begin, std::size_t end) {
        for (auto n = begin; n < end; ++n) {
            const TargetWeights weight(terms, classes ? classes + n : nullptr,
                                       probabilities ? probabilities + n * count : nullptr, count);
            weightedRow(terms, weight, logits + n * count, count, losses + n,
                        residuals ? residuals + n * count : nullptr);
        }
    });
}

void averageSteps(const float* rows, std::size_t batch, std::size_t steps, float* losses,
                  float* residuals, std::size_t count) {
    const float share = 1.0F / static_cast<float>(steps);
    forChunks(batch, rowsFor(steps * count, 8192), [=](std::size_t begin, std::size_t end) {
        for (auto n = begin; n < end; ++n) {
            float sum = 0;
            for (std::size_t t = 0; t < steps; ++t)
                sum += rows[n * steps + t];
            losses[n] = sum * share;
            if (residuals)
                scaleRow(residuals + n * steps * count, residuals + n * steps * count, share,
                         steps * count);
        }
    });
}

void scaleRows(float* out, const float* in, const float* rows, std::size_t batch,
               std::size_t features) {
    forChunks(batch, rowsFor(features, 8192), [=](std::size_t begin, std::size_t end) {
        for (auto n = begin; n < end; ++n)
            scaleRow(out + n * features, in + n * features, rows[n], features);
    });
}

void meanSquaredError(const float* a, const float* b, std::size_t batch, std::size_t features,
                      float* losses) {
    forChunks(batch, rowsFor(features, 8192), [=](std::size_t begin, std::size_t end) {
        for (auto n = begin; n < end; ++n)
            losses[n] =
                static_cast<float>(squaredDistance(a + n * features, b + n * features, features) /
                                   static_cast<double>(features));
    });
}

void meanSquaredErrorGradient(float* out, const float* a, const float* b, const float* rows,
                              std::size_t batch, std::size_t features) {
    const float factor = 2.0F / static_cast<float>(features);
    forChunks(batch, rowsFor(features, 8192), [=](std::size_t begin, std::size_t end) {
        for (auto n = begin; n < end; ++n)
            scaledDifference(out + n * features, a + n * features, b + n * features,
                             factor * rows[n], features);
    });
}

void oneHot(float* out, const std::int32_t* classes, std::size_t batch, std::size_t count) {
    std::fill_n(out, batch * count, 0.0F);
    for (std::size_t n = 0; n < batch; ++n)
        out[n * count + static_cast<std::size_t>(classes[n])] = 1.0F;
}

} // namespace gradwright::onednn
