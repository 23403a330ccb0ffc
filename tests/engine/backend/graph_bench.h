// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <QtGlobal>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace gradwright::test {

inline const UpdateRule kPlainDescent{
    "plain", 0, {}, nullptr, [](const UpdateSpan<double>& span, const UpdateStep& step) {
        for (std::size_t i = 0; i < span.size; ++i)
            span.weight[i] -= step.learningRate * span.gradient[i];
    }};

inline WeightId addWeight(OpGraph& graph, const std::string& key, const Shape& shape,
                          bool trainable = true) {
    return graph.addWeight({key, shape, {}, {}, trainable});
}

/// A graph, its program in double and the data it is fed, for hand-computed answers.
class Bench {
public:
    OpGraph graph;

    ValueId input(const Shape& shape, std::vector<float> data) {
        const auto id = graph.addInput(fmt::format("in{}", reals_.size()), {shape});
        reals_[id] = std::move(data);
        return id;
    }
    ValueId classes(std::vector<std::int32_t> data) {
        const auto id = graph.addInput("class", {Shape{1}, DType::I32});
        classes_[id] = std::move(data);
        return id;
    }
    /// The vector as a weight over a constant 1, so that its gradient can be read.
    ValueId learned(const std::vector<double>& values, WeightId& id) {
        const auto size = static_cast<std::int64_t>(values.size());
        id = weight("learned", {size, 1}, values);
        return graph.add(DenseOp{.units = size, .bias = false}, {input({1}, {1.0F})}, "learned",
                         {id});
    }
    WeightId weight(const std::string& key, const Shape& shape, std::vector<double> values,
                    bool trainable = true) {
        const auto id = addWeight(graph, key, shape, trainable);
        weights_[id] = std::move(values);
        return id;
    }

    Program& compile(Mode mode, std::int64_t batch = 1) { return adopt(mode, batch, nullptr); }
    Program& adopt(Mode mode, std::int64_t batch, std::shared_ptr<WeightStore> store) {
        CompileOptions options{.batch = batch, .precision = Precision::F64, .mode = mode};
        if (mode == Mode::Training)
            options.update = kPlainDescent;
        const bool fresh = !store;
        program_ = makeReferenceBackend()->compile(graph, options, std::move(store));
        if (fresh)
            for (const auto& [id, values] : weights_)
                program_->weights()->write(
                    id, Tensor::of<double>(graph.weight(id).shape, std::span(values)));
        return *program_;
    }
    [[nodiscard]] std::vector<BatchInput> data() const {
        std::vector<BatchInput> result;
        for (const auto& [id, values] : reals_)
            result.push_back({id, values.data()});
        for (const auto& [id, values] : classes_)
            result.push_back({id, values.data()});
        return result;
    }
    std::vector<double> forward(ValueId value) {
        if (!program_->forward(data()))
            throw Error("stopped");
        return numbers(program_->read(value));
    }
    static std::vector<double> numbers(const Tensor& tensor) {
        const auto span = tensor.span<double>();
        return {span.begin(), span.end()};
    }

private:
    std::map<ValueId, std::vector<float>> reals_;
    std::map<ValueId, std::vector<std::int32_t>> classes_;
    std::map<WeightId, std::vector<double>> weights_;
    std::unique_ptr<Program> program_;
};

inline bool agree(const std::vector<double>& actual, const std::vector<double>& expected) {
    const bool equal = std::ranges::equal(actual, expected, [](double a, double b) {
        return std::abs(a - b) <= 1e-12 * std::max(1.0, std::abs(b));
    });
    if (!equal)
        qWarning("received %s instead of %s", Json(actual).dump().c_str(),
                 Json(expected).dump().c_str());
    return equal;
}

template <class F>
std::string messageOf(F&& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

inline bool contains(const std::string& text, std::string_view part) {
    if (text.find(part) != std::string::npos)
        return true;
    qWarning("\"%s\" does not contain \"%s\"", text.c_str(), std::string(part).c_str());
    return false;
}

inline std::vector<float> upTo(int last) {
    std::vector<float> values(static_cast<std::size_t>(last));
    std::iota(values.begin(), values.end(), 1.0F);
    return values;
}

/// Batch norm of 1, 3, 5, 7 with an epsilon that makes the deviation 3.
struct NormBench : Bench {
    NormBench() {
        const auto x = input({1}, {1, 3, 5, 7});
        y = graph.add(BatchNormOp{.epsilon = 4.0, .momentum = 0.25}, {x}, "norm",
                      {weight("scale", {1}, {2}), weight("shift", {1}, {1}),
                       mean = weight("running_mean", {1}, {0}, false),
                       variance = weight("running_variance", {1}, {1}, false)});
        graph.addOutput("output", y);
        const auto target = input({1}, {0, 0, 0, 0});
        graph.addLoss(graph.add(MeanSquaredErrorOp{}, {y, target}, "loss"), 1.0);
    }
    ValueId y{};
    WeightId mean{};
    WeightId variance{};
};

} // namespace gradwright::test
