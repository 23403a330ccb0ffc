// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/activity_probe.h"

#include "engine/backend/evaluation_batch.h"

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

/// Whose gradient is 0 wherever its value is.
bool canDie(const Op& op) {
    const auto* made = std::get_if<ActivationOp>(&op.attributes);
    return made && (made->activation.kind == ActivationKind::Relu ||
                    made->activation.kind == ActivationKind::Relu6);
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

ActivityProbe::ActivityProbe(std::shared_ptr<const Backend> backend, OpGraph graph,
                             CompileOptions options, std::shared_ptr<const DataSource> source,
                             const std::vector<std::uint32_t>& indices)
    : backend_(std::move(backend))
    , graph_(std::move(graph))
    , options_(std::move(options)) {
    struct Found {
        ValueId value;
        std::vector<std::int64_t> axes;
        std::string path;
    };
    std::vector<Found> found;
    for (const auto& op : graph_.ops())
        if (canDie(op) && graph_.type(op.output()).sample().rank() > 0)
            found.push_back({op.output(), axesWithin(graph_, op), op.path});
    if (found.empty() || indices.empty())
        return;
    std::vector<NamedValue> outputs;
    for (auto& [value, axes, path] : found) {
        if (!axes.empty())
            value = graph_.add(ReduceOp{ReduceKind::Maximum, std::move(axes)}, {value}, path);
        outputs.push_back({fmt::format("{}#{}", path, outputs.size()), value});
        watched_.push_back({path, value, graph_.type(value).sample().elements()});
    }
    graph_.setOutputs(std::move(outputs));
    const auto samples = std::min({std::clamp(indices.size() / 50, kFewest, kMost), indices.size(),
                                   static_cast<std::size_t>(evaluationBatch(graph_))});
    options_.batch = static_cast<std::int64_t>(samples);
    options_.mode = Mode::Inference;
    batcher_ = std::make_unique<Batcher>(std::move(source), evenly(indices, samples),
                                         options_.batch, std::nullopt);
}

std::optional<std::vector<Activity>>
ActivityProbe::measure(const std::shared_ptr<WeightStore>& weights, const std::stop_token& stop) {
    if (watched_.empty())
        return std::vector<Activity>{};
    if (!program_)
        program_ = backend_->compile(graph_, options_, weights);
    batcher_->startEpoch(0);
    const auto* batch = batcher_->next();
    const BatchInput input{graph_.inputs().front().value, batch->input(), batch->scaling};
    if (!program_->forward({&input, 1}, {}, stop))
        return {};
    std::vector<Activity> measured;
    std::vector<float> peaks;
    for (const auto& [path, value, units] : watched_) {
        peaks.resize(static_cast<std::size_t>(options_.batch * units));
        program_->copyOutput(value, peaks);
        Activity activity{path, units, 0};
        for (std::int64_t unit = 0; unit < units; ++unit) {
            bool silent = true;
            for (std::int64_t sample = 0; sample < options_.batch && silent; ++sample)
                silent = peaks[static_cast<std::size_t>(sample * units + unit)] <= 0;
            activity.silent += silent ? 1 : 0;
        }
        measured.push_back(std::move(activity));
    }
    return measured;
}

} // namespace gradwright
