// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/expand.h"

#include "engine/graph/graph_index.h"
#include "engine/layers/catalog.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>
#include <map>

namespace gradwright {
namespace {

constexpr std::size_t kMaxFlatNodes = 200'000; ///< and as many instances of blocks
constexpr std::size_t kMaxNesting = 32;

using Source = std::optional<FlatSource>;

/// The parameters of a node and where those that come from outside are set.
struct Settings {
    ParamValues values;
    std::map<std::string, ParamOrigin, std::less<>> origins;
};

/// The graph that is being unrolled, for one instance.
struct Scope {
    std::string name; ///< of the graph
    const Graph& graph;
    std::string prefix; ///< of paths
    const BlockDefinition* definition = nullptr;
    const Settings* settings = nullptr; ///< of the instance
};

Settings settingsOf(const Scope& scope, const Node& node) {
    Settings settings{node.params, {}};
    // What an instance sets is set there, unless the block around it promotes it further.
    if (node.blockUse())
        for (const auto& [key, value] : node.params)
            settings.origins[key] = {scope.name, node.id, key};
    if (!scope.definition)
        return settings;
    for (const auto& promoted : scope.definition->promoted) {
        const auto value = scope.settings->values.find(promoted.key);
        if (promoted.node != node.id || value == scope.settings->values.end())
            continue;
        settings.values.insert_or_assign(promoted.param, value->second);
        settings.origins[promoted.param] = scope.settings->origins.at(promoted.key);
    }
    return settings;
}

/// A file cannot tell the real number 1 from the integer where no declaration says which it is.
void adaptTypes(ParamValues& values, const LayerDef* layer) {
    if (!layer)
        return;
    for (auto& [key, value] : values) {
        const auto* spec = findParam(layer->params, key);
        const auto* whole = std::get_if<std::int64_t>(&value);
        if (spec && spec->type == ParamType::Real && whole)
            value = static_cast<double>(*whole);
    }
}

/// What leaves each output port of a graph's nodes, while it is unrolled.
class Sources {
public:
    explicit Sources(std::size_t nodes)
        : first_(nodes) {}

    void set(std::size_t place, PortIndex port, Source source) {
        if (port.index() == 0)
            first_[place] = source;
        else
            others_[{place, port}] = source;
    }
    [[nodiscard]] Source at(std::size_t place, PortIndex port) const {
        if (port.index() == 0)
            return first_[place];
        const auto found = others_.find({place, port});
        return found == others_.end() ? Source{} : found->second;
    }

private:
    std::vector<Source> first_; ///< of ports 0, by place
    std::map<std::pair<std::size_t, PortIndex>, Source> others_;
};

class Expander {
public:
    explicit Expander(const Network& network)
        : network_(network) {}

    FlatNetwork run() {
        expandGraph({"", network_.main, ""}, {});
        if (tooLarge_)
            result_.diagnostics.add(
                {Severity::Error,
                 {},
                 fmt::format("Unrolled, the network would have more than {} layers.",
                             kMaxFlatNodes)});
        return std::move(result_);
    }

private:
    /// Appends the nodes of one instance of a graph. `inputs` feed its Block input nodes; returns
    /// what arrives at its Block output nodes.
    std::vector<Source> expandGraph(const Scope& scope, const std::vector<Source>& inputs) {
        const GraphIndex index(scope.graph);
        const auto portsNamed = [&](std::string_view layer) { // the network itself has none
            return scope.definition ? nodesOfLayer(scope.graph, layer) : std::vector<NodeId>{};
        };
        const auto inputNodes = portsNamed("block-input");
        const auto outputNodes = portsNamed("block-output");
        std::vector<Source> outputs(outputNodes.size());
        Sources sources(index.size());
        for (const auto place : index.topologicalOrder()) {
            if (result_.nodes.size() >= kMaxFlatNodes) {
                tooLarge_ = true;
                return outputs;
            }
            const auto& node = index.node(place);
            auto feeds = feedsOf(index, place, sources);
            if (node.blockUse()) {
                const auto leaving = expandBlock(scope, node, std::move(feeds));
                for (std::uint32_t port = 0; port < leaving.size(); ++port)
                    sources.set(place, PortIndex{port}, leaving[port]);
                continue;
            }
            if (const auto port = portOf(inputNodes, node.id))
                feeds = {*port < inputs.size() ? inputs[*port] : Source{}};
            const auto flat = appendLayer(scope, node, std::move(feeds));
            const auto& made = result_.nodes[flat];
            const auto count = made.layer ? made.layer->outputs(made.params) : 1;
            for (std::uint32_t port = 0; port < std::max<std::size_t>(count, 1); ++port)
                sources.set(place, PortIndex{port}, FlatSource{flat, port});
            if (const auto port = portOf(outputNodes, node.id))
                outputs[*port] = FlatSource{flat};
        }
        return outputs;
    }

    static std::optional<std::size_t> portOf(const std::vector<NodeId>& ports, NodeId id) {
        const auto found = std::ranges::lower_bound(ports, id);
        if (found == ports.end() || *found != id)
            return {};
        return static_cast<std::size_t>(found - ports.begin());
    }

    [[nodiscard]] std::vector<Source> feedsOf(const GraphIndex& index, std::size_t place,
                                              const Sources& sources) const {
        const auto ports = portsOf(network_, index.node(place));
        auto count = ports ? ports->minInputs : 0;
        for (const auto& feed : index.feedsOf(place))
            count = std::max(count, feed.input.index() + 1);
        std::vector<Source> feeds(count);
        for (const auto& feed : index.feedsOf(place))
            feeds[feed.input.index()] = sources.at(feed.from, feed.output);
        return feeds;
    }

    std::size_t appendLayer(const Scope& scope, const Node& node, std::vector<Source> feeds) {
        auto settings = settingsOf(scope, node);
        const auto* layer = findLayer(node.layerUse()->layer);
        adaptTypes(settings.values, layer);
        result_.nodes.push_back({scope.prefix + node.name, scope.name, node.id, layer,
                                 std::move(settings.values), std::move(feeds),
                                 std::move(settings.origins)});
        return result_.nodes.size() - 1;
    }

    void report(const Scope& scope, const Node& node, Severity severity, std::string message,
                std::string param = {}, std::vector<Fix> fixes = {}) {
        result_.diagnostics.add(
            {severity,
             {scope.name, node.id, {}, std::move(param), scope.prefix + node.name},
             std::move(message),
             std::move(fixes)});
    }

    /// Returns what leaves the instance, by port.
    std::vector<Source> expandBlock(const Scope& scope, const Node& node,
                                    std::vector<Source> feeds) {
        const auto& use = *node.blockUse();
        const auto found = network_.blocks.find(use.block);
        if (const auto why = whyNotExpand(node, found == network_.blocks.end())) {
            report(scope, node, Severity::Error, *why);
            return {};
        }
        const auto& definition = found->second;
        const auto settings = settingsOf(scope, node);
        checkSettings(scope, node, definition, settings);
        for (std::uint32_t port = 0; port < feeds.size(); ++port)
            if (!scope.graph.linkInto({node.id, PortIndex{port}}))
                report(scope, node, Severity::Warning,
                       fmt::format("Input {} of {} is not connected.", port, node.name));

        open_.push_back(use.block);
        for (std::int64_t i = 1; i <= use.repeat && !tooLarge_; ++i) {
            tooLarge_ = ++instances_ > kMaxFlatNodes;
            feeds = expandGraph({use.block, definition.graph,
                                 fmt::format("{}{}/{}/", scope.prefix, node.name, i), &definition,
                                 &settings},
                                feeds);
        }
        open_.pop_back();
        return feeds;
    }

    [[nodiscard]] std::optional<std::string> whyNotExpand(const Node& node, bool missing) const {
        const auto& use = *node.blockUse();
        if (missing)
            return fmt::format("The network has no block \"{}\".", use.block);
        if (std::ranges::find(open_, use.block) != open_.end())
            return fmt::format("The block \"{}\" contains itself.", use.block);
        if (open_.size() >= kMaxNesting)
            return fmt::format("Blocks are nested deeper than {} levels.", kMaxNesting);
        const auto ports = *portsOf(network_, node);
        if (use.repeat > 1 && (ports.minInputs != 1 || ports.outputs != 1))
            return fmt::format(
                "A block that is repeated needs one input and one output; \"{}\" has {} and {}.",
                use.block, ports.minInputs, ports.outputs);
        return {};
    }

    /// Values for parameters that the block does not promote would have no effect, silently.
    void checkSettings(const Scope& scope, const Node& node, const BlockDefinition& definition,
                       const Settings& settings) {
        for (const auto& [key, origin] : settings.origins) {
            if (std::ranges::find(definition.promoted, key, &PromotedParam::key) !=
                definition.promoted.end())
                continue;
            report(scope, node, Severity::Error,
                   fmt::format("The block \"{}\" has no parameter \"{}\".", node.blockUse()->block,
                               excerpt(key)),
                   key, {{"Remove it", {SetParam{origin.graph, origin.node, origin.param, {}}}}});
        }
    }

    const Network& network_;
    FlatNetwork result_;
    std::vector<std::string> open_; ///< blocks being unrolled, outermost first
    std::size_t instances_ = 0;
    bool tooLarge_ = false;
};

} // namespace

ParamOrigin FlatNode::originOf(std::string_view param) const {
    if (const auto found = promoted.find(param); found != promoted.end())
        return found->second;
    return {graph, node, std::string(param)};
}

FlatNetwork expand(const Network& network) {
    return Expander(network).run();
}

} // namespace gradwright
