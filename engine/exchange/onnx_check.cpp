// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_check.h"

#include "engine/exchange/answer_check.h"
#include "engine/exchange/network_runner.h"
#include "engine/exchange/onnx_import.h"
#include "engine/graph/lower.h"
#include "engine/support/error.h"

#include <algorithm>

namespace gradwright {

std::optional<OnnxCheck> checkOnnx(const OnnxExport& made, const std::stop_token& stop,
                                   const std::function<void(double)>& progress) {
    const auto tell = [&](double share) {
        if (progress)
            progress(share);
    };
    const auto model = readOnnx(made.file);
    auto import = importOnnx(model, {.nodes = !made.graph.origins().empty()});
    if (!import.problems.empty())
        return OnnxCheck{0, problemLines(import.problems)};
    tell(0.1);
    const auto samples = randomSamples(made.graph);
    const double each = made.exact ? 0.3 : 0.45;
    const auto sharesFrom = [&](int part) {
        return [&tell, from = 0.1 + part * each, each](std::int64_t done) {
            tell(from + each * static_cast<double>(done) / static_cast<double>(kCheckedSamples));
        };
    };
    const auto answersOf = [&](const OpGraph& graph, const Weights& weights,
                               const NamedTensors& given, int part) {
        return NetworkRunner(graph, weights, {}, RunAs::Given).run(given, stop, sharesFrom(part));
    };
    const auto expected = answersOf(made.graph, made.weights, samples, 0);
    if (expected.empty())
        return {};
    NamedTensors given;
    for (const auto& [node, name] : import.inputs)
        given.emplace(node, samples.at(name));
    const auto answers = answersOf(lower(import.network), import.weights, given, 1);
    if (answers.empty())
        return {};
    OnnxCheck check;
    for (std::size_t i = 0; i < import.outputs.size(); ++i) {
        const auto& name = made.graph.outputs().at(i).name;
        check.difference = std::max(
            check.difference,
            farthest(expected.at(name), answers.at(import.outputs[i].first), name).required());
    }
    if (made.exact) {
        const auto exact = answersOf(made.exact->graph, made.exact->weights, samples, 2);
        if (exact.empty())
            return {};
        check.rounding = 0;
        for (const auto& [name, values] : expected)
            check.rounding = std::max(*check.rounding, farthest(exact.at(name), values, name).size);
    }
    tell(1);
    return check;
}

} // namespace gradwright
