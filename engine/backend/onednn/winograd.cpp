// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/winograd.h"

#include <algorithm>

namespace gradwright::onednn {
namespace {

constexpr std::int64_t kTile = 4;         ///< outputs a side
constexpr std::int64_t kTransformed = 36; ///< numbers that stand for a tile or a kernel

// What parts of the work cost, in operations that direct convolution does in the same time; fitted
// to 131 shapes on a processor with AVX-512 (docs/performance.md). Direct convolution is close to
// the machine's limit, the products of many small matrices are not, and transforming moves memory.
constexpr double kProduct = 1.6;
constexpr double kTileTransform = 45;
constexpr double kKernelTransform = 205;
constexpr double kStart = 50e6; ///< the cost of threads that wait for each other
/// By how much the estimate must be better.
constexpr double kGain = 1.1;

std::int64_t tilesAlong(std::int64_t outputs) {
    return (outputs + kTile - 1) / kTile;
}

bool pays(const ConvProblem& problem, std::int64_t batch, bool isAlone) {
    const auto in = static_cast<double>(problem.source[0]);
    const auto out = static_cast<double>(problem.output[0]);
    auto tiles = static_cast<double>(batch), positions = tiles;
    for (std::size_t axis = 1; axis < problem.output.rank(); ++axis) {
        positions *= static_cast<double>(problem.output[axis]);
        tiles *= static_cast<double>(tilesAlong(problem.output[axis]));
    }
    const double direct = 2 * 9 * positions * in * out;
    const double winograd =
        kTransformed * (2 * kProduct * tiles * in * out + kTileTransform * tiles * (in + out) +
                        kKernelTransform * in * out) +
        (isAlone ? 0 : kStart);
    return kGain * winograd < direct;
}

/// Where the method exists and is right: oneDNN 2.6 accepts a border that differs between the sides
/// and computes a wrong gradient of the input there. Dilation counts from 1.
bool isPossible(const ConvProblem& problem) {
    const auto all = [](const Dims& dims, std::int64_t value) {
        return dims.size() == 2 && std::ranges::count(dims, value) == 2;
    };
    const auto& window = problem.window;
    const auto border = window.padBegin[0];
    return problem.groups == 1 && !problem.transposed && all(window.kernel, 3) &&
           all(window.stride, 1) && all(window.dilation, 1) && border <= 1 &&
           all(window.padBegin, border) && all(window.padEnd, border);
}

} // namespace

void takeWinograd(ConvPlan& plan, const ConvProblem& problem, std::int64_t batch, bool isAlone) {
    if (!isPossible(problem) || !pays(problem, batch, isAlone))
        return;
    constexpr auto method = dnnl::algorithm::convolution_winograd;
    // In inference, oneDNN would want the kernel transformed beforehand.
    constexpr auto kind = dnnl::prop_kind::forward_training;
    const auto& window = problem.window;
    const auto forward = convForward(kind, plan.forward.src_desc(), plan.forward.weights_desc(),
                                     plan.forward.bias_desc(), plan.forward.dst_desc(), window,
                                     problem.finish, method);
    if (forward)
        plan.forward = forward;
    const auto kernel = plan.forward.weights_desc();
    if (auto& weights = plan.backwardWeights) {
        const auto other =
            convBackwardWeights(weights.src_desc(), kernel, weights.diff_bias_desc(),
                                weights.diff_dst_desc(), window, plan.forward, method);
        if (other)
            weights = other;
    }
    if (auto& data = plan.backwardData) {
        const auto other = convBackwardData(data.diff_src_desc(), kernel, data.diff_dst_desc(),
                                            window, plan.forward, method);
        if (other)
            data = other;
    }
}

} // namespace gradwright::onednn
