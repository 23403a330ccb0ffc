// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/made_layers.h"

#include "engine/graph/lower.h"
#include "engine/layers/catalog.h"
#include "engine/support/error.h"

namespace gradwright {
namespace {

constexpr std::size_t kMostLetters = 56; ///< of a name, so that a number fits behind it

bool isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

/// As a network's names may be.
std::string networkName(const std::string& text) {
    std::string name;
    for (const char c : text) {
        if (isLetter(c))
            name += c;
        else if (!name.empty() && name.back() != '_')
            name += '_';
    }
    while (!name.empty() && name.back() == '_')
        name.pop_back();
    return name.size() > kMostLetters ? name.substr(name.size() - kMostLetters) : name;
}

} // namespace

std::string freshNetworkName(const Graph& graph, const std::string& wanted) {
    auto stem = networkName(wanted);
    if (stem.empty())
        stem = "layer";
    auto name = stem;
    for (int i = 2; graph.findByName(name); ++i)
        name = fmt::format("{}_{}", stem, i);
    return name;
}

std::vector<Operand> addLayerTo(Network& network, Weights& weights, const std::string& key,
                                ParamValues params, std::span<const Operand> inputs,
                                const std::string& name, LayerWeights values) {
    const auto& def = layer(key);
    if (const auto problems = validate(def.params, params); !problems.empty())
        throw Error("{}", problems.front().message);
    if (inputs.size() < def.minInputs || inputs.size() > def.maxInputs)
        throw Error("{} takes {} to {} inputs, and there are {}", def.title, def.minInputs,
                    def.maxInputs, inputs.size());
    std::vector<Shape> shapes;
    for (const auto& input : inputs)
        shapes.push_back(input.shape);
    const InferContext context{Params(def.params, params), shapes};
    const auto inferred = def.infer(context);
    if (const auto* problem = std::get_if<LayerProblem>(&inferred))
        throw Error("{}", problem->message);
    std::vector<Shape> made{std::get<Shape>(inferred)};
    if (def.several.shapes)
        made = def.several.shapes(context);
    auto& graph = network.main;
    Node node{graph.freshNodeId(), freshNetworkName(graph, name), LayerUse{key}, std::move(params)};
    dropDefaults(node);
    const auto id = node.id;
    for (auto& [suffix, tensor] : values)
        weights.values.emplace_back(fmt::format("{}/{}", node.name, suffix), std::move(tensor));
    graph.insert(std::move(node));
    for (std::size_t i = 0; i < inputs.size(); ++i)
        graph.insert(Link{
            graph.freshLinkId(), inputs[i].port, {id, PortIndex{static_cast<std::uint32_t>(i)}}});
    std::vector<Operand> outputs;
    for (std::size_t i = 0; def.hasOutput && i < made.size(); ++i)
        outputs.push_back({{id, PortIndex{static_cast<std::uint32_t>(i)}}, made[i]});
    return outputs;
}

void requireWhole(const Network& network, const Weights& weights) {
    const auto analysis = analyze(network);
    for (const auto& diagnostic : analysis.diagnostics)
        if (diagnostic.severity == Severity::Error)
            throw Error("the layers made of the model do not fit each other: {}",
                        diagnostic.message);
    const auto graph = lower(analysis);
    for (const auto& spec : graph.weights()) {
        const auto* values = weights.find(spec.key);
        if (!values || values->shape() != spec.shape)
            throw Error("the model gives {} {} where its layer needs {}", spec.key,
                        values ? toString(values->shape()) : "no values", toString(spec.shape));
    }
}

} // namespace gradwright
