// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/quantization/calibration.h"

#include "engine/backend/devices.h"
#include "engine/backend/evaluation_batch.h"
#include "engine/backend/program_cache.h"
#include "engine/data/feed/batcher.h"
#include "engine/passes/eliminate.h"
#include "engine/passes/quantization/integer_groups.h"
#include "engine/support/error.h"
#include "engine/support/rng.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace gradwright {
namespace {

/// Runs a graph over samples and shows the values that are its outputs.
class ValueRunner {
public:
    ValueRunner(const InferenceModel& model, const TrainingGraph& graph,
                const std::vector<ValueId>& values)
        : graph_(graph)
        , values_(values) {
        auto wanted = model;
        std::vector<NamedValue> outputs;
        for (const auto value : values)
            outputs.push_back({fmt::format("value{}", value.value), value});
        wanted.graph.clearLosses();
        wanted.graph.setScore({});
        wanted.graph.setOutputs(std::move(outputs));
        eliminateDead(wanted.graph);
        wanted.dropUnused();
        batch_ = evaluationBatch(wanted.graph);
        programs_.emplace(backendFor({}), wanted.graph, CompileOptions{});
        programs_->get(batch_, Mode::Inference);
        for (std::uint32_t i = 0; i < wanted.weights.size(); ++i)
            programs_->weights()->write(WeightId{i}, wanted.weights[i].to(DType::F32));
    }

    /// show(value's number among those wanted, its elements); false when stopped.
    template <class Show>
    bool run(const CalibrationData& data, const std::stop_token& stop, const Show& show) {
        Batcher batcher(data.source, data.indices, batch_, std::nullopt);
        batcher.startEpoch(0);
        std::vector<BatchInput> inputs;
        std::vector<float> elements;
        while (const auto* batch = batcher.next()) {
            auto& program = programs_->get(batch->count, Mode::Inference);
            bindBatch(graph_, *batch, inputs);
            if (!program.forward(inputs, {}, stop))
                return false;
            for (std::size_t i = 0; i < values_.size(); ++i) {
                elements.resize(static_cast<std::size_t>(
                    program.graph().type(values_[i]).shapeFor(batch->count).elements()));
                program.copyOutput(values_[i], elements);
                show(i, elements, batch->count);
            }
        }
        return true;
    }

private:
    const TrainingGraph& graph_;
    const std::vector<ValueId>& values_;
    std::int64_t batch_ = 1;
    std::optional<ProgramCache> programs_;
};

/// Whether a product is a convolution, whatever follows it.
bool readsChannels(const Op& op) {
    if (const auto* fused = std::get_if<FusedProductOp>(&op.attributes))
        return std::holds_alternative<ConvOp>(fused->product);
    return std::holds_alternative<ConvOp>(op.attributes);
}

/// Whether a layer is the one of that path or inside the block of that path.
bool isWithin(const std::string& layer, const std::string& path) {
    return layer == path || layer.starts_with(path + "/");
}

/// Adds the pools that lie between products of the plan.
template <class QuantizationOf>
void addPools(const OpGraph& graph, QuantizationPlan& plan, const QuantizationOf& quantizationOf) {
    const IntegerGroups groups(graph);
    std::set<ValueId> read;
    std::set<OpId> makers;
    for (const auto& product : quantizableProducts(graph))
        if (plan.contains(product.name)) {
            read.insert(product.x);
            makers.insert(graph.ops()[product.place].id);
        }
    for (const auto& pool : quantizablePools(graph)) {
        const auto isMade = [&](ValueId source) {
            const auto* producer = graph.producerOf(source);
            return producer && makers.contains(producer->id);
        };
        if (!read.contains(pool.y) || !std::ranges::all_of(groups.sourcesOf(pool.x), isMade))
            continue;
        makers.insert(graph.ops()[pool.place].id);
        plan.emplace(pool.name, LayerQuantization{.x = quantizationOf(pool.x)});
    }
}

} // namespace

CalibrationData calibrationData(const Dataset& dataset, const DataChoice& choice,
                                std::int64_t samples, std::uint64_t seed) {
    auto indices = splitOf(dataset, choice).training;
    if (indices.empty())
        throw Error("the data have no samples to train with, which calibration needs");
    shuffle(indices, Rng(seed, RngStream::Shuffle));
    indices.resize(std::min(indices.size(), static_cast<std::size_t>(samples)));
    return {dataset.training, std::move(indices)};
}

std::optional<ValueHistograms> observe(const InferenceModel& model, const TrainingGraph& graph,
                                       const CalibrationData& data, const std::stop_token& stop,
                                       const std::function<void(double)>& progress) {
    std::set<ValueId> found;
    for (const auto& product : quantizableProducts(model.graph)) {
        found.insert(product.x);
        if (product.addend)
            found.insert(*product.addend);
    }
    ValueHistograms histograms;
    if (found.empty())
        return histograms;
    for (const auto& pool : quantizablePools(model.graph))
        if (found.contains(pool.y))
            found.insert(pool.x);
    // What is moved without computing has the numbers of all that it is moved from.
    const IntegerGroups groups(model.graph);
    std::vector<ValueId> values;
    for (const auto root : found)
        values.insert(values.end(), groups.sourcesOf(root).begin(), groups.sourcesOf(root).end());
    ValueRunner runner(model, graph, values);
    const auto all = 2 * static_cast<double>(data.indices.size());
    std::int64_t done = 0;
    for (const bool counts : {false, true}) {
        const bool isComplete = runner.run(
            data, stop,
            [&](std::size_t number, std::span<const float> elements, std::int64_t samples) {
                auto& histogram = histograms[groups.rootOf(values[number])];
                try {
                    if (counts)
                        histogram.count(elements);
                    else
                        histogram.widen(elements);
                } catch (const Error& error) {
                    throw Error("{}: {}", model.graph.value(values[number]).path, error.what());
                }
                if (number + 1 < values.size())
                    return;
                done += samples;
                if (progress)
                    progress(static_cast<double>(done) / all);
            });
        if (!isComplete)
            return {};
    }
    return histograms;
}

QuantizationPlan planFor(const OpGraph& graph, const ValueHistograms& histograms,
                         RangeMethod method, ByteKind kind, const std::set<std::string>& keep,
                         const GivenQuantizations& given) {
    std::map<ValueId, Quantization> known;
    const auto quantizationOf = [&](ValueId value) {
        const auto [place, isNew] = known.try_emplace(value);
        if (const auto fixed = given.find(graph.value(value).path); fixed != given.end())
            return place->second = fixed->second;
        // What is fed (pixels, columns of tables) has spikes in other places than 0, such as the
        // background of images, which the divergence would spread over the range.
        const bool isFed = graph.producerOf(value) == nullptr;
        const auto own = isFed && method == RangeMethod::Entropy ? RangeMethod::MinMax : method;
        if (isNew)
            place->second = quantizationFor(rangeFor(histograms.at(value), own, kind), kind);
        return place->second;
    };
    QuantizationPlan plan;
    for (const auto& product : quantizableProducts(graph)) {
        if (keep.contains(product.name))
            continue;
        LayerQuantization layer{.x = quantizationOf(product.x)};
        if (product.addend)
            layer.addend = quantizationOf(*product.addend);
        plan.emplace(product.name, layer);
    }
    addPools(graph, plan, quantizationOf);
    return plan;
}

std::set<std::string> productsOf(const OpGraph& graph, const std::vector<std::string>& layers) {
    const auto products = quantizableProducts(graph);
    std::set<std::string> names;
    for (const auto& path : layers) {
        bool isFound = false;
        for (const auto& product : products)
            if (std::ranges::any_of(product.layers, [&](const std::string& layer) {
                    return isWithin(layer, path);
                })) {
                names.insert(product.name);
                isFound = true;
            }
        if (isFound)
            continue;
        std::vector<std::string> known;
        for (const auto& product : products)
            known.push_back(product.layers.front());
        throw Error("no layer \"{}\" could be quantized; there are {}", path,
                    fmt::join(known, ", "));
    }
    return names;
}

std::optional<InputMeans> meansOf(const InferenceModel& model, const TrainingGraph& graph,
                                  const CalibrationData& data, const std::stop_token& stop) {
    const auto products = quantizableProducts(model.graph);
    std::set<ValueId> read;
    for (const auto& product : products)
        read.insert(model.graph.ops()[product.place].inputs[0]);
    const std::vector<ValueId> values(read.begin(), read.end());
    InputMeans means;
    if (values.empty())
        return means;
    struct Sums {
        std::vector<double> byChannel, byFeature; ///< along the first axis, along the last
        double elements = 0;
    };
    std::vector<Sums> sums(values.size());
    ValueRunner runner(model, graph, values);
    const bool isComplete = runner.run(
        data, stop, [&](std::size_t number, std::span<const float> elements, std::int64_t samples) {
            const auto shape = model.graph.type(values[number]).shapeFor(samples);
            const auto each = elements.size() / static_cast<std::size_t>(samples);
            const auto channels = static_cast<std::size_t>(shape[1]);
            const auto features = static_cast<std::size_t>(shape[shape.rank() - 1]);
            auto& sum = sums[number];
            sum.byChannel.resize(channels);
            sum.byFeature.resize(features);
            for (std::size_t i = 0; i < elements.size(); ++i) {
                sum.byChannel[i % each / (each / channels)] += double{elements[i]};
                sum.byFeature[i % features] += double{elements[i]};
            }
            sum.elements += static_cast<double>(elements.size());
        });
    if (!isComplete)
        return {};
    for (const auto& product : products) {
        const auto& op = model.graph.ops()[product.place];
        const auto at = std::ranges::lower_bound(values, op.inputs[0]) - values.begin();
        const auto& sum = sums[static_cast<std::size_t>(at)];
        auto mean = readsChannels(op) ? sum.byChannel : sum.byFeature;
        for (double& value : mean)
            value /= sum.elements / static_cast<double>(mean.size());
        means.emplace(product.name, std::move(mean));
    }
    return means;
}

std::optional<std::vector<float>> outputsFor(const InferenceModel& model,
                                             const TrainingGraph& graph,
                                             const CalibrationData& data,
                                             const std::stop_token& stop) {
    const std::vector<ValueId> values{graph.outputs.front()};
    ValueRunner runner(model, graph, values);
    std::vector<float> all;
    const bool isComplete =
        runner.run(data, stop, [&](std::size_t, std::span<const float> elements, std::int64_t) {
            all.insert(all.end(), elements.begin(), elements.end());
        });
    if (!isComplete)
        return {};
    return all;
}

} // namespace gradwright
