// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_check.h"

#include "engine/exchange/onnx_import.h"
#include "engine/graph/lower.h"
#include "engine/support/error.h"
#include "engine/support/rng.h"

#include <algorithm>
#include <cmath>

namespace gradwright {
namespace {

constexpr double kMostDifference = 1e-4;

/// The vocabulary of an embedding that reads the value; 0 where none does.
std::int64_t vocabularyBehind(const OpGraph& graph, ValueId value) {
    for (const auto& use : graph.usesOf(value)) {
        const auto& op = graph.ops()[use.op];
        if (const auto* embedding = std::get_if<EmbeddingOp>(&op.attributes))
            return embedding->vocabulary;
        // Parts of a sample are cut out in front of the network.
        if (std::holds_alternative<SplitOp>(op.attributes) ||
            std::holds_alternative<ConcatOp>(op.attributes) ||
            std::holds_alternative<ReshapeOp>(op.attributes))
            for (const auto output : op.outputs)
                if (const auto found = vocabularyBehind(graph, output); found > 0)
                    return found;
    }
    return 0;
}

} // namespace

NamedTensors randomSamples(const OpGraph& graph) {
    NamedTensors samples;
    std::uint32_t stream = 0;
    for (const auto& [name, value] : graph.inputs()) {
        Tensor tensor(DType::F32, graph.type(value).sample().withBatch(kCheckedSamples));
        const auto vocabulary = vocabularyBehind(graph, value);
        const Rng random(1, RngStream::Test, stream++);
        std::uint64_t counter = 0;
        for (auto& each : tensor.span<float>()) {
            const auto uniform = random.uniform(counter++);
            each = vocabulary > 0
                       ? static_cast<float>(std::floor(uniform * static_cast<double>(vocabulary)))
                       : static_cast<float>(4 * uniform - 2);
        }
        samples.emplace(name, std::move(tensor));
    }
    return samples;
}

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
    const auto sharesFrom = [&](double from) {
        return [&tell, from](std::int64_t done) {
            tell(from + 0.45 * static_cast<double>(done) / static_cast<double>(kCheckedSamples));
        };
    };
    auto expected = NetworkRunner(made.graph, made.weights).run(samples, stop, sharesFrom(0.1));
    if (expected.empty())
        return {};
    NamedTensors given;
    for (const auto& [node, name] : import.inputs)
        given.emplace(node, samples.at(name));
    auto answers =
        NetworkRunner(lower(import.network), import.weights).run(given, stop, sharesFrom(0.55));
    if (answers.empty())
        return {};
    double largest = 0;
    for (std::size_t i = 0; i < import.outputs.size(); ++i) {
        const auto& name = made.graph.outputs().at(i).name;
        const auto want = expected.at(name).span<float>();
        const auto have = answers.at(import.outputs[i].first).span<float>();
        if (want.size() != have.size())
            throw Error("the model's output \"{}\" has another shape when it is read back", name);
        double scale = 1;
        for (const float value : want)
            if (std::isfinite(value))
                scale = std::max(scale, std::abs(static_cast<double>(value)));
        for (std::size_t j = 0; j < want.size(); ++j) {
            const bool isSame = want[j] == have[j] || (std::isnan(want[j]) && std::isnan(have[j]));
            const auto difference =
                isSame
                    ? 0
                    : std::abs(static_cast<double>(want[j]) - static_cast<double>(have[j])) / scale;
            if (!(difference <= kMostDifference))
                throw Error("the model answers {:.7g} and the network {:.7g} for one of {} samples "
                            "(output \"{}\"); it is not written",
                            have[j], want[j], kCheckedSamples, name);
            largest = std::max(largest, difference);
        }
    }
    tell(1);
    return OnnxCheck{largest};
}

} // namespace gradwright
