// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/answer_check.h"

#include "engine/support/error.h"
#include "engine/support/rng.h"

#include <algorithm>
#include <cmath>
#include <limits>

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

double Farthest::required() const {
    if (!(size <= kMostDifference))
        throw Error("the model answers {:.7g} and the network {:.7g} for one of {} samples "
                    "(output \"{}\"); it is not written",
                    have, want, kCheckedSamples, output);
    return size;
}

Farthest farthest(const Tensor& expected, const Tensor& answered, const std::string& output) {
    const auto want = expected.span<float>();
    const auto have = answered.span<float>();
    if (want.size() != have.size())
        throw Error("the model's output \"{}\" has another shape when it is read back", output);
    double scale = 1;
    for (const float value : want)
        if (std::isfinite(value))
            scale = std::max(scale, std::abs(static_cast<double>(value)));
    Farthest most{output};
    for (std::size_t i = 0; i < want.size(); ++i) {
        const bool isSame = want[i] == have[i] || (std::isnan(want[i]) && std::isnan(have[i]));
        const auto away =
            isSame ? 0
                   : std::abs(static_cast<double>(want[i]) - static_cast<double>(have[i])) / scale;
        if (!(away <= most.size)) // NaN is farther than anything
            most = {output, std::isnan(away) ? std::numeric_limits<double>::infinity() : away,
                    want[i], have[i]};
    }
    return most;
}

} // namespace gradwright
