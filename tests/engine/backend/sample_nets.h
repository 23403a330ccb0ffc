// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"

#include <string>
#include <vector>

namespace gradwright::test {

/// A usual network as an op graph: input "image", class index "label", output "logits", one
/// cross-entropy.
struct SampleNet {
    std::string name;
    OpGraph graph;
};

SampleNet multilayerPerceptron(Activation activation = {ActivationKind::Relu});
SampleNet leNet5(Activation activation = {ActivationKind::Relu});
SampleNet smallCnn();
SampleNet smallResidual();
/// Depthwise and transposed convolutions, gates, group and response norms.
SampleNet smallMobile();
/// Convolution, attention and recurrence over steps.
SampleNet smallSequence();
SampleNet smallVolume();
/// All of them, LeNet with each activation.
std::vector<SampleNet> sampleNets();

/// Random images and labels.
struct SampleBatch {
    Tensor images, labels;
    [[nodiscard]] std::vector<BatchInput> bindings(const OpGraph& graph) const;
};
SampleBatch randomBatch(const OpGraph& graph, std::int64_t batch, std::uint64_t seed);

} // namespace gradwright::test
