// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/passes/quantization/quantize.h"

#include <map>
#include <string>
#include <vector>

namespace gradwright {

/// Cross-layer equalization (M. Nagel et al., Data-Free Quantization Through Weight Equalization
/// and Bias Correction, 2019, section 4.1): where one product alone reads what another one makes,
/// through an activation with f(a · x) = a · f(x), each channel between them may be divided by s >
/// 0 in the first one's kernel and bias and multiplied by it in the second one's kernel. With s =
/// sqrt(r1 / r2), where r1 and r2 are the channel's largest magnitudes in the two kernels, both
/// become equal, so that no channel is lost in the steps of a larger one. Answers stay the same but
/// for rounding. To be run between prepareForQuantization() and calibration. Returns how many pairs
/// of products there are.
std::size_t equalize(InferenceModel& model);

/// The mean of each channel (of dense layers, feature) that a product reads, by its name.
using InputMeans = std::map<std::string, std::vector<double>, std::less<>>;

/// Bias correction (section 4.2 of the same): rounding a kernel by e changes the mean of what its
/// product makes by the sum of e · mean of x, which is taken from its bias. For the products of the
/// plan that have a bias and means; at the border of a convolution with padding it is as good as
/// the mean stands for what lies there. To be run in front of quantize() with the same plan.
void correctBiases(InferenceModel& model, const QuantizationPlan& plan, const InputMeans& means);

} // namespace gradwright
