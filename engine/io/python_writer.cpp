// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/python_writer.h"

#include "engine/graph/lower.h"
#include "engine/layers/python_names.h"
#include "engine/support/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace gradwright {
namespace {

/// What the files import or define themselves, beside what code::pythonKeywords() and
/// code::torchModuleMembers() keep for others.
constexpr std::array kNamesOfFiles = {"F",           "Formula",      "Net",   "PATHS", "WEIGHTS",
                                      "build_model", "fitted",       "float", "keras", "layers",
                                      "load_file",   "load_weights", "nn",    "numpy", "ops",
                                      "self",        "sys",          "torch"};

/// "stage2/1/conv1" → "stage2_1_conv1", a Python identifier that is not taken yet.
std::string identifier(std::string_view path, std::set<std::string>& taken) {
    std::string name(path);
    // Names of nodes hold ASCII letters, digits, "-" and "_" alone.
    std::ranges::replace_if(
        name, [](char c) { return c == '/' || c == '-'; }, '_');
    // A leading underscore may mean an attribute of nn.Module, a leading digit is no identifier.
    if (name.front() == '_' || (name.front() >= '0' && name.front() <= '9'))
        name.insert(0, "layer");
    auto unique = name;
    for (int number = 2; !taken.insert(unique).second; ++number)
        unique = fmt::format("{}_{}", name, number);
    return unique;
}

std::string withThousands(std::int64_t number) {
    auto text = std::to_string(number);
    for (auto end = static_cast<std::ptrdiff_t>(text.size()) - 3; end > 0; end -= 3)
        text.insert(static_cast<std::size_t>(end), 1, ',');
    return text;
}

} // namespace

PythonNetwork::PythonNetwork(const Network& network)
    : analysis_(analyze(network))
    , ops_(lower(analysis_))
    , names_(analysis_.nodes.size())
    , variables_(analysis_.nodes.size()) {
    std::set<std::string> taken(kNamesOfFiles.begin(), kNamesOfFiles.end());
    for (const auto names : {code::pythonKeywords(), code::torchModuleMembers()})
        taken.insert(names.begin(), names.end());
    for (std::size_t i = 0; i < analysis_.nodes.size(); ++i)
        if (analysis_.nodes[i].reachesOutput)
            names_[i] = identifier(analysis_.flat.nodes[i].path, taken);
    for (std::size_t i = 0; i < analysis_.nodes.size(); ++i)
        if (analysis_.nodes[i].reachesOutput)
            add(i);

    std::map<std::string_view, PythonNode*> byPath;
    for (auto& layer : layers_)
        byPath[layer.node->path] = &layer;
    for (const auto& op : ops_.ops())
        for (const auto weight : op.weights) {
            auto& keys = byPath.at(op.path)->weights;
            if (std::ranges::find(keys, ops_.weight(weight).key) == keys.end())
                keys.push_back(ops_.weight(weight).key);
        }
    // Those that ops take as inputs, in the order in which the layer declares them.
    for (const auto& value : ops_.values())
        if (value.weight) {
            const auto& key = ops_.weight(*value.weight).key;
            byPath.at(key.substr(0, key.rfind('/')))->weights.push_back(key);
        }
}

void PythonNetwork::add(std::size_t index) {
    const auto& node = analysis_.flat.nodes[index];
    const auto& found = analysis_.nodes[index];
    PythonNode python{&node, names_[index], {}, {}, found.output, {}};
    for (std::size_t port = 0; port < node.inputs.size(); ++port) {
        const auto& source = *node.inputs[port];
        const bool isOneOfSeveral = analysis_.flat.nodes[source].layer->several.count != nullptr;
        python.inputs.push_back(isOneOfSeveral
                                    ? fmt::format("{}[{}]", variables_[source], source.output)
                                    : variables_[source]);
        python.shapes.push_back(*found.inputs[port]);
    }
    if (!node.layer->lower && !python.inputs.empty()) {
        // An end of a block or of the network passes on what it gets.
        variables_[index] = python.inputs.front();
        if (node.graph.empty()) {
            outputs_.push_back(variables_[index]);
            ends_.push_back(fmt::format("{} {}", node.path, toString(found.output)));
        }
        return;
    }
    if (node.layer->lower && (!node.layer->pytorch || !node.layer->keras))
        throw Error("{} cannot be written as Python: {} has no counterpart there", node.path,
                    node.layer->title);
    variables_[index] = python.name;
    (node.layer->lower ? layers_ : inputs_).push_back(std::move(python));
}

std::string PythonNetwork::inputNames() const {
    std::vector<std::string_view> names;
    for (const auto& input : inputs_)
        names.emplace_back(input.name);
    return fmt::format("{}", fmt::join(names, ", "));
}

std::string PythonNetwork::result() const {
    const auto all = fmt::format("{}", fmt::join(outputs_, ", "));
    return outputs_.size() == 1 ? all : fmt::format("({})", all);
}

std::string PythonNetwork::description() const {
    std::vector<std::string> starts;
    for (const auto& input : inputs_)
        starts.push_back(fmt::format("{} {}", input.node->path, toString(input.output)));
    return fmt::format("{} → {}, {} parameters.", fmt::join(starts, ", "), fmt::join(ends_, ", "),
                       withThousands(ops_.parameters()));
}

std::string pythonTuple(const std::vector<std::int64_t>& values) {
    return fmt::format("({}{})", fmt::join(values, ", "), values.size() == 1 ? "," : "");
}

} // namespace gradwright
