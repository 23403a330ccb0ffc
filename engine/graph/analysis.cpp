// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/analysis.h"

#include "engine/graph/lower.h"
#include "engine/layers/catalog.h"
#include "engine/support/error.h"

#include <algorithm>

namespace gradwright {
namespace {

Fix toFix(const Network& network, const FlatNode& flat, const Proposal& proposal) {
    const auto& graph = network.graph(flat.graph);
    const auto visitor = Overloaded{
        [&](const SetParamProposal& set) {
            return NetworkEdit{SetParam{flat.graph, flat.node, set.param, set.value}};
        },
        [&](const InsertLayerProposal& insert) {
            const auto* link = graph.linkInto({flat.node, insert.input});
            if (!link)
                throw Error("a layer is proposed in front of an input without a link");
            Node node{graph.freshNodeId(), graph.freshName(insert.layer), LayerUse{insert.layer},
                      insert.params};
            return insertIntoLink(network, flat.graph, link->id, std::move(node));
        },
    };
    return {proposal.title, std::visit(visitor, proposal.action)};
}

class Analyzer {
public:
    explicit Analyzer(const Network& network)
        : network_(network) {
        analysis_.flat = expand(network);
        analysis_.nodes.resize(analysis_.flat.nodes.size());
        analysis_.diagnostics = analysis_.flat.diagnostics;
    }

    Analysis run() {
        for (std::size_t i = 0; i < analysis_.nodes.size(); ++i)
            inferNode(i);
        markReaching();
        reportLooseEnds();
        for (const auto& node : analysis_.nodes)
            if (node.reachesOutput) {
                analysis_.parameters += node.parameters;
                analysis_.macs += node.macs;
            }
        return std::move(analysis_);
    }

private:
    [[nodiscard]] const FlatNode& flat(std::size_t index) const {
        return analysis_.flat.nodes[index];
    }

    void report(std::size_t index, Severity severity, std::string message, std::string param = {},
                std::vector<Fix> fixes = {}) {
        const auto& node = flat(index);
        analysis_.diagnostics.push_back({severity,
                                         {node.graph, node.node, {}, std::move(param), node.path},
                                         std::move(message),
                                         std::move(fixes)});
    }

    void inferNode(std::size_t index) {
        const auto& node = flat(index);
        auto& result = analysis_.nodes[index];
        for (const auto& source : node.inputs)
            result.inputs.push_back(source && analysis_.nodes[*source].state == ShapeState::Known
                                        ? std::optional(analysis_.nodes[*source].output)
                                        : std::nullopt);
        if (!node.layer) {
            result.state = ShapeState::Contradiction;
            return report(index, Severity::Error,
                          fmt::format("This version does not know the layer \"{}\" of {}.",
                                      layerKey(node), node.path));
        }
        if (!checkParams(index) || !checkPlace(index))
            return;
        std::vector<Shape> shapes;
        for (std::size_t port = 0; port < node.inputs.size(); ++port) {
            if (!node.inputs[port])
                report(index, Severity::Warning,
                       fmt::format("Input {} of {} is not connected.", port, node.path));
            if (!result.inputs[port])
                return; // pending
            shapes.push_back(*result.inputs[port]);
        }
        infer(index, shapes);
    }

    [[nodiscard]] std::string layerKey(const FlatNode& node) const {
        return network_.graph(node.graph).find(node.node)->layerUse()->layer;
    }

    bool checkParams(std::size_t index) {
        const auto problems = validate(flat(index).layer->params, flat(index).params);
        for (const auto& problem : problems) {
            std::vector<Fix> fixes;
            fixes.push_back({"Use the default",
                             {SetParam{flat(index).graph, flat(index).node, problem.param, {}}}});
            report(index, Severity::Error, problem.message + ".", problem.param, std::move(fixes));
        }
        if (!problems.empty())
            analysis_.nodes[index].state = ShapeState::Contradiction;
        return problems.empty();
    }

    bool checkPlace(std::size_t index) {
        if (!flat(index).layer->insideBlocksOnly || !flat(index).graph.empty())
            return true;
        analysis_.nodes[index].state = ShapeState::Contradiction;
        report(index, Severity::Error,
               fmt::format("{} belongs inside a block; the network itself uses Input and Output.",
                           flat(index).layer->title));
        return false;
    }

    void infer(std::size_t index, const std::vector<Shape>& shapes) {
        const auto& node = flat(index);
        auto& result = analysis_.nodes[index];
        const Params params(node.layer->params, node.params);
        const auto inferred = node.layer->infer({params, shapes});
        if (const auto* problem = std::get_if<LayerProblem>(&inferred)) {
            result.state = ShapeState::Contradiction;
            std::vector<Fix> fixes;
            for (const auto& proposal : problem->proposals)
                fixes.push_back(toFix(network_, node, proposal));
            return report(index, Severity::Error, problem->message, problem->param,
                          std::move(fixes));
        }
        result.state = ShapeState::Known;
        result.output = std::get<Shape>(inferred);
        countCost(index, shapes);
    }

    /// Parameters and MACs are those of the ops that the layer lowers to, so they cannot disagree
    /// with what runs.
    void countCost(std::size_t index, const std::vector<Shape>& shapes) {
        const auto& node = flat(index);
        if (!node.layer->lower)
            return;
        try {
            OpGraph ops;
            std::vector<ValueId> inputs;
            for (const auto& shape : shapes)
                inputs.push_back(ops.addInput("x", {shape}));
            LowerContext context(ops, Params(node.layer->params, node.params), std::move(inputs),
                                 node.path);
            node.layer->lower(context);
            analysis_.nodes[index].parameters = ops.parameters();
            analysis_.nodes[index].macs = ops.macs();
        } catch (const Error& error) {
            analysis_.nodes[index].state = ShapeState::Contradiction;
            report(index, Severity::Error, error.what());
        }
    }

    void markReaching() {
        for (std::size_t i = analysis_.nodes.size(); i-- > 0;) {
            const auto& node = flat(i);
            const bool isOutput = node.layer && node.graph.empty() && node.layer->key == "output";
            if (!isOutput && !analysis_.nodes[i].reachesOutput)
                continue;
            analysis_.nodes[i].reachesOutput = true;
            for (const auto& source : node.inputs)
                if (source)
                    analysis_.nodes[*source].reachesOutput = true;
        }
    }

    void reportLooseEnds() {
        if (analysis_.nodes.empty())
            return;
        if (nodesOfLayer(network_.main, "output").empty())
            analysis_.diagnostics.push_back(
                {Severity::Warning, {}, "The network has no Output; training needs one."});
        for (std::size_t i = 0; i < analysis_.nodes.size(); ++i) {
            if (analysis_.nodes[i].reachesOutput || !flat(i).layer)
                continue;
            if (isLastOfBranch(i))
                report(i, Severity::Warning,
                       fmt::format("{} leads to no Output; this branch is left out of training.",
                                   flat(i).path));
        }
    }

    [[nodiscard]] bool isLastOfBranch(std::size_t index) {
        if (consumed_.empty()) {
            consumed_.resize(analysis_.nodes.size(), false);
            for (const auto& node : analysis_.flat.nodes)
                for (const auto& source : node.inputs)
                    if (source)
                        consumed_[*source] = true;
        }
        return !consumed_[index];
    }

    const Network& network_;
    Analysis analysis_;
    std::vector<bool> consumed_;
};

} // namespace

bool Analysis::hasErrors() const {
    return std::ranges::any_of(diagnostics, [](const Diagnostic& diagnostic) {
        return diagnostic.severity == Severity::Error;
    });
}

std::size_t Analysis::indexOf(std::string_view path) const {
    const auto found = std::ranges::find(flat.nodes, path, &FlatNode::path);
    if (found == flat.nodes.end())
        throw Error("the network has no layer \"{}\"", path);
    return static_cast<std::size_t>(found - flat.nodes.begin());
}

Analysis analyze(const Network& network) {
    return Analyzer(network).run();
}

} // namespace gradwright
