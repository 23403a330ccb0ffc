// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/sweep/sweep_setting.h"

#include "engine/layers/catalog.h"
#include "engine/project/setting_groups.h"
#include "engine/support/error.h"
#include "engine/training/recipes/losses.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/schedules.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

namespace gradwright {
namespace {

constexpr std::string_view kLayerGroup = "layer.";

template <class Def>
ParamSpec recipeSpec(std::string_view key, std::string_view title, const std::vector<Def>& catalog,
                     const std::string& present) {
    std::vector<ParamChoice> choices;
    for (const auto& def : catalog)
        choices.push_back({def.key, def.title, {}});
    return choiceParam(std::string(key), std::string(title), present, std::move(choices), "");
}

std::vector<SettingGroup> groupsOf(Project& project) {
    return settingGroups(project.training, project.data);
}

/// A parameter of a layer.
struct LayerSetting {
    std::string graph;
    NodeId node;
    ParamSpec spec;
    ParamValue value;
};

LayerSetting layerSetting(const Project& project, std::string_view key) {
    const auto rest = key.substr(kLayerGroup.size());
    const auto dot = rest.rfind('.');
    if (dot == std::string_view::npos)
        throw Error("{}: a layer's parameter is written layer.NAME.PARAMETER", key);
    auto name = rest.substr(0, dot);
    const auto param = rest.substr(dot + 1);
    std::string graphName;
    if (const auto slash = name.rfind('/'); slash != std::string_view::npos) {
        graphName = name.substr(0, slash);
        name = name.substr(slash + 1);
    }
    const auto* graph = project.network.findGraph(graphName);
    if (!graph)
        throw Error("{}: there is no block \"{}\"", key, graphName);
    const auto* node = graph->findByName(name);
    if (!node || !node->layerUse()) {
        std::vector<std::string> names;
        for (const auto& [id, other] : graph->nodes())
            if (other.layerUse())
                names.push_back(other.name);
        throw Error("{}: there is no layer \"{}\"; there are {}", key, name,
                    fmt::join(names, ", "));
    }
    const auto& specs = layer(node->layerUse()->layer).params;
    const auto* spec = findParamToRead(specs, param);
    if (!spec) {
        std::vector<std::string_view> keys;
        for (const auto& known : specs)
            keys.emplace_back(known.key);
        throw Error("{}: {} has no \"{}\"; it has {}", key, name, param,
                    keys.empty() ? "no parameters" : fmt::format("{}", fmt::join(keys, ", ")));
    }
    return {graphName, node->id, *spec, Params(specs, node->params).value(spec->key)};
}

std::optional<ParamSpec> recipeSetting(const Project& project, std::string_view key) {
    const auto& training = project.training;
    if (key == "optimizer")
        return recipeSpec(key, "Optimizer", optimizers(), training.optimizer.key);
    if (key == "schedule")
        return recipeSpec(key, "Schedule", schedules(), training.schedule.key);
    if (key == "loss" && !training.objectives.empty())
        return recipeSpec(key, "Loss", losses(), training.objectives.front().loss.key);
    return {};
}

void setRecipe(TrainingSettings& training, std::string_view key, const std::string& chosen) {
    if (key == "optimizer" && training.optimizer.key != chosen) {
        training.optimizer = {chosen, {}};
        training.params.insert_or_assign("learning_rate", optimizer(chosen).defaultLearningRate);
    } else if (key == "schedule" && training.schedule.key != chosen) {
        training.schedule = {chosen, {}};
    } else if (key == "loss") {
        for (auto& objective : training.objectives)
            if (objective.loss.key != chosen)
                objective.loss = {chosen, {}};
    }
}

} // namespace

ParamSpec sweepSetting(const Project& project, std::string_view key) {
    if (auto recipe = recipeSetting(project, key))
        return *std::move(recipe);
    if (key.starts_with(kLayerGroup))
        return layerSetting(project, key).spec;
    auto copy = project;
    std::vector<std::string> known;
    for (const auto& group : groupsOf(copy)) {
        if (!key.starts_with(group.prefix))
            continue;
        if (const auto* spec = findParamToRead(group.specs, key.substr(group.prefix.size())))
            return *spec;
        // A wrong key of a group is told the group's, any other one all that have none.
        const auto dot = key.find('.');
        if (group.prefix.empty() == (dot == std::string_view::npos))
            for (const auto& spec : group.specs)
                known.push_back(group.prefix + spec.key);
    }
    if (known.empty())
        throw Error("{}: there is no such setting; it is one of a training, such as "
                    "learning_rate, or begins with optimizer., schedule., loss., data., "
                    "augmentation. or layer.",
                    key);
    throw Error("{}: there is no such setting; there are {}", key, fmt::join(known, ", "));
}

void setSweepSetting(Project& project, std::string_view key, std::string_view text) {
    if (const auto recipe = recipeSetting(project, key)) {
        setRecipe(project.training, key,
                  std::get<std::string>(settingFromText(*recipe, text, key)));
        return;
    }
    if (key.starts_with(kLayerGroup)) {
        const auto setting = layerSetting(project, key);
        const auto value = settingFromText(setting.spec, text, key);
        apply(project.network,
              {SetParam{setting.graph, setting.node, setting.spec.key,
                        value == setting.spec.defaultValue ? std::nullopt : std::optional(value)}});
        return;
    }
    bool isSet = false;
    for (auto& group : groupsOf(project)) {
        const auto* spec = key.starts_with(group.prefix)
                               ? findParamToRead(group.specs, key.substr(group.prefix.size()))
                               : nullptr;
        if (!spec)
            continue;
        for (auto* values : group.values)
            values->insert_or_assign(spec->key, settingFromText(*spec, text, key));
        isSet = true;
    }
    if (!isSet)
        sweepSetting(project, key); // which says what there is
}

std::string sweepSettingText(const Project& project, std::string_view key) {
    if (const auto recipe = recipeSetting(project, key))
        return std::get<std::string>(recipe->defaultValue);
    if (key.starts_with(kLayerGroup))
        return toString(layerSetting(project, key).value);
    auto copy = project;
    for (const auto& group : groupsOf(copy))
        if (key.starts_with(group.prefix))
            if (const auto* spec = findParamToRead(group.specs, key.substr(group.prefix.size())))
                return toString(Params(group.specs, *group.values.front()).value(spec->key));
    sweepSetting(project, key);
    return {};
}

std::vector<std::string> sweepSettingKeys(const Project& project) {
    std::vector<std::string> keys = {"optimizer", "schedule", "loss"};
    auto copy = project;
    for (const auto& group : groupsOf(copy))
        for (const auto& spec : group.specs)
            if (std::ranges::find(keys, group.prefix + spec.key) == keys.end())
                keys.push_back(group.prefix + spec.key);
    forEachGraph(project.network, [&](std::string_view name, const Graph& graph) {
        for (const auto& [id, node] : graph.nodes())
            if (const auto* use = node.layerUse())
                if (const auto* def = findLayer(use->layer))
                    for (const auto& spec : def->params)
                        keys.push_back(fmt::format("layer.{}{}{}.{}", name, name.empty() ? "" : "/",
                                                   node.name, spec.key));
    });
    return keys;
}

} // namespace gradwright
