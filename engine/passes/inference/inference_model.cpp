// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/inference/inference_model.h"

#include <algorithm>

namespace gradwright {

WeightId InferenceModel::add(std::string key, Tensor values) {
    const auto isTaken = [&](const std::string& name) {
        return std::ranges::find(graph.weights(), name, &WeightSpec::key) != graph.weights().end();
    };
    auto unique = key;
    for (int i = 2; isTaken(unique); ++i)
        unique = fmt::format("{}-{}", key, i);
    const auto id = graph.addWeight(
        {.key = std::move(unique), .shape = values.shape(), .initializer = {}, .fans = {}});
    weights.push_back(std::move(values));
    return id;
}

bool InferenceModel::isOwn(WeightId id) const {
    std::ptrdiff_t readers = 0;
    for (const auto& op : graph.ops()) {
        readers += std::ranges::count(op.weights, id);
        readers += std::ranges::count_if(
            op.inputs, [&](ValueId input) { return graph.value(input).weight == id; });
    }
    return readers == 1;
}

void InferenceModel::dropUnused() {
    const auto kept = graph.removeUnreadWeights();
    std::vector<Tensor> rest;
    for (const auto id : kept)
        rest.push_back(std::move(weights[id.index()]));
    weights = std::move(rest);
}

std::vector<double> numbersOf(const Tensor& tensor) {
    if (tensor.dtype() == DType::F64) {
        const auto values = tensor.span<double>();
        return {values.begin(), values.end()};
    }
    const auto values = tensor.span<float>();
    return {values.begin(), values.end()};
}

void setNumbers(Tensor& tensor, const std::vector<double>& numbers) {
    tensor = Tensor::of<double>(tensor.shape(), numbers).to(tensor.dtype());
}

} // namespace gradwright
