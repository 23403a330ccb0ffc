// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/project_diff.h"

#include "engine/layers/catalog.h"
#include "engine/support/json.h"

#include <fmt/format.h>

#include <optional>

namespace gradwright {
namespace {

std::string valueText(const ParamSpecs& specs, const std::string& key, const ParamValues& values) {
    const auto* spec = findParam(specs, key);
    const auto found = values.find(key);
    if (found == values.end())
        return spec ? toString(spec->defaultValue) : "default";
    return toString(found->second);
}

class ProjectComparison {
public:
    ProjectComparison(const Project& before, const Project& after)
        : before_(before)
        , after_(after) {}

    std::vector<std::string> run() {
        compareGraphs("", &before_.network.main, &after_.network.main);
        compareBlocks();
        if (before_.canvas != after_.canvas)
            add("Arrangement on the canvas changed");
        if (before_.data != after_.data)
            add("Data changed");
        if (before_.training != after_.training)
            add("Training settings changed");
        if (before_.name != after_.name || before_.description != after_.description)
            add("Name or description changed");
        return std::move(lines_);
    }

private:
    void add(std::string_view line) { lines_.emplace_back(line); }

    void compareBlocks() {
        for (const auto& [name, block] : before_.network.blocks)
            if (!after_.network.blocks.contains(name))
                add(fmt::format("Block {} removed", name));
        for (const auto& [name, block] : after_.network.blocks) {
            const auto old = before_.network.blocks.find(name);
            if (old == before_.network.blocks.end()) {
                add(fmt::format("Block {} added", name));
                continue;
            }
            compareGraphs(name + "/", &old->second.graph, &block.graph);
            if (old->second.promoted != block.promoted)
                add(fmt::format("Parameters of block {} changed", name));
        }
    }

    void compareGraphs(const std::string& prefix, const Graph* before, const Graph* after) {
        for (const auto& [id, node] : before->nodes())
            if (!after->find(id))
                add(fmt::format("{}{} removed", prefix, node.name));
        for (const auto& [id, node] : after->nodes()) {
            if (const auto* old = before->find(id))
                compareNodes(prefix, *old, node);
            else
                add(fmt::format("{}{} added", prefix, node.name));
        }
        if (before->links() != after->links())
            add(prefix.empty() ? "Links changed" : fmt::format("{} links changed", prefix));
    }

    void compareNodes(const std::string& prefix, const Node& before, const Node& after) {
        if (before.name != after.name)
            add(fmt::format("{}{} renamed to {}", prefix, before.name, after.name));
        if (before.use != after.use)
            return add(fmt::format("{}{} replaced", prefix, after.name));
        if (before.params == after.params)
            return;
        const auto* layer = after.layerUse() ? findLayer(after.layerUse()->layer) : nullptr;
        const ParamSpecs specs = layer ? layer->params : ParamSpecs{};
        ParamValues keys = before.params;
        keys.insert(after.params.begin(), after.params.end());
        for (const auto& [key, unused] : keys) {
            const auto was = valueText(specs, key, before.params);
            const auto is = valueText(specs, key, after.params);
            if (was == is)
                continue;
            const auto* spec = findParam(specs, key);
            add(fmt::format("{}{}: {} {}, was {}", prefix, after.name, spec ? spec->title : key, is,
                            was));
        }
    }

    const Project& before_;
    const Project& after_;
    std::vector<std::string> lines_;
};

} // namespace

std::vector<std::string> describeChanges(const Project& before, const Project& after) {
    return ProjectComparison(before, after).run();
}

} // namespace gradwright
