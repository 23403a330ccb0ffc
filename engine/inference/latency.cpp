// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/inference/latency.h"

#include "engine/inference/noise_inputs.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

namespace gradwright {
namespace {

constexpr std::size_t kFewestRuns = 3;

/// The smallest value that the share of all does not exceed.
double quantileOf(const std::vector<double>& sorted, double share) {
    const auto place = std::ceil(share * static_cast<double>(sorted.size()));
    return sorted[static_cast<std::size_t>(std::max(1.0, place)) - 1];
}

} // namespace

std::optional<Latency> measureLatency(Program& program, double seconds,
                                      const std::stop_token& stop) {
    using Clock = std::chrono::steady_clock;
    const NoiseInputs noise(program);
    if (!program.forward(noise.bound(), {}, stop))
        return {};
    std::vector<double> times;
    const auto begin = Clock::now();
    const auto since = [](Clock::time_point from) {
        return std::chrono::duration<double>(Clock::now() - from).count();
    };
    while (times.size() < kFewestRuns || since(begin) < seconds) {
        const auto start = Clock::now();
        if (!program.forward(noise.bound(), {}, stop))
            return {};
        times.push_back(since(start));
    }
    std::ranges::sort(times);
    Latency latency{.batch = program.options().batch,
                    .runs = times.size(),
                    .median = quantileOf(times, 0.5),
                    .p90 = quantileOf(times, 0.9),
                    .p99 = quantileOf(times, 0.99)};
    const auto report = program.report();
    latency.bytes = report.arenaBytes + report.weightBytes;
    return latency;
}

} // namespace gradwright
