// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/analysis.h"

#include "engine/graph/advice.h"
#include "engine/graph/lower.h"
#include "engine/layers/catalog.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <unordered_map>

namespace gradwright {
namespace {

Fix toFix(const Network& network, const FlatNode& flat, const Proposal& proposal) {
    const auto& graph = network.graph(flat.graph);
    const auto visitor = Overloaded{
        [&](const SetParamProposal& set) {
            const auto origin = flat.originOf(set.param);
            return NetworkEdit{SetParam{origin.graph, origin.node, origin.param, set.value}};
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

/// What a layer says of some shapes, and what it then costs.
struct Answer {
    Inferred inferred;
    std::vector<Shape> further = {}; ///< shapes of the outputs behind the first
    std::int64_t parameters = 0;
    std::int64_t macs = 0;
    bool hasStep = false;
};

/// Shapes too large to hold are refused by Shape itself.
Inferred inferOrProblem(const LayerDef& layer, const InferContext& context) {
    try {
        return layer.infer(context);
    } catch (const Error& error) {
        return LayerProblem{fmt::format("{}: {}.", layer.title, error.what()), "", {}};
    }
}

/// Parameters and MACs are those of the ops that the layer lowers to, so they cannot disagree with
/// what runs.
Answer ask(const LayerDef& layer, const ParamValues& values, const std::vector<Shape>& shapes) {
    const Params params(layer.params, values);
    Answer answer{inferOrProblem(layer, {params, shapes})};
    if (!layer.lower || std::holds_alternative<LayerProblem>(answer.inferred))
        return answer;
    try {
        OpGraph ops;
        std::vector<ValueId> inputs;
        for (const auto& shape : shapes)
            inputs.push_back(ops.addInput("x", {shape}));
        LowerContext context(ops, params, std::move(inputs), "layer");
        layer.lower(context);
        if (layer.several.shapes) {
            const auto all = layer.several.shapes({params, shapes});
            answer.further.assign(all.begin() + 1, all.end());
        }
        answer.parameters = ops.parameters();
        answer.macs = ops.macs();
        answer.hasStep = std::ranges::any_of(ops.ops(), [](const Op& op) {
            const auto* function = std::get_if<ActivationOp>(&op.attributes);
            return function && function->activation.kind == ActivationKind::Step;
        });
    } catch (const Error& error) {
        answer.inferred = LayerProblem{fmt::format("{}: {}.", layer.title, error.what()), "", {}};
    }
    return answer;
}

/// Collects values so that different ones give different text.
class Key {
public:
    template <class T>
    requires std::is_arithmetic_v<T>
    void add(T value) { text_.append(reinterpret_cast<const char*>(&value), sizeof value); }
    void add(const std::string& value) {
        add(value.size());
        text_ += value;
    }
    void add(const std::vector<std::int64_t>& values) {
        add(values.size());
        for (const auto value : values)
            add(value);
    }
    void add(const ParamValue& value) {
        add(value.index());
        std::visit([this](const auto& each) { add(each); }, value);
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

private:
    std::string text_;
};

/// Deep networks ask the same many times, and editors after every change: answers are kept.
const Answer& answerOf(const LayerDef& layer, const ParamValues& params,
                       const std::vector<Shape>& shapes) {
    constexpr std::size_t most = 20'000;
    thread_local std::unordered_map<std::string, Answer> known;
    Key collected;
    collected.add(std::string(layer.key));
    collected.add(params.size());
    for (const auto& [name, value] : params) {
        collected.add(name);
        collected.add(value);
    }
    for (const auto& shape : shapes)
        collected.add(shape.dims());
    auto key = collected.take();
    if (const auto found = known.find(key); found != known.end())
        return found->second;
    if (known.size() >= most)
        known.clear();
    return known.emplace(std::move(key), ask(layer, params, shapes)).first->second;
}

class Analyzer {
public:
    explicit Analyzer(const Network& network)
        : network_(network) {
        analysis_.flat = expand(network);
        analysis_.nodes.resize(analysis_.flat.nodes.size());
    }

    Analysis run() {
        for (std::size_t i = 0; i < analysis_.nodes.size(); ++i)
            inferNode(i);
        markReaching();
        reportLooseEnds();
        reportSteps();
        // A network that is being drawn has no output yet, and its layers count all the same.
        const bool hasEnd = std::ranges::any_of(analysis_.nodes, &NodeAnalysis::reachesOutput);
        for (const auto& node : analysis_.nodes)
            if (node.reachesOutput || !hasEnd) {
                analysis_.parameters += node.parameters;
                analysis_.macs += node.macs;
            }
        advise(network_, analysis_, diagnostics());
        analysis_.diagnostics = diagnostics().take();
        return std::move(analysis_);
    }

private:
    [[nodiscard]] const FlatNode& flat(std::size_t index) const {
        return analysis_.flat.nodes[index];
    }

    void report(std::size_t index, Severity severity, std::string message, std::string param = {},
                std::vector<Fix> fixes = {}) {
        const auto origin = flat(index).originOf(param);
        diagnostics().add({severity,
                           {origin.graph, origin.node, {}, origin.param, flat(index).path},
                           std::move(message),
                           std::move(fixes)});
    }

    DiagnosticList& diagnostics() { return analysis_.flat.diagnostics; }

    [[nodiscard]] const Node& drawn(std::size_t index) const {
        return *network_.graph(flat(index).graph).find(flat(index).node);
    }

    void inferNode(std::size_t index) {
        const auto& node = flat(index);
        auto& result = analysis_.nodes[index];
        for (const auto& source : node.inputs)
            result.inputs.push_back(
                source && analysis_.nodes[*source].state == ShapeState::Known
                    ? std::optional(analysis_.nodes[*source].outputAt(source->output))
                    : std::nullopt);
        if (!node.layer) {
            result.state = ShapeState::Contradiction;
            return report(index, Severity::Error,
                          fmt::format("This version does not know the layer \"{}\" of {}.",
                                      excerpt(drawn(index).layerUse()->layer), drawn(index).name));
        }
        reportUnconnected(index);
        if (!checkParams(index) || !checkPlace(index))
            return;
        std::vector<Shape> shapes;
        for (const auto& input : result.inputs) {
            if (!input)
                return; // pending
            shapes.push_back(*input);
        }
        infer(index, shapes);
    }

    /// What a Block input lacks is said of the instance, which has the port.
    void reportUnconnected(std::size_t index) {
        const auto& node = flat(index);
        if (node.layer->maxInputs == 0)
            return;
        const auto& graph = network_.graph(node.graph);
        for (std::uint32_t port = 0; port < node.inputs.size(); ++port)
            if (!node.inputs[port] && !graph.linkInto({node.node, PortIndex{port}}))
                diagnostics().add(
                    {Severity::Warning,
                     {node.graph, node.node, {}, {}, node.path, PortIndex{port}},
                     fmt::format("Input {} of {} is not connected.", port, drawn(index).name)});
    }

    bool checkParams(std::size_t index) {
        const auto problems = validate(flat(index).layer->params, flat(index).params);
        for (const auto& problem : problems) {
            const auto origin = flat(index).originOf(problem.param);
            const bool declared = findParam(flat(index).layer->params, problem.param);
            std::vector<Fix> fixes;
            fixes.push_back({declared ? "Use the default" : "Remove it",
                             {SetParam{origin.graph, origin.node, origin.param, {}}}});
            report(index, Severity::Error, problem.message + ".", problem.param, std::move(fixes));
        }
        if (!problems.empty())
            analysis_.nodes[index].state = ShapeState::Contradiction;
        return problems.empty();
    }

    /// Input and Output are the network's ends, Block input and Block output a block's.
    bool checkPlace(std::size_t index) {
        const auto& layer = *flat(index).layer;
        const bool inBlock = !flat(index).graph.empty();
        if (layer.category != Category::InputOutput || layer.insideBlocksOnly == inBlock)
            return true;
        analysis_.nodes[index].state = ShapeState::Contradiction;
        report(index, Severity::Error,
               inBlock ? fmt::format("{} belongs in the network itself; a block uses Block input "
                                     "and Block output.",
                                     layer.title)
                       : fmt::format(
                             "{} belongs inside a block; the network itself uses Input and Output.",
                             layer.title));
        return false;
    }

    void infer(std::size_t index, const std::vector<Shape>& shapes) {
        const auto& node = flat(index);
        auto& result = analysis_.nodes[index];
        const auto& answer = answerOf(*node.layer, node.params, shapes);
        if (const auto* problem = std::get_if<LayerProblem>(&answer.inferred)) {
            result.state = ShapeState::Contradiction;
            std::vector<Fix> fixes;
            for (const auto& proposal : problem->proposals)
                fixes.push_back(toFix(network_, node, proposal));
            std::ranges::move(mergeFixes(network_, analysis_, index), std::back_inserter(fixes));
            return report(index, Severity::Error, problem->message, problem->param,
                          std::move(fixes));
        }
        result.state = ShapeState::Known;
        result.output = std::get<Shape>(answer.inferred);
        result.further = answer.further;
        result.parameters = answer.parameters;
        result.macs = answer.macs;
        result.hasStep = answer.hasStep;
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
        if (nodesOfLayer(network_.main, "output").empty()) {
            diagnostics().add({Severity::Warning,
                               {},
                               "The network has no Output; training needs one.",
                               outputFix()});
            return;
        }
        for (std::size_t i = 0; i < analysis_.nodes.size(); ++i) {
            if (analysis_.nodes[i].reachesOutput || !flat(i).layer)
                continue;
            if (isLastOfBranch(i))
                report(i, Severity::Warning,
                       fmt::format("{} leads to no Output; this branch is left out of training.",
                                   drawn(i).name),
                       {}, looseEndFixes(i));
        }
    }

    [[nodiscard]] NetworkEdit addOutputBehind(NodeId source) const {
        const auto& graph = network_.main;
        Node output;
        output.id = graph.freshNodeId();
        output.name = graph.freshName("output");
        output.use = LayerUse{"output"};
        Link link;
        link.id = graph.freshLinkId();
        link.from = {source, {0}};
        link.to = {output.id, {0}};
        return {NetworkEdit::Group{{AddNode{"", std::move(output)}}, {AddLink{"", link}}}};
    }

    /// Behind the nodes that lead nowhere, the one with the longest way to it first. Of a block
    /// what is drawn is its instance.
    [[nodiscard]] std::vector<Fix> outputFix() {
        struct End {
            const Node* node;
            std::size_t depth;
        };
        std::vector<std::size_t> depths(analysis_.nodes.size(), 0);
        std::vector<End> ends;
        for (std::size_t i = 0; i < analysis_.nodes.size(); ++i) {
            for (const auto& source : flat(i).inputs)
                if (source)
                    depths[i] = std::max(depths[i], depths[*source] + 1);
            if (!isLastOfBranch(i) || !flat(i).layer)
                continue;
            const auto* const node =
                flat(i).graph.empty()
                    ? network_.main.find(flat(i).node)
                    : network_.main.findByName(flat(i).path.substr(0, flat(i).path.find('/')));
            const bool leadsNowhere =
                node && std::ranges::none_of(network_.main.links(), [&](const auto& each) {
                    return each.second.from.node == node->id;
                });
            if (leadsNowhere && std::ranges::find(ends, node, &End::node) == ends.end())
                ends.push_back({node, depths[i]});
        }
        std::ranges::stable_sort(ends, std::greater{}, &End::depth);
        std::vector<Fix> fixes;
        for (const auto& [node, depth] : ends)
            fixes.push_back({ends.size() == 1 ? std::string("Add an Output")
                                              : fmt::format("Add an Output after {}", node->name),
                             addOutputBehind(node->id)});
        return fixes;
    }

    /// What only leads to this node goes with it.
    [[nodiscard]] std::vector<Fix> looseEndFixes(std::size_t index) const {
        const auto& name = flat(index).graph;
        const auto& graph = network_.graph(name);
        std::vector<Fix> fixes;
        if (name.empty())
            fixes.push_back({"Add an Output after it", addOutputBehind(flat(index).node)});
        if (!graph.find(flat(index).node)->layerUse() || flat(index).layer->insideBlocksOnly)
            return fixes;
        fixes.push_back({fmt::format("Remove {}", drawn(index).name),
                         removeNodes(network_, name, {flat(index).node})});
        return fixes;
    }

    /// A step with weights before it: gradient descent would leave them as they are.
    void reportSteps() {
        std::vector<bool> weights(analysis_.nodes.size());
        for (std::size_t i = 0; i < analysis_.nodes.size(); ++i) {
            const auto& node = analysis_.nodes[i];
            weights[i] = node.parameters > 0;
            for (const auto& source : flat(i).inputs)
                weights[i] = weights[i] || (source && weights[*source]);
            if (!node.hasStep || !node.reachesOutput || !weights[i])
                continue;
            const bool isParam = findParam(flat(i).layer->params, "activation") != nullptr;
            const std::string param = isParam ? "activation" : "";
            const auto origin = flat(i).originOf(param);
            std::vector<Fix> fixes;
            if (isParam)
                fixes.push_back(
                    {"Use the sigmoid",
                     {SetParam{origin.graph, origin.node, origin.param, std::string("sigmoid")}}});
            report(i, Severity::Warning,
                   fmt::format("The step of {} has slope zero: gradient descent cannot train what "
                               "comes before it; the perceptron rule can.",
                               drawn(i).name),
                   param, std::move(fixes));
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
