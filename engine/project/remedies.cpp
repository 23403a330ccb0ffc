// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/remedies.h"

#include "engine/training/recipes/losses.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <tuple>
#include <utility>

namespace gradwright {
namespace {

constexpr std::array<std::string_view, 5> kSaturating = {"sigmoid", "tanh", "hard-sigmoid",
                                                         "hard-tanh", "softsign"};
constexpr std::array<std::string_view, 2> kRectifying = {"relu", "relu6"};
constexpr std::array<std::string_view, 4> kByHand = {"uniform", "normal", "truncated-normal",
                                                     "constant"};

std::string textOf(const FlatNode& node, std::string_view param) {
    return node.layer ? Params(node.layer->params, node.params).text(param) : std::string();
}

bool hasParam(const FlatNode& node, std::string_view param) {
    return node.layer && std::ranges::find(node.layer->params, param, &ParamSpec::key) !=
                             node.layer->params.end();
}

/// The node becomes one of another layer with the same name, place and links.
NetworkEdit asLayer(const Network& network, const FlatNode& flat, const std::string& layer) {
    const auto& graph = network.graph(flat.graph);
    auto node = *graph.find(flat.node);
    node.use = LayerUse{layer};
    node.params = {};
    NetworkEdit::Group group;
    for (const auto& [id, link] : graph.links())
        if (link.from.node == flat.node || link.to.node == flat.node)
            group.push_back({RemoveLink{flat.graph, id}});
    group.push_back({RemoveNode{flat.graph, flat.node}});
    group.push_back({AddNode{flat.graph, std::move(node)}});
    for (const auto& [id, link] : graph.links())
        if (link.from.node == flat.node || link.to.node == flat.node)
            group.push_back({AddLink{flat.graph, link}});
    return {std::move(group)};
}

/// Edits of layers, each place that they are set at once: instances of a block share it.
class LayerEdits {
public:
    explicit LayerEdits(const Network& network)
        : network_(network) {}

    /// Where the node applies one of these functions, it applies another one.
    template <class Keys>
    void replaceActivation(const FlatNode& node, const Keys& from, const std::string& to) {
        if (!node.layer)
            return;
        if (std::ranges::find(from, node.layer->key) != from.end()) {
            if (places_.emplace(node.graph, node.node.value, "").second)
                edits_.push_back(asLayer(network_, node, to));
        } else if (hasParam(node, "activation") &&
                   std::ranges::find(from, textOf(node, "activation")) != from.end()) {
            set(node, "activation", to);
        }
    }
    void set(const FlatNode& node, std::string_view param, std::optional<ParamValue> value) {
        const auto origin = node.originOf(param);
        if (places_.emplace(origin.graph, origin.node.value, origin.param).second)
            edits_.push_back({SetParam{origin.graph, origin.node, origin.param, std::move(value)}});
    }
    NetworkEdit::Group take() { return std::move(edits_); }

private:
    const Network& network_;
    std::set<std::tuple<std::string, std::uint32_t, std::string>> places_;
    NetworkEdit::Group edits_;
};

/// Whether an Output or a Softmax reads the node: its activation makes the answer.
bool isLast(const Analysis& analysis, std::size_t index) {
    return std::ranges::any_of(analysis.flat.nodes, [&](const FlatNode& node) {
        return node.layer && (node.layer->key == "output" || node.layer->traits.head) &&
               std::ranges::any_of(node.inputs, [&](const auto& source) {
                   return source && source->node == index;
               });
    });
}

NetworkEdit::Group layerEdits(const Alarm& alarm, const Project& project,
                              const Analysis& analysis) {
    LayerEdits edits(project.network);
    const auto& nodes = analysis.flat.nodes;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const auto& node = nodes[i];
        if (alarm.remedy.kind == RemedyKind::Rectify && !isLast(analysis, i))
            edits.replaceActivation(node, kSaturating, "relu");
        if (alarm.remedy.kind == RemedyKind::Leak && node.path == alarm.path)
            edits.replaceActivation(node, kRectifying, "leaky-relu");
        if (alarm.remedy.kind == RemedyKind::Initialize && hasParam(node, "initializer") &&
            std::ranges::find(kByHand, textOf(node, "initializer")) != kByHand.end())
            edits.set(node, "initializer", std::nullopt);
    }
    return edits.take();
}

/// What the remedy sets in the training; empty where the project has it.
Fix settingsFix(const Alarm& alarm, const Project& project) {
    const auto& [kind, value, text] = alarm.remedy;
    const auto& training = project.training;
    const Params params(trainingParams(), training.params);
    Fix fix{titleOf(alarm.remedy), {NetworkEdit::Group{}}};
    const auto set = [&](const char* key, ParamValue to) {
        fix.settings.emplace(key, std::move(to));
    };
    const bool raises = alarm.kind == AlarmKind::StuckLoss;
    if (kind == RemedyKind::SetRate &&
        (raises ? training.learningRate() < value : training.learningRate() > value))
        set("learning_rate", value);
    const double clipped = params.real("clip_norm");
    if (kind == RemedyKind::ClipGradients && !(clipped > 0 && clipped <= value))
        set("clip_norm", value);
    if (kind == RemedyKind::StopEarly && !training.earlyStopping())
        set("early_stopping", true);
    if (kind == RemedyKind::Penalize && params.real("l2") < value)
        set("l2", value);
    const auto& objective = training.objectives.front().loss;
    const auto& specs = loss(objective.key).params;
    if (kind == RemedyKind::WeighClasses &&
        std::ranges::find(specs, "class_weights", &ParamSpec::key) != specs.end() &&
        Params(specs, objective.params).text("class_weights").empty())
        fix.lossParams.emplace("class_weights", text);
    return fix;
}

} // namespace

std::optional<Diagnostic> diagnosticOf(const Alarm& alarm, const Project& project,
                                       const Analysis& analysis) {
    if (alarm.goneAfter)
        return {};
    Diagnostic diagnostic;
    diagnostic.severity = Severity::Warning;
    if (!alarm.path.empty()) {
        const auto node = std::ranges::find(analysis.flat.nodes, alarm.path, &FlatNode::path);
        if (node == analysis.flat.nodes.end())
            return {};
        diagnostic.place = {node->graph, node->node};
        diagnostic.place.path = node->path;
    }
    diagnostic.message = fmt::format("{} in epoch {} of the training. {}", titleOf(alarm.kind),
                                     alarm.epoch, alarm.cause);
    if (alarm.remedy.kind == RemedyKind::None)
        return diagnostic;
    auto fix = settingsFix(alarm, project);
    auto edits = layerEdits(alarm, project, analysis);
    if (fix.settings.empty() && fix.lossParams.empty() && edits.empty())
        return {};
    fix.edit = {std::move(edits)};
    diagnostic.fixes.push_back(std::move(fix));
    return diagnostic;
}

} // namespace gradwright
