// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/project_differences.h"

#include "engine/data/images/augmentation.h"
#include "engine/layers/catalog.h"
#include "engine/training/recipes/losses.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/schedules.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

using Area = ProjectDifference::Area;

/// The declaration of a recipe, or nothing where the key is unknown.
template <class Definition>
const Definition* definitionOf(const std::vector<Definition>& catalog, const std::string& key) {
    const auto found = std::ranges::find(catalog, key, &Definition::key);
    return found == catalog.end() ? nullptr : &*found;
}

const ParamSpecs& noSpecs() {
    static const ParamSpecs none;
    return none;
}

template <class Definition>
const ParamSpecs& specsOf(const Definition* definition) {
    return definition ? definition->params : noSpecs();
}

template <class Definition>
std::string titleIn(const Definition* definition, const std::string& key) {
    return definition ? definition->title : key;
}

/// As people read it: a choice by its title.
std::string settingText(const ParamSpec* spec, const ParamValues& values, const std::string& key) {
    const auto found = values.find(key);
    if (found == values.end() && spec == nullptr)
        return {};
    const ParamValue& value = found == values.end() ? spec->defaultValue : found->second;
    std::string text = toString(value);
    if (spec == nullptr)
        return text;
    for (const auto& choice : spec->choices)
        if (choice.key == text)
            return choice.title;
    return spec->unit.empty() ? text : fmt::format("{} {}", text, spec->unit);
}

std::string nodeNameIn(const Graph& graph, NodeId id) {
    const Node* const node = graph.find(id);
    return node ? node->name : std::string("?");
}

/// What a node is: its layer's title, or its block's name.
std::string kindOf(const Node& node) {
    if (const auto* const block = node.blockUse())
        return block->repeat == 1 ? block->block
                                  : fmt::format("{} × {}", block->block, block->repeat);
    const auto* const use = node.layerUse();
    const auto* const layer = use ? findLayer(use->layer) : nullptr;
    return layer ? layer->title : use ? use->layer : std::string();
}

class Differences {
public:
    Differences(const Project& first, const Project& second)
        : first_(first)
        , second_(second) {}

    std::vector<ProjectDifference> find() {
        area_ = Area::Network;
        compareGraphs({}, first_.network.main, second_.network.main);
        compareBlocks();
        area_ = Area::Training;
        compareTraining();
        area_ = Area::Data;
        compareData();
        return std::move(found_);
    }

private:
    void add(const std::string& what, const std::string& first, const std::string& second) {
        if (first != second)
            found_.push_back({area_, what, first, second});
    }

    void addParams(const std::string& prefix, const ParamSpecs& specs, const ParamValues& first,
                   const ParamValues& second) {
        std::vector<std::string> keys;
        for (const auto& spec : specs)
            keys.push_back(spec.key);
        for (const auto* values : {&first, &second})
            for (const auto& [key, unused] : *values)
                if (std::ranges::find(keys, key) == keys.end())
                    keys.push_back(key);
        for (const auto& key : keys) {
            const auto* const spec = findParam(specs, key);
            add(prefix + (spec ? spec->title : key), settingText(spec, first, key),
                settingText(spec, second, key));
        }
    }

    void compareBlocks() {
        const auto& before = first_.network.blocks;
        const auto& after = second_.network.blocks;
        constexpr auto kThere = "present";
        for (const auto& [name, block] : before)
            if (!after.contains(name))
                add(fmt::format("Block {}", name), kThere, {});
        for (const auto& [name, block] : after) {
            const auto old = before.find(name);
            if (old == before.end()) {
                add(fmt::format("Block {}", name), {}, kThere);
                continue;
            }
            compareGraphs(name + "/", old->second.graph, block.graph);
            if (old->second.promoted != block.promoted)
                found_.push_back({area_, fmt::format("Parameters of block {}", name),
                                  std::to_string(old->second.promoted.size()),
                                  std::to_string(block.promoted.size())});
        }
    }

    void compareGraphs(const std::string& prefix, const Graph& first, const Graph& second) {
        for (const auto& [id, node] : first.nodes())
            if (!second.find(id))
                add(prefix + node.name, kindOf(node), {});
        for (const auto& [id, node] : second.nodes()) {
            if (const auto* const old = first.find(id))
                compareNodes(prefix, *old, node);
            else
                add(prefix + node.name, {}, kindOf(node));
        }
        compareLinks(prefix, first, second);
    }

    void compareNodes(const std::string& prefix, const Node& first, const Node& second) {
        const std::string path = prefix + second.name;
        add(path + ": Name", first.name, second.name);
        if (first.use != second.use)
            return add(path, kindOf(first), kindOf(second));
        const auto* const use = second.layerUse();
        const auto* const layer = use ? findLayer(use->layer) : nullptr;
        addParams(path + ": ", specsOf(layer), first.params, second.params);
    }

    /// Links by their ends, whatever ids they have.
    void compareLinks(const std::string& prefix, const Graph& first, const Graph& second) {
        const auto contains = [](const Graph& graph, const Link& link) {
            return std::ranges::any_of(graph.links(), [&](const auto& each) {
                return each.second.from == link.from && each.second.to == link.to;
            });
        };
        const auto bothThere = [&](const Link& link) {
            return first.find(link.from.node) && first.find(link.to.node) &&
                   second.find(link.from.node) && second.find(link.to.node);
        };
        // The links of a node that is not in both go with it.
        constexpr auto kLinked = "linked";
        const auto tell = [&](const Graph& from, const Graph& other, bool isFirst) {
            for (const auto& [id, link] : from.links())
                if (bothThere(link) && !contains(other, link))
                    add(fmt::format("{}{} → {}", prefix, nodeNameIn(from, link.from.node),
                                    nodeNameIn(from, link.to.node)),
                        isFirst ? kLinked : "", isFirst ? "" : kLinked);
        };
        tell(first, second, true);
        tell(second, first, false);
    }

    template <class Definition>
    void addRecipe(const std::string& what, const std::vector<Definition>& catalog,
                   const Recipe& first, const Recipe& second) {
        const auto* const before = definitionOf(catalog, first.key);
        const auto* const after = definitionOf(catalog, second.key);
        add(what, titleIn(before, first.key), titleIn(after, second.key));
        if (first.key == second.key)
            addParams(what + ": ", specsOf(after), first.params, second.params);
    }

    void compareTraining() {
        const TrainingSettings& a = first_.training;
        const TrainingSettings& b = second_.training;
        addRecipe("Optimizer", optimizers(), a.optimizer, b.optimizer);
        addRecipe("Schedule", schedules(), a.schedule, b.schedule);
        addParams({}, trainingParams(), a.params, b.params);
        compareObjectives(a.objectives, b.objectives);
    }

    void compareObjectives(const std::vector<Objective>& first,
                           const std::vector<Objective>& second) {
        if (first.size() == 1 && second.size() == 1 &&
            first.front().output == second.front().output) {
            addRecipe("Loss", losses(), first.front().loss, second.front().loss);
            return add("Weight of the loss", fmt::format("{}", first.front().weight),
                       fmt::format("{}", second.front().weight));
        }
        const auto told = [](const std::vector<Objective>& all) {
            std::string text;
            for (const auto& each : all)
                text += fmt::format("{}{}: {} × {}", text.empty() ? "" : ", ",
                                    each.output.empty() ? "Output" : each.output, each.weight,
                                    titleIn(definitionOf(losses(), each.loss.key), each.loss.key));
            return text;
        };
        add("Objectives", told(first), told(second));
    }

    void compareData() {
        const DataChoice& a = first_.data;
        const DataChoice& b = second_.data;
        const auto* const before = definitionOf(datasets(), a.dataset);
        const auto* const after = definitionOf(datasets(), b.dataset);
        add("Data set", titleIn(before, a.dataset), titleIn(after, b.dataset));
        if (a.dataset == b.dataset)
            addParams({}, specsOf(after), a.params, b.params);
        const auto share = [](double fraction) { return fmt::format("{:g} %", 100 * fraction); };
        add("Validation", share(a.validationFraction), share(b.validationFraction));
        const auto fold = [](const DataChoice& data) {
            return data.folds > 0 ? fmt::format("{} of {}", data.fold + 1, data.folds)
                                  : std::string("none");
        };
        add("Fold for validation", fold(a), fold(b));
        add("Seed of the split", std::to_string(a.splitSeed), std::to_string(b.splitSeed));
        const auto limit = [](std::int64_t count) {
            return count == 0 ? std::string("all") : std::to_string(count);
        };
        add("Training samples", limit(a.limit), limit(b.limit));
        const auto yes = [](bool on) { return std::string(on ? "yes" : "no"); };
        add("Reconstruct the input", yes(a.reconstruct), yes(b.reconstruct));
        addParams("Augmentation: ", augmentationParams(), a.augmentation, b.augmentation);
        if (a.assignment != b.assignment)
            found_.push_back({area_, "Assignment to the Inputs", "differs", "differs"});
    }

    const Project& first_;
    const Project& second_;
    Area area_ = Area::Network;
    std::vector<ProjectDifference> found_;
};

} // namespace

std::vector<ProjectDifference> differencesOf(const Project& first, const Project& second) {
    return Differences(first, second).find();
}

} // namespace gradwright
