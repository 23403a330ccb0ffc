// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/canvas/fit_block.h"

#include "engine/graph/analysis.h"
#include "engine/graph/edit.h"
#include "engine/support/error.h"

#include <algorithm>
#include <optional>
#include <set>

namespace gradwright {
namespace {

std::ptrdiff_t errorsOf(const Analysis& analysis) {
    return std::ranges::count(analysis.diagnostics, Severity::Error, &Diagnostic::severity);
}

/// What `instance` receives, once that is known.
std::optional<std::int64_t> channelsInto(const Analysis& analysis, const Node& instance) {
    const std::string first = "/" + instance.name + "/1/";
    for (std::size_t i = 0; i < analysis.nodes.size(); ++i) {
        const FlatNode& flat = analysis.flat.nodes[i];
        const Shape& shape = analysis.nodes[i].output;
        if (flat.graph == instance.blockUse()->block && flat.layer != nullptr &&
            flat.layer->key == "block-input" &&
            ("/" + flat.path).find(first) != std::string::npos &&
            analysis.nodes[i].state == ShapeState::Known && shape.rank() == 3)
            return shape[0];
    }
    return {};
}

} // namespace

ParamValues fittingParams(const Network& network, const std::string& graph, const Node& instance,
                          NodeId source) {
    const BlockUse* const use = instance.blockUse();
    if (use == nullptr)
        return {};
    try {
        Network tried = network;
        const LinkId link = tried.graph(graph).freshLinkId();
        apply(
            tried,
            {NetworkEdit::Group{
                {AddNode{graph, instance}},
                {AddLink{graph, Link{.id = link, .from = {source, {0}}, .to = {instance.id, {0}}}}},
            }});
        const Analysis before = analyze(network);
        const Analysis plain = analyze(tried);
        if (errorsOf(plain) <= errorsOf(before))
            return {};
        const auto channels = channelsInto(plain, instance);
        std::set<std::string> keys;
        for (const PromotedParam& promoted : network.blocks.at(use->block).promoted)
            keys.insert(promoted.key);
        for (const std::string& key : keys) {
            if (!channels)
                break;
            Network changed = tried;
            try {
                apply(changed, {SetParam{graph, instance.id, key, ParamValue{*channels}}});
            } catch (const Error&) { // not a parameter that takes such a number
                continue;
            }
            if (errorsOf(analyze(changed)) <= errorsOf(before))
                return {{key, *channels}};
        }
    } catch (const Error&) { // the edit itself says what is wrong
    }
    return {};
}

} // namespace gradwright
