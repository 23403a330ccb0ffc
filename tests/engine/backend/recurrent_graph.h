// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"
#include "tests/support/numeric.h"

#include <string>
#include <utility>
#include <vector>

namespace gradwright::test {

struct RecurrentSizes {
    std::int64_t batch, steps, features;
};

/// One recurrent op as a graph, with random inputs and weights.
struct RecurrentGraph {
    OpGraph graph;
    std::vector<Tensor> inputs, weights;
};

/// `lengths`: one per sample, where the op takes them.
inline RecurrentGraph recurrentGraph(const RecurrentOp& op, const RecurrentSizes& sizes,
                                     bool isGivenState, const std::vector<std::int32_t>& lengths) {
    const auto& [batch, steps, features] = sizes;
    RecurrentGraph data;
    std::vector<ValueId> values;
    const auto feed = [&](std::string name, const Shape& shape) {
        values.push_back(data.graph.addInput(std::move(name), ValueType::of(Dims::of(shape))));
        data.inputs.push_back(randomTensor(DType::F32, shape, 10 + values.size(), 1.0));
    };
    feed("x", op.timeFirst ? Shape{steps, batch, features} : Shape{batch, steps, features});
    for (std::size_t i = 0; isGivenState && i < statesOf(op.cell); ++i)
        feed(i == 0 ? "h" : "c", {batch, op.units});
    if (op.lengths) {
        values.push_back(data.graph.addInput("lengths", ValueType::of({batch}, DType::I32)));
        data.inputs.push_back(Tensor::of<std::int32_t>({batch}, lengths));
    }
    std::vector<WeightId> weights;
    for (const auto& shape : op.weights(Types{data.graph.type(values[0])})) {
        weights.push_back(
            data.graph.addWeight({fmt::format("w{}", weights.size()), shape, {}, {}}));
        data.weights.push_back(randomTensor(DType::F32, shape, 20 + weights.size(), 0.8));
    }
    const auto made = data.graph.insert(0, op, values, "cell", weights);
    for (std::size_t i = 0; i < made.size(); ++i)
        data.graph.addOutput(fmt::format("{}", i), made[i]);
    return data;
}

/// What a backend makes of it, by output.
inline std::vector<Tensor> outputsOf(const Backend& backend, Precision precision,
                                     const RecurrentGraph& data) {
    const auto program = backend.compile(data.graph, {.batch = 1, .precision = precision});
    for (std::uint32_t i = 0; i < data.weights.size(); ++i)
        program->weights()->write(WeightId{i}, data.weights[i]);
    std::vector<BatchInput> inputs;
    for (std::size_t i = 0; i < data.inputs.size(); ++i)
        inputs.push_back({data.graph.inputs()[i].value, data.inputs[i].bytes().data()});
    program->forward(inputs);
    std::vector<Tensor> results;
    for (const auto& output : data.graph.outputs())
        results.push_back(program->read(output.value));
    return results;
}

} // namespace gradwright::test
