// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace gradwright::onednn {

/// Throws Error naming the sample unless all classes are in [0, count).
void requireClasses(const std::string& path, const std::int32_t* classes, std::size_t batch,
                    std::size_t count);

/// losses[n] = log(sum exp logits[n]) - logits[n][classes[n]]; when `residuals` is given also the
/// gradient softmax(logits) - onehot.
void softmaxCrossEntropy(const float* logits, const std::int32_t* classes, std::size_t batch,
                         std::size_t count, float* losses, float* residuals);
/// What weighs the terms of a cross-entropy; see SoftmaxCrossEntropyOp.
struct CrossEntropyTerms {
    float labelSmoothing = 0;
    float focusing = 0;
    std::vector<float> classWeights{}; ///< none, or one a class
};
/// The general form. The target is `classes` or, where that is null, probabilities [batch][count].
void weightedCrossEntropy(const CrossEntropyTerms& terms, const float* logits,
                          const std::int32_t* classes, const float* probabilities,
                          std::size_t batch, std::size_t count, float* losses, float* residuals);
/// For sequences: losses[n] is the mean of a sample's rows, whose residuals [batch][steps][count],
/// unless null, are divided by their number.
void averageSteps(const float* rows, std::size_t batch, std::size_t steps, float* losses,
                  float* residuals, std::size_t count);
/// out[n][j] = rows[n] * in[n][j]; out may be in.
void scaleRows(float* out, const float* in, const float* rows, std::size_t batch,
               std::size_t features);

/// losses[n] = mean of (a[n] - b[n])².
void meanSquaredError(const float* a, const float* b, std::size_t batch, std::size_t features,
                      float* losses);
/// The gradient for `a`: rows[n] * 2 / features * (a - b).
void meanSquaredErrorGradient(float* out, const float* a, const float* b, const float* rows,
                              std::size_t batch, std::size_t features);

void oneHot(float* out, const std::int32_t* classes, std::size_t batch, std::size_t count);

} // namespace gradwright::onednn
