// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/inference/latency.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <random>
#include <vector>

namespace gradwright {
namespace {

constexpr std::size_t kFewestRuns = 3;

/// The smallest value that the share of all does not exceed.
double quantileOf(const std::vector<double>& sorted, double share) {
    const auto place = std::ceil(share * static_cast<double>(sorted.size()));
    return sorted[static_cast<std::size_t>(std::max(1.0, place)) - 1];
}

bool takesIndices(const OpGraph& graph) {
    return std::ranges::any_of(graph.ops(), [](const Op& op) {
        return std::holds_alternative<EmbeddingOp>(op.attributes);
    });
}

std::vector<std::vector<float>> noiseFor(const Program& program) {
    const bool isNoise = !takesIndices(program.graph());
    std::mt19937 random(1);
    std::normal_distribution<float> draw;
    std::vector<std::vector<float>> noise;
    for (const auto& input : program.graph().inputs()) {
        const auto& type = program.graph().type(input.value);
        auto& values = noise.emplace_back(static_cast<std::size_t>(
            type.sample().elements() * program.options().batch)); // indices are as large
        if (isNoise && type.element == DType::F32)
            std::ranges::generate(values, [&] { return draw(random); });
    }
    return noise;
}

} // namespace

std::optional<Latency> measureLatency(Program& program, double seconds,
                                      const std::stop_token& stop) {
    using Clock = std::chrono::steady_clock;
    const auto noise = noiseFor(program);
    std::vector<BatchInput> inputs;
    for (std::size_t i = 0; i < noise.size(); ++i)
        inputs.push_back({program.graph().inputs()[i].value, noise[i].data()});
    if (!program.forward(inputs, {}, stop))
        return {};
    std::vector<double> times;
    const auto begin = Clock::now();
    const auto since = [](Clock::time_point from) {
        return std::chrono::duration<double>(Clock::now() - from).count();
    };
    while (times.size() < kFewestRuns || since(begin) < seconds) {
        const auto start = Clock::now();
        if (!program.forward(inputs, {}, stop))
            return {};
        times.push_back(since(start));
    }
    std::ranges::sort(times);
    Latency latency{.batch = program.options().batch,
                    .runs = times.size(),
                    .median = quantileOf(times, 0.5),
                    .p90 = quantileOf(times, 0.9),
                    .p99 = quantileOf(times, 0.99)};
    latency.bytes = program.report().arenaBytes;
    for (const auto& weight : program.weights()->specs())
        latency.bytes += static_cast<std::size_t>(weight.shape.elements()) * sizeof(float);
    return latency;
}

} // namespace gradwright
