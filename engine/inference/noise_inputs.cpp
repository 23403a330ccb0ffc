// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/inference/noise_inputs.h"

#include <algorithm>
#include <random>

namespace gradwright {
namespace {

bool takesIndices(const OpGraph& graph) {
    return std::ranges::any_of(graph.ops(), [](const Op& op) {
        return std::holds_alternative<EmbeddingOp>(op.attributes);
    });
}

} // namespace

NoiseInputs::NoiseInputs(const Program& program) {
    const bool isNoise = !takesIndices(program.graph());
    std::mt19937 random(1);
    std::normal_distribution<float> draw;
    for (const auto& input : program.graph().inputs()) {
        const auto& type = program.graph().type(input.value);
        auto& values = values_.emplace_back(static_cast<std::size_t>(
            type.sample().elements() * program.options().batch)); // indices are as large
        if (isNoise && type.element == DType::F32)
            std::ranges::generate(values, [&] { return draw(random); });
    }
    for (std::size_t i = 0; i < values_.size(); ++i)
        bound_.push_back({program.graph().inputs()[i].value, values_[i].data()});
}

} // namespace gradwright
