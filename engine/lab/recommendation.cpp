// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/recommendation.h"

#include "engine/lab/sweep/sweep_setting.h"

namespace gradwright {

ProjectEdit editOf(const Project& project, const Recommendation& recommendation) {
    auto changed = project;
    for (const auto& [key, text] : recommendation.settings)
        setSweepSetting(changed, key, text);
    ProjectEdit::Group edits;
    if (changed.training != project.training)
        edits.push_back({SetTraining{changed.training}});
    if (changed.data != project.data)
        edits.push_back({SetData{changed.data}});
    forEachGraph(changed.network, [&](std::string_view name, const Graph& graph) {
        const auto& before = project.network.graph(name);
        for (const auto& [id, node] : graph.nodes()) {
            const auto& old = before.find(id)->params;
            for (const auto& [key, value] : node.params)
                if (const auto found = old.find(key); found == old.end() || found->second != value)
                    edits.push_back({NetworkEdit{SetParam{std::string(name), id, key, value}}});
            for (const auto& [key, value] : old)
                if (!node.params.contains(key))
                    edits.push_back(
                        {NetworkEdit{SetParam{std::string(name), id, key, std::nullopt}}});
        }
    });
    return {std::move(edits)};
}

} // namespace gradwright
