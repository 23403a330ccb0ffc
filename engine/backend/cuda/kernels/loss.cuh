// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/cuda/kernels/loss.h"
#include "engine/backend/cuda/kernels/sums.cuh"
#include "engine/ops/loss_kinds.h"

namespace gradwright::cuda::kernels {

/// q_k w_k of class k.
__device__ inline float weightOf(const SoftmaxTarget& target, std::size_t row, unsigned k,
                                 unsigned classes) {
    const float q = target.classes
                        ? (target.classes[row] == static_cast<std::int32_t>(k) ? 1.0F : 0.0F)
                        : target.probabilities[row * classes + k];
    const float weight = target.classWeights ? target.classWeights[k] : 1.0F;
    return weight *
           ((1.0F - target.smoothing) * q + target.smoothing / static_cast<float>(classes));
}

/// p times the derivative of -(1 - p)^γ log p.
__device__ inline float scaledSlope(float gamma, float logProbability) {
    if (gamma == 0)
        return -1.0F;
    const float rest = -expm1f(logProbability);
    if (rest == 0)
        return 0.0F;
    return gamma * expf(logProbability) * powf(rest, gamma - 1.0F) * logProbability -
           powf(rest, gamma);
}

__device__ inline void softmaxCrossEntropy(const float* logits, const SoftmaxTarget& target,
                                           float* logSums, float* losses, const LossRows& shape) {
    const unsigned classes = shape.length;
    float loss = 0;
    for (unsigned step = 0; step < shape.rows; ++step) {
        const std::size_t row = static_cast<std::size_t>(blockIdx.x) * shape.rows + step;
        const float* z = logits + row * classes;
        float largest = z[0];
        for (unsigned k = threadIdx.x; k < classes; k += blockDim.x)
            largest = z[k] > largest ? z[k] : largest;
        largest = overBlock(largest, Largest{}, largest);
        float sum = 0;
        for (unsigned k = threadIdx.x; k < classes; k += blockDim.x)
            sum += expf(z[k] - largest);
        const float logSum = largest + logf(sumOfBlock(sum));
        for (unsigned k = threadIdx.x; k < classes; k += blockDim.x) {
            const float weight = weightOf(target, row, k, classes);
            if (weight == 0)
                continue;
            const float logProbability = z[k] - logSum;
            const float focus =
                target.focusing == 0 ? 1.0F : powf(-expm1f(logProbability), target.focusing);
            loss -= weight * focus * logProbability;
        }
        if (threadIdx.x == 0 && logSums)
            logSums[row] = logSum;
    }
    loss = sumOfBlock(loss);
    if (threadIdx.x == 0)
        losses[blockIdx.x] = loss / static_cast<float>(shape.rows);
}

/// With p = softmax(z): ∂p_k/∂z_j = p_k (δ_kj - p_j).
__device__ inline void softmaxCrossEntropyBack(const float* logits, const SoftmaxTarget& target,
                                               const float* logSums, const float* gradient,
                                               float* out, const LossRows& shape) {
    const unsigned classes = shape.length;
    const float factor = gradient[blockIdx.x] / static_cast<float>(shape.rows);
    for (unsigned step = 0; step < shape.rows; ++step) {
        const std::size_t row = static_cast<std::size_t>(blockIdx.x) * shape.rows + step;
        const float* z = logits + row * classes;
        const float logSum = logSums[row];
        float sum = 0;
        for (unsigned k = threadIdx.x; k < classes; k += blockDim.x)
            sum += weightOf(target, row, k, classes) * scaledSlope(target.focusing, z[k] - logSum);
        sum = sumOfBlock(sum);
        for (unsigned k = threadIdx.x; k < classes; k += blockDim.x) {
            const float logProbability = z[k] - logSum;
            const float slope =
                weightOf(target, row, k, classes) * scaledSlope(target.focusing, logProbability);
            out[row * classes + k] = (slope - expf(logProbability) * sum) * factor;
        }
    }
}

__device__ inline void squaredError(const float* x, const float* target, float* losses,
                                    unsigned length) {
    const std::size_t first = static_cast<std::size_t>(blockIdx.x) * length;
    float sum = 0;
    for (std::size_t i = first + threadIdx.x; i < first + length; i += blockDim.x)
        sum += (x[i] - target[i]) * (x[i] - target[i]);
    sum = sumOfBlock(sum);
    if (threadIdx.x == 0)
        losses[blockIdx.x] = sum / static_cast<float>(length);
}

/// `ofX` or `ofTarget` may be null.
__device__ inline void squaredErrorBack(const float* x, const float* target, const float* gradient,
                                        float* ofX, float* ofTarget, unsigned length) {
    const std::size_t first = static_cast<std::size_t>(blockIdx.x) * length;
    const float factor = 2.0F * gradient[blockIdx.x] / static_cast<float>(length);
    for (std::size_t i = first + threadIdx.x; i < first + length; i += blockDim.x) {
        const float slope = (x[i] - target[i]) * factor;
        if (ofX)
            ofX[i] = slope;
        if (ofTarget)
            ofTarget[i] = -slope;
    }
}

/// The loss of one element and its derivative by the prediction.
struct LossTerm {
    float value, slope;
};

__device__ inline LossTerm lossOf(const ElementLossFunction& f, float x, float target) {
    const float difference = x - target;
    switch (static_cast<ElementLossKind>(f.kind)) {
    case ElementLossKind::AbsoluteError:
        return {fabsf(difference), difference == 0 ? 0.0F : copysignf(1.0F, difference)};
    case ElementLossKind::Huber:
        if (fabsf(difference) <= f.parameter)
            return {difference * difference / 2.0F, difference};
        return {f.parameter * (fabsf(difference) - f.parameter / 2.0F),
                copysignf(f.parameter, difference)};
    case ElementLossKind::BinaryCrossEntropy: {
        // -log σ(x), without overflow.
        const float ofPositive = log1pf(expf(-fabsf(x))) + fmaxf(-x, 0.0F);
        const float sigmoid = 1.0F / (1.0F + expf(-x));
        const float weight = 1.0F + (f.parameter - 1.0F) * target;
        return {(1.0F - target) * x + weight * ofPositive,
                (1.0F - target) + weight * (sigmoid - 1.0F)};
    }
    case ElementLossKind::KullbackLeibler:
        return {target > 0 ? target * (logf(target) - x) : 0.0F, -target};
    case ElementLossKind::PerceptronCriterion: {
        const float answer = x > 0 ? 1.0F : 0.0F;
        return {(answer - target) * x, answer - target};
    }
    }
    return {0.0F, 0.0F};
}

__device__ inline void elementLoss(const float* x, const float* target, float* losses,
                                   unsigned length, const ElementLossFunction& f) {
    const std::size_t first = static_cast<std::size_t>(blockIdx.x) * length;
    float sum = 0;
    for (std::size_t i = first + threadIdx.x; i < first + length; i += blockDim.x)
        sum += lossOf(f, x[i], target[i]).value;
    sum = sumOfBlock(sum);
    if (threadIdx.x == 0)
        losses[blockIdx.x] = sum / f.divisor;
}

__device__ inline void elementLossBack(const float* x, const float* target, const float* gradient,
                                       float* out, unsigned length, const ElementLossFunction& f) {
    const std::size_t first = static_cast<std::size_t>(blockIdx.x) * length;
    const float factor = gradient[blockIdx.x] / f.divisor;
    for (std::size_t i = first + threadIdx.x; i < first + length; i += blockDim.x)
        out[i] = lossOf(f, x[i], target[i]).slope * factor;
}

/// How far class k's score reaches into the margin; 0 for the right one.
__device__ inline float excessOf(const float* scores, unsigned right, unsigned k, float margin) {
    const float excess = margin - scores[right] + scores[k];
    return k != right && excess > 0 ? excess : 0.0F;
}

__device__ inline void hinge(const float* scores, const std::int32_t* classes, float* losses,
                             unsigned length, float margin, int isSquared) {
    const float* row = scores + static_cast<std::size_t>(blockIdx.x) * length;
    const auto right = static_cast<unsigned>(classes[blockIdx.x]);
    float sum = 0;
    for (unsigned k = threadIdx.x; k < length; k += blockDim.x) {
        const float excess = excessOf(row, right, k, margin);
        sum += isSquared ? excess * excess : excess;
    }
    sum = sumOfBlock(sum);
    if (threadIdx.x == 0)
        losses[blockIdx.x] = sum / static_cast<float>(length);
}

__device__ inline void hingeBack(const float* scores, const std::int32_t* classes,
                                 const float* gradient, float* out, unsigned length, float margin,
                                 int isSquared) {
    const std::size_t first = static_cast<std::size_t>(blockIdx.x) * length;
    const float* row = scores + first;
    const auto right = static_cast<unsigned>(classes[blockIdx.x]);
    const float factor = gradient[blockIdx.x] / static_cast<float>(length);
    float all = 0;
    for (unsigned k = threadIdx.x; k < length; k += blockDim.x) {
        const float excess = excessOf(row, right, k, margin);
        const float slope = isSquared ? 2.0F * excess : excess > 0 ? 1.0F : 0.0F;
        all += slope;
        if (k != right)
            out[first + k] = slope * factor;
    }
    all = sumOfBlock(all);
    if (threadIdx.x == 0)
        out[first + right] = -all * factor;
}

struct CosineSums {
    float product, left, right; ///< of x · t, x · x, t · t
    __device__ float norms() const {
        const float norms = sqrtf(left) * sqrtf(right);
        return norms > 1e-8F ? norms : 1e-8F;
    }
};

__device__ inline CosineSums cosineSums(const float* x, const float* target, unsigned length) {
    const std::size_t first = static_cast<std::size_t>(blockIdx.x) * length;
    CosineSums sums{0, 0, 0};
    for (std::size_t i = first + threadIdx.x; i < first + length; i += blockDim.x) {
        sums.product += x[i] * target[i];
        sums.left += x[i] * x[i];
        sums.right += target[i] * target[i];
    }
    return {sumOfBlock(sums.product), sumOfBlock(sums.left), sumOfBlock(sums.right)};
}

__device__ inline void cosine(const float* x, const float* target, float* losses, unsigned length) {
    const CosineSums sums = cosineSums(x, target, length);
    if (threadIdx.x == 0)
        losses[blockIdx.x] = 1.0F - sums.product / sums.norms();
}

__device__ inline void cosineBack(const float* x, const float* target, const float* gradient,
                                  float* out, unsigned length) {
    const CosineSums sums = cosineSums(x, target, length);
    const float norms = sums.norms();
    // Where the norms are not clamped, the prediction's own counts, too.
    const float own = norms > 1e-8F ? sums.product / (norms * sums.left) : 0.0F;
    const std::size_t first = static_cast<std::size_t>(blockIdx.x) * length;
    for (std::size_t i = first + threadIdx.x; i < first + length; i += blockDim.x)
        out[i] = (own * x[i] - target[i] / norms) * gradient[blockIdx.x];
}

__device__ inline void oneHot(const std::int32_t* classes, float* out, std::size_t size,
                              unsigned length) {
    for (std::size_t i = firstElement(); i < size; i += allThreads())
        out[i] = classes[i / length] == static_cast<std::int32_t>(i % length) ? 1.0F : 0.0F;
}

} // namespace gradwright::cuda::kernels
