// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/frozen_part.h"

#include "engine/backend/evaluation_batch.h"
#include "engine/data/feed/batcher.h"
#include "engine/passes/eliminate.h"
#include "engine/support/error.h"

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

/// More candidates for a cut are not tried: what lies so far in front saves little.
constexpr std::size_t kMostCuts = 500;

bool isRandom(const Op& op) {
    return std::holds_alternative<DropoutOp>(op.attributes) ||
           std::holds_alternative<GaussianNoiseOp>(op.attributes);
}

bool takesBatchStatistics(const Op& op) {
    const auto* const norm = std::get_if<BatchNormOp>(&op.attributes);
    return norm && !norm->fixed;
}

class Cutter {
public:
    explicit Cutter(const TrainingGraph& training)
        : training_(training)
        , graph_(training.graph)
        , isFixed_(graph_.values().size()) {}

    std::optional<FrozenPart> run() {
        findFixed();
        std::size_t tried = 0;
        for (auto place = graph_.ops().size(); place-- > 0 && tried < kMostCuts;) {
            const auto& op = graph_.ops()[place];
            if (op.outputs.size() != 1 || !isFixed_[op.output().index()] ||
                !graph_.type(op.output()).isReal() || !graph_.type(op.output()).isPerSample())
                continue;
            ++tried;
            const auto behind = graph_.opsBehind({op.output()});
            if (hasWeights(behind) && isOnlyWay(op.output(), behind))
                return cut(op.output());
        }
        return {};
    }

private:
    /// What is the same for a sample in each step.
    void findFixed() {
        isFixed_[training_.input.index()] = true;
        for (std::size_t i = 0; i < graph_.values().size(); ++i) {
            const auto& value = graph_.values()[i];
            if (value.constant)
                isFixed_[i] = true;
            else if (value.weight)
                isFixed_[i] = !graph_.weight(*value.weight).learns();
        }
        for (const auto& op : graph_.ops()) {
            const bool isFixed =
                !isRandom(op) && !takesBatchStatistics(op) &&
                std::ranges::all_of(op.inputs, [&](ValueId id) { return isFixed_[id.index()]; }) &&
                std::ranges::none_of(op.weights,
                                     [&](WeightId id) { return graph_.weight(id).learns(); });
            for (const auto output : op.outputs)
                isFixed_[output.index()] = isFixed;
        }
    }

    [[nodiscard]] bool hasWeights(const std::vector<bool>& ops) const {
        for (std::size_t i = 0; i < ops.size(); ++i)
            if (ops[i] && !graph_.ops()[i].weights.empty())
                return true;
        return false;
    }

    /// Whether nothing else that these ops make, nor the samples themselves, is read behind them.
    [[nodiscard]] bool isOnlyWay(ValueId value, const std::vector<bool>& ops) const {
        const auto isReadBehind = [&](ValueId id) {
            return graph_.isResult(id) ||
                   std::ranges::any_of(graph_.usesOf(id),
                                       [&](const Use& use) { return !ops[use.op]; });
        };
        if (graph_.isResult(value) || isReadBehind(training_.input))
            return false;
        for (std::size_t i = 0; i < ops.size(); ++i)
            if (ops[i])
                for (const auto output : graph_.ops()[i].outputs)
                    if (output != value && isReadBehind(output))
                        return false;
        return true;
    }

    [[nodiscard]] FrozenPart cut(ValueId value) const {
        FrozenPart part{graph_, training_.input, training_, graph_.type(value).sample()};
        auto& front = part.front;
        front.setOutputs({{"features", value}});
        front.setScore({});
        front.clearLosses();
        eliminateDead(front);
        for (const auto target : training_.targets)
            front.removeInput(target);
        auto& back = part.back.graph;
        const auto features = back.addInput("features", {part.features});
        back.replaceUses(value, features);
        eliminateDead(back);
        back.removeInput(training_.input);
        part.back.input = features;
        return part;
    }

    const TrainingGraph& training_;
    const OpGraph& graph_;
    std::vector<bool> isFixed_; ///< by value
};

} // namespace

std::optional<FrozenPart> cutFrozen(const TrainingGraph& training) {
    return Cutter(training).run();
}

FeatureSource::FeatureSource(std::shared_ptr<const DataSource> source, Shape features)
    : source_(std::move(source))
    , features_(std::move(features))
    , elements_(static_cast<std::size_t>(features_.elements())) {}

std::uint64_t FeatureSource::bytesFor(std::size_t samples, const Shape& features) {
    return samples * static_cast<std::uint64_t>(features.elements()) * sizeof(float);
}

void FeatureSource::begin(const std::vector<std::uint32_t>& samples) {
    samples_ = samples;
    std::ranges::sort(samples_);
    values_.assign(samples_.size() * elements_, 0);
}

std::size_t FeatureSource::placeOf(std::int64_t sample) const {
    const auto found = std::ranges::lower_bound(
        samples_, sample, {}, [](std::uint32_t each) -> std::int64_t { return each; });
    if (found == samples_.end() || std::cmp_not_equal(*found, sample))
        throw Error("there are no features of sample {}", sample);
    return static_cast<std::size_t>(found - samples_.begin()) * elements_;
}

std::span<float> FeatureSource::room(std::uint32_t sample) {
    return std::span(values_).subspan(placeOf(sample), elements_);
}

void FeatureSource::input(std::int64_t index, std::span<float> out) const {
    const auto values = std::span(values_).subspan(placeOf(index), elements_);
    std::ranges::copy(values, out.begin());
}

bool computeFeatures(FeatureSource& features, ProgramCache& programs, ValueId input,
                     std::shared_ptr<const DataSource> source, std::vector<std::uint32_t> samples,
                     const std::stop_token& stop) {
    features.begin(samples);
    const auto output = programs.graph().outputs().front().value;
    const auto elements = static_cast<std::size_t>(features.shape().elements());
    Batcher batcher(std::move(source), samples, evaluationBatch(programs.graph()), std::nullopt);
    batcher.startEpoch(0);
    std::vector<float> values;
    std::size_t done = 0;
    while (const auto* const batch = batcher.next()) {
        const BatchInput given{input, batch->input(), batch->scaling};
        auto& program = programs.get(batch->count, Mode::Inference);
        program.submit({.inputs = {&given, 1}, .seed = {}});
        if (!program.finish(stop))
            return false;
        values.resize(static_cast<std::size_t>(batch->count) * elements);
        program.copyOutput(output, values);
        for (std::size_t i = 0; i < static_cast<std::size_t>(batch->count); ++i)
            std::ranges::copy(std::span(values).subspan(i * elements, elements),
                              features.room(samples[done++]).begin());
    }
    return true;
}

} // namespace gradwright
