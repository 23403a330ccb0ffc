// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/advice.h"

#include "engine/ops/initializer.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

namespace gradwright {
namespace {

constexpr int kDeepStack = 4;
constexpr double kMostOfParameters = 0.9;

LayerTraits traitsOf(const FlatNode& node) {
    return node.layer ? node.layer->traits : LayerTraits{};
}

bool normalizesOverBatch(const FlatNode& node) {
    return traitsOf(node).normalization == NormalizationKind::OverBatch;
}

std::string activationOf(const FlatNode& node) {
    if (!node.layer)
        return {};
    if (node.layer->category == Category::Activation)
        return node.layer->key;
    if (!findParam(node.layer->params, "activation"))
        return {};
    return Params(node.layer->params, node.params).text("activation");
}

bool isSet(const FlatNode& node, std::string_view param) {
    return node.layer && findParam(node.layer->params, param) &&
           Params(node.layer->params, node.params).boolean(param);
}

class Adviser {
public:
    Adviser(const Network& network, const Analysis& analysis, DiagnosticList& diagnostics)
        : network_(network)
        , analysis_(analysis)
        , diagnostics_(diagnostics)
        , consumers_(analysis.flat.nodes.size())
        , learnsBehind_(analysis.flat.nodes.size()) {
        for (std::size_t i = analysis.flat.nodes.size(); i-- > 0;)
            for (const auto& source : flat(i).inputs) {
                if (!source)
                    continue;
                auto& taken = consumers_[*source];
                taken = {taken.count + 1, i};
                if (learnsBehind_[i] || analysis.nodes[i].parameters > 0)
                    learnsBehind_[*source] = true;
            }
    }

    void run() {
        for (std::size_t i = 0; i < analysis_.flat.nodes.size(); ++i) {
            if (!analysis_.nodes[i].reachesOutput || !flat(i).layer)
                continue;
            adviseOnBias(i);
            adviseOnEqualWeights(i);
            adviseOnDropout(i);
            adviseOnLinearPair(i);
            adviseOnSingleValues(i);
        }
        adviseOnSigmoids();
        adviseOnSize();
    }

private:
    [[nodiscard]] const FlatNode& flat(std::size_t index) const {
        return analysis_.flat.nodes[index];
    }

    [[nodiscard]] std::string nameOf(std::size_t index) const {
        return network_.graph(flat(index).graph).find(flat(index).node)->name;
    }

    void report(std::size_t index, Severity severity, std::string param, std::string message,
                std::vector<Fix> fixes) {
        const auto origin = flat(index).originOf(param);
        diagnostics_.add({severity,
                          {origin.graph, origin.node, {}, origin.param, flat(index).path},
                          std::move(message),
                          std::move(fixes)});
    }

    [[nodiscard]] NetworkEdit set(std::size_t index, std::string_view param,
                                  ParamValue value) const {
        const auto origin = flat(index).originOf(param);
        return {SetParam{origin.graph, origin.node, origin.param, std::move(value)}};
    }

    /// The one node that takes what this one gives.
    [[nodiscard]] std::optional<std::size_t> onlyConsumer(std::size_t index) const {
        const auto& [count, first] = consumers_[index];
        return count == 1 ? std::optional(first) : std::nullopt;
    }

    /// Past what is linear and has no weights.
    [[nodiscard]] std::optional<std::size_t> nextThatComputes(std::size_t index) const {
        auto next = onlyConsumer(index);
        while (next && traitsOf(flat(*next)).passesOn)
            next = onlyConsumer(*next);
        return next;
    }

    void adviseOnBias(std::size_t index) {
        const auto next = onlyConsumer(index);
        if (!next || !normalizesOverBatch(flat(*next)) || !isSet(flat(index), "bias") ||
            activationOf(flat(index)) != "identity")
            return;
        report(index, Severity::Info, "bias",
               fmt::format("The bias of {} does nothing: {} subtracts the mean, and the bias with "
                           "it.",
                           nameOf(index), nameOf(*next)),
               {{"Switch the bias off", set(index, "bias", false)}});
    }

    /// Units that start alike get the same gradients (Goodfellow, Bengio, Courville: Deep Learning,
    /// 2016, 8.4). In the last layer each has a class of its own, so it may begin with zeros.
    void adviseOnEqualWeights(std::size_t index) {
        if (analysis_.nodes[index].parameters == 0 || !learnsBehind_[index] ||
            !findParam(flat(index).layer->params, "initializer"))
            return;
        const auto key = Params(flat(index).layer->params, flat(index).params).text("initializer");
        const auto def = std::ranges::find(initializers(), key, &InitializerDef::key);
        if (def == initializers().end() || def->forKernels)
            return;
        report(index, Severity::Warning, "initializer",
               fmt::format("All weights of {} start with the same value, so its units get "
                           "identical gradients and never differ.",
                           nameOf(index)),
               {{"Start with different weights", set(index, "initializer", std::string("auto"))}});
    }

    /// Li, Chen, Hu, Yang: Understanding the disharmony between dropout and batch normalization,
    /// 2018.
    void adviseOnDropout(std::size_t index) {
        if (!traitsOf(flat(index)).drops)
            return;
        auto next = onlyConsumer(index);
        while (next && flat(*next).layer && flat(*next).layer->category == Category::Activation)
            next = onlyConsumer(*next);
        if (!next || !normalizesOverBatch(flat(*next)))
            return;
        std::vector<Fix> fixes;
        if (onlyConsumer(index) == next)
            if (auto swapped = swapWithNext(index, *next))
                fixes.push_back({"Move it after the normalization", std::move(*swapped)});
        report(index, Severity::Warning, "",
               fmt::format("{} drops values before {}, which then learns a variance that differs "
                           "from the one at inference; dropout belongs after it.",
                           nameOf(index), nameOf(*next)),
               std::move(fixes));
    }

    /// a → first → second → b becomes a → second → first → b, within one graph.
    [[nodiscard]] std::optional<NetworkEdit> swapWithNext(std::size_t first,
                                                          std::size_t second) const {
        const auto& name = flat(first).graph;
        if (flat(second).graph != name)
            return {};
        const auto& graph = network_.graph(name);
        const auto one = flat(first).node;
        const auto two = flat(second).node;
        const auto* into = graph.linkInto({one, {0}});
        const auto* between = graph.linkInto({two, {0}});
        if (!into || !between || between->from.node != one)
            return {};
        NetworkEdit::Group edits{{RemoveLink{name, into->id}}, {RemoveLink{name, between->id}}};
        NetworkEdit::Group links;
        auto fresh = graph.freshLinkId();
        const auto link = [&](PortRef from, PortRef to) {
            links.push_back({AddLink{name, {LinkId{fresh.value++}, from, to}}});
        };
        link(into->from, {two, {0}});
        link({two, {0}}, {one, {0}});
        for (const auto id : graph.linksOf(two))
            if (const auto& out = *graph.find(id); out.from.node == two) {
                edits.push_back({RemoveLink{name, id}});
                link({one, {0}}, out.to);
            }
        edits.insert(edits.end(), links.begin(), links.end());
        return NetworkEdit{std::move(edits)};
    }

    void adviseOnLinearPair(std::size_t index) {
        if (!traitsOf(flat(index)).linear || activationOf(flat(index)) != "identity")
            return;
        const auto next = nextThatComputes(index);
        if (!next || !traitsOf(flat(*next)).linear)
            return;
        report(index, Severity::Warning, "activation",
               fmt::format("There is no activation between {} and {}, so together they equal a "
                           "single Dense layer.",
                           nameOf(index), nameOf(*next)),
               {{"Use ReLU", set(index, "activation", std::string("relu"))}});
    }

    /// A value less its own mean is 0, whatever it is.
    void adviseOnSingleValues(std::size_t index) {
        const auto valuesPerMean = traitsOf(flat(index)).valuesPerMean;
        const auto& found = analysis_.nodes[index];
        if (!valuesPerMean || found.state != ShapeState::Known)
            return;
        const auto& layer = *flat(index).layer;
        const std::vector<Shape> inputs{*found.inputs.front()};
        if (valuesPerMean({Params(layer.params, flat(index).params), inputs}) > 1)
            return;
        std::vector<Fix> fixes;
        if (findParam(layer.params, "groups") && inputs[0].elements() > 1)
            fixes.push_back({"Set groups to 1", set(index, "groups", std::int64_t{1})});
        report(
            index, Severity::Warning, fixes.empty() ? "" : "groups",
            fmt::format("Each mean that {} subtracts is that of a single value of {}, so nothing "
                        "of its input is left.",
                        nameOf(index), toString(inputs[0])),
            std::move(fixes));
    }

    /// The slope of a sigmoid is 1/4 at most, and is multiplied from layer to layer (Hochreiter
    /// 1991).
    void adviseOnSigmoids() {
        std::vector<int> depth(analysis_.flat.nodes.size());
        std::optional<std::size_t> deepest;
        NetworkEdit::Group edits;
        std::set<std::pair<std::string, NodeId>> seen;
        for (std::size_t i = 0; i < depth.size(); ++i) {
            const auto traits = traitsOf(flat(i));
            if (traits.normalization != NormalizationKind::None || traits.shortcut)
                continue; // gradients go past or are brought back to size
            for (const auto& source : flat(i).inputs)
                if (source)
                    depth[i] = std::max(depth[i], depth[*source]);
            if (activationOf(flat(i)) != "sigmoid" || !analysis_.nodes[i].reachesOutput)
                continue;
            ++depth[i];
            const auto origin = flat(i).originOf("activation");
            if (findParam(flat(i).layer->params, "activation") &&
                seen.emplace(origin.graph, origin.node).second)
                edits.push_back(set(i, "activation", std::string("relu")));
            if (!deepest || depth[i] > depth[*deepest])
                deepest = i;
        }
        if (!deepest || depth[*deepest] < kDeepStack)
            return;
        std::vector<Fix> fixes;
        if (!edits.empty())
            fixes.push_back({"Use ReLU in all of them", {std::move(edits)}});
        report(*deepest, Severity::Warning,
               findParam(flat(*deepest).layer->params, "activation") ? "activation" : "",
               fmt::format("{} sigmoids follow one another; each lets through at most a quarter of "
                           "the gradient, so the first layers hardly learn.",
                           depth[*deepest]),
               std::move(fixes));
    }

    /// Worth knowing in a network of convolutions; one of Dense layers has its weights nowhere
    /// else.
    void adviseOnSize() {
        bool convolves = false;
        std::optional<std::size_t> largest;
        for (std::size_t i = 0; i < analysis_.flat.nodes.size(); ++i) {
            if (!flat(i).layer || !analysis_.nodes[i].reachesOutput)
                continue;
            convolves = convolves || flat(i).layer->category == Category::Convolution;
            if (traitsOf(flat(i)).linear &&
                (!largest || analysis_.nodes[i].parameters > analysis_.nodes[*largest].parameters))
                largest = i;
        }
        if (!convolves || !largest)
            return;
        const auto share = static_cast<double>(analysis_.nodes[*largest].parameters) /
                           static_cast<double>(analysis_.parameters);
        if (!(share >= kMostOfParameters)) // also while nothing has parameters yet
            return;
        std::vector<Fix> fixes;
        const auto& source = flat(*largest).inputs.front();
        if (source && flat(*source).layer && flat(*source).layer->key == "flatten")
            if (auto pooled = poolInstead(*source))
                fixes.push_back({"Use global average pooling", std::move(*pooled)});
        report(*largest, Severity::Info, "",
               fmt::format("{} holds {:.1f} % of all parameters.", nameOf(*largest), 100 * share),
               std::move(fixes));
    }

    /// A GlobalAveragePool in the place of a Flatten.
    [[nodiscard]] std::optional<NetworkEdit> poolInstead(std::size_t flatten) const {
        const auto& name = flat(flatten).graph;
        const auto& graph = network_.graph(name);
        const auto old = flat(flatten).node;
        const auto* into = graph.linkInto({old, {0}});
        const auto& input = analysis_.nodes[flatten].inputs.front();
        if (!into || !input || input->rank() != 3)
            return {};
        Node pool;
        pool.id = graph.freshNodeId();
        pool.name = graph.freshName("pool");
        pool.use = LayerUse{"global-average-pool"};
        const auto id = pool.id;
        auto fresh = graph.freshLinkId();
        NetworkEdit::Group edits{removeNodes(network_, name, {old}),
                                 {AddNode{name, std::move(pool)}}};
        const auto link = [&](PortRef from, PortRef to) {
            edits.push_back({AddLink{name, {LinkId{fresh.value++}, from, to}}});
        };
        link(into->from, {id, {0}});
        for (const auto each : graph.linksOf(old))
            if (const auto& out = *graph.find(each); out.from.node == old)
                link({id, {0}}, out.to);
        return NetworkEdit{std::move(edits)};
    }

    const Network& network_;
    const Analysis& analysis_;
    DiagnosticList& diagnostics_;
    struct Consumers {
        std::size_t count = 0;
        std::size_t first = 0; ///< index
    };
    std::vector<Consumers> consumers_;
    std::vector<bool> learnsBehind_; ///< something after the node has weights
};

// ---- merges

/// Stride that takes one length to the other, when there is one.
std::optional<std::int64_t> strideFor(std::int64_t from, std::int64_t to) {
    for (const std::int64_t stride : {1, 2, 4, 8})
        if ((from + stride - 1) / stride == to)
            return stride;
    return {};
}

std::optional<Fix> projection(const Network& network, const Analysis& analysis, std::size_t merge,
                              std::size_t port, const Shape& wanted) {
    const auto& node = analysis.flat.nodes[merge];
    const auto& shape = *analysis.nodes[merge].inputs[port];
    if (shape.rank() != 3 || wanted.rank() != 3)
        return {};
    const auto rows = strideFor(shape[1], wanted[1]);
    const auto columns = strideFor(shape[2], wanted[2]);
    const auto& graph = network.graph(node.graph);
    const auto* link = graph.linkInto({node.node, {static_cast<std::uint32_t>(port)}});
    if (!rows || !columns || !link)
        return {};
    Node made;
    made.id = graph.freshNodeId();
    made.name = graph.freshName("projection");
    made.use = LayerUse{"conv2d"};
    made.params = {{"filters", wanted[0]},
                   {"kernel", IntTuple{1, 1}},
                   {"stride", IntTuple{*rows, *columns}},
                   {"activation", std::string("identity")}};
    return Fix{fmt::format("Project {} to {}", graph.find(link->from.node)->name, toString(wanted)),
               insertIntoLink(network, node.graph, link->id, std::move(made))};
}

/// Same padding in all convolutions of stride 1 on the way that leads to the port alone.
std::optional<Fix> samePadding(const Network& network, const Analysis& analysis, std::size_t merge,
                               std::size_t port) {
    std::vector<int> uses(analysis.flat.nodes.size());
    for (const auto& each : analysis.flat.nodes)
        for (const auto& source : each.inputs)
            if (source)
                ++uses[*source];
    NetworkEdit::Group edits;
    for (auto at = analysis.flat.nodes[merge].inputs[port]; at && uses[*at] == 1;) {
        const auto& node = analysis.flat.nodes[*at];
        if (!node.layer || node.inputs.size() != 1)
            break;
        if (node.layer->category == Category::Convolution &&
            findParam(node.layer->params, "padding")) {
            const Params params(node.layer->params, node.params);
            const auto& stride = params.tuple("stride");
            const bool whole = std::ranges::all_of(stride, [](auto s) { return s == 1; });
            if (!whole)
                return {};
            const auto origin = node.originOf("padding");
            if (params.text("padding") != "same")
                edits.push_back(
                    {SetParam{origin.graph, origin.node, origin.param, std::string("same")}});
        }
        at = node.inputs.front();
    }
    if (edits.empty())
        return {};
    const auto source = *analysis.flat.nodes[merge].inputs[port];
    const auto& last = analysis.flat.nodes[source];
    return Fix{fmt::format("Use same padding on the way to {}",
                           network.graph(last.graph).find(last.node)->name),
               {std::move(edits)}};
}

} // namespace

void advise(const Network& network, const Analysis& analysis, DiagnosticList& diagnostics) {
    Adviser(network, analysis, diagnostics).run();
}

std::vector<Fix> mergeFixes(const Network& network, const Analysis& analysis, std::size_t merge) {
    const auto& node = analysis.flat.nodes[merge];
    const auto& inputs = analysis.nodes[merge].inputs;
    std::vector<Fix> fixes;
    if (!node.layer || node.layer->category != Category::Merge || inputs.size() != 2 ||
        !inputs[0] || !inputs[1] || *inputs[0] == *inputs[1] || inputs[0]->rank() != 3 ||
        inputs[1]->rank() != 3)
        return fixes;
    const auto& first = *inputs[0];
    const auto& second = *inputs[1];
    const bool sameChannels = first[0] == second[0];
    // The smaller picture has lost its edges to convolutions without padding.
    const std::size_t smaller = first[1] * first[2] < second[1] * second[2] ? 0 : 1;
    if (sameChannels || node.layer->traits.joins)
        if (auto fix = samePadding(network, analysis, merge, smaller))
            fixes.push_back(std::move(*fix));
    if (node.layer->traits.joins)
        return fixes;
    // The branch with fewer layers behind it is the shortcut: the larger picture, or fewer
    // channels.
    const bool secondIsShortcut =
        first[1] == second[1] ? second[0] < first[0] : second[1] > first[1];
    const std::size_t shortcut = secondIsShortcut ? 1 : 0;
    if (auto fix = projection(network, analysis, merge, shortcut, *inputs[1 - shortcut]))
        fixes.push_back(std::move(*fix));
    return fixes;
}

} // namespace gradwright
