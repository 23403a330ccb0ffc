// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/value_ranges.h"

#include "engine/backend/evaluation_batch.h"
#include "engine/data/feed/batcher.h"
#include "engine/passes/eliminate.h"
#include "engine/passes/quantization/byte_range.h"
#include "engine/passes/quantization/fake_quantization.h"
#include "engine/support/error.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace gradwright {
namespace {

constexpr std::size_t kSamples = 1000; ///< as many as quantize takes

} // namespace

std::optional<std::size_t> findRoundedRanges(const TrainingGraph& training,
                                             const std::shared_ptr<const Backend>& backend,
                                             const CompileOptions& options, ProgramCache& programs,
                                             const std::shared_ptr<const DataSource>& source,
                                             std::vector<std::uint32_t> samples,
                                             const std::stop_token& stop) {
    const auto rounded = fakeQuantizedValues(training.graph);
    if (rounded.empty())
        return 0;
    auto real = training;
    real.graph = withoutFakeQuantization(training.graph);
    real.graph.clearLosses();
    real.graph.setScore({});
    std::vector<NamedValue> outputs;
    for (const auto& each : rounded)
        outputs.push_back({fmt::format("value{}", each.value.value), each.value});
    real.graph.setOutputs(std::move(outputs));
    eliminateDead(real.graph);
    auto own = options;
    own.update.reset();
    ProgramCache observing(backend, real.graph, own);
    observing.adopt(programs.weights());

    samples.resize(std::min(samples.size(), kSamples));
    std::map<WeightId, ValueRange> ranges;
    Batcher batcher(source, samples, evaluationBatch(real.graph), std::nullopt);
    batcher.startEpoch(0);
    std::vector<BatchInput> inputs;
    std::vector<float> elements;
    while (const auto* batch = batcher.next()) {
        auto& program = observing.get(batch->count, Mode::Inference);
        bindBatch(real, *batch, inputs);
        if (!program.forward(inputs, {}, stop))
            return {};
        for (const auto& each : rounded) {
            elements.resize(static_cast<std::size_t>(
                program.graph().type(each.value).shapeFor(batch->count).elements()));
            program.copyOutput(each.value, elements);
            auto& range = ranges[each.scale];
            for (const auto element : elements) {
                if (!std::isfinite(element))
                    throw Error("{}: it has a value that is not finite, so no range of integers "
                                "covers it",
                                training.graph.value(each.value).path);
                range.least = std::min(range.least, double{element});
                range.most = std::max(range.most, double{element});
            }
        }
    }
    for (const auto& each : rounded) {
        const auto how = quantizationFor(ranges.at(each.scale), ByteKind::Unsigned);
        const auto number = [](float value) {
            return Tensor::of<float>({1}, std::span<const float>(&value, 1));
        };
        programs.weights()->write(each.scale, number(how.scale));
        programs.weights()->write(each.zero, number(static_cast<float>(how.zero)));
    }
    return rounded.size();
}

} // namespace gradwright
