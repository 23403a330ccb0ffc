// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/activity_probe.h"

#include "engine/backend/evaluation_batch.h"

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

/// Whose gradient is 0 wherever its value is. A function of parameters alone has no samples to be
/// looked at.
bool canDie(const OpGraph& graph, const Op& op) {
    const auto* made = std::get_if<ActivationOp>(&op.attributes);
    const auto& type = graph.type(op.output());
    return made &&
           (made->activation.kind == ActivationKind::Relu ||
            made->activation.kind == ActivationKind::Relu6) &&
           type.isPerSample() && type.sample().rank() > 0;
}

/// All axes but the batch and the units: these come first, or last behind a Dense layer, which
/// takes each step of a sequence for itself.
std::vector<std::int64_t> axesWithin(const OpGraph& graph, const Op& op) {
    const auto rank = static_cast<std::int64_t>(graph.type(op.output()).sample().rank());
    const auto* before = graph.producerOf(op.inputs.front());
    const bool unitsLast = before && std::holds_alternative<DenseOp>(before->attributes);
    std::vector<std::int64_t> axes;
    for (std::int64_t axis = 1; axis <= rank; ++axis)
        if (axis != (unitsLast ? rank : 1))
            axes.push_back(axis);
    return axes;
}

std::vector<std::uint32_t> evenly(const std::vector<std::uint32_t>& indices, std::size_t count) {
    std::vector<std::uint32_t> taken;
    for (std::size_t i = 0; i < count; ++i)
        taken.push_back(indices[i * indices.size() / count]);
    return taken;
}

} // namespace

std::int64_t probeBatch(const OpGraph& graph) {
    constexpr std::int64_t kShare = 8; // of the memory of an evaluation
    return std::clamp<std::int64_t>(evaluationBatch(graph) / kShare, 1, ActivityProbe::kFewest);
}

ActivityGraph activityGraph(OpGraph inference) {
    ActivityGraph made{std::move(inference), {}};
    auto& graph = made.graph;
    struct Found {
        ValueId value;
        std::vector<std::int64_t> axes;
        std::string path;
    };
    std::vector<Found> found;
    for (const auto& op : graph.ops())
        if (canDie(graph, op))
            found.push_back({op.output(), axesWithin(graph, op), op.path});
    std::vector<NamedValue> outputs;
    for (auto& [value, axes, path] : found) {
        if (!axes.empty())
            value = graph.add(ReduceOp{ReduceKind::Maximum, std::move(axes)}, {value}, path);
        outputs.push_back({fmt::format("{}#{}", path, outputs.size()), value});
        made.watched.push_back({path, value, graph.type(value).sample().elements()});
    }
    if (!outputs.empty())
        graph.setOutputs(std::move(outputs));
    return made;
}

ActivityProbe::ActivityProbe(std::shared_ptr<const Backend> backend, ActivityGraph graph,
                             CompileOptions options, std::shared_ptr<const DataSource> source,
                             const std::vector<std::uint32_t>& indices)
    : backend_(std::move(backend))
    , graph_(std::move(graph))
    , options_(std::move(options)) {
    if (graph_.watched.empty() || indices.empty())
        return;
    auto samples = std::min(std::clamp(indices.size() / 50, kFewest, kMost), indices.size());
    const auto batch = std::min(static_cast<std::size_t>(probeBatch(graph_.graph)), samples);
    samples -= samples % batch;
    options_.batch = static_cast<std::int64_t>(batch);
    options_.mode = Mode::Inference;
    batcher_ = std::make_unique<Batcher>(std::move(source), evenly(indices, samples),
                                         options_.batch, std::nullopt);
}

std::optional<std::vector<Activity>>
ActivityProbe::measure(const std::shared_ptr<WeightStore>& weights, const std::stop_token& stop) {
    if (!batcher_)
        return std::vector<Activity>{};
    if (!program_)
        program_ = backend_->compile(graph_.graph, options_, weights);
    std::vector<std::vector<bool>> active;
    for (const auto& each : graph_.watched)
        active.emplace_back(static_cast<std::size_t>(each.units));
    std::vector<float> peaks;
    batcher_->startEpoch(0);
    while (const auto* batch = batcher_->next()) {
        const BatchInput input{graph_.graph.inputs().front().value, batch->input(), batch->scaling};
        if (!program_->forward({&input, 1}, {}, stop))
            return {};
        for (std::size_t i = 0; i < active.size(); ++i) {
            auto& units = active[i];
            peaks.resize(static_cast<std::size_t>(options_.batch) * units.size());
            program_->copyOutput(graph_.watched[i].peaks, peaks);
            for (std::size_t at = 0; at < peaks.size(); ++at)
                if (!(peaks[at] <= 0))
                    units[at % units.size()] = true;
        }
    }
    std::vector<Activity> measured;
    for (std::size_t i = 0; i < active.size(); ++i)
        measured.push_back({graph_.watched[i].path, graph_.watched[i].units,
                            std::ranges::count(active[i], false)});
    return measured;
}

} // namespace gradwright
