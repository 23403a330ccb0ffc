// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/layer_import.h"

#include "engine/exchange/found_attention.h"
#include "engine/layers/catalog.h"
#include "engine/onnx/node_ops.h"
#include "engine/support/error.h"

#include <algorithm>

namespace gradwright {
namespace {

std::int64_t axisLength(const OnnxPort& port, std::size_t axis, const OnnxImportOptions& options) {
    const auto& known = port.axes[axis];
    if (known.length > 0)
        return known.length;
    const auto byPlace = fmt::format("{}:{}", port.name, axis);
    for (const auto& name : {byPlace, known.name})
        if (const auto found = options.lengths.find(name);
            !name.empty() && found != options.lengths.end())
            return found->second;
    const auto name = known.name.empty() ? byPlace : known.name;
    throw OnnxLengthMissing(
        fmt::format("axis {} of the input \"{}\" has no length in the model: give that of \"{}\"",
                    axis, port.name, name),
        name);
}

bool isWholeType(const std::string& type) {
    return type.starts_with("int") || type.starts_with("uint");
}

} // namespace

LayerImport::LayerImport(const OnnxModel& model, const OnnxImportOptions& options)
    : model_(model)
    , options_(options)
    , budget_{options.constantElements} {}

OnnxImport LayerImport::run() {
    for (const auto& output : model_.outputs)
        outputs_.insert(output.name);
    findNeeded();
    for (const auto& node : model_.nodes) {
        if (!needed_.contains(&node))
            continue;
        for (const auto& input : readsOf(node)) {
            readers_[input].push_back(&node);
            ++unread_[input];
        }
    }
    for (const auto& output : outputs_)
        ++unread_[output];
    for (const auto& [name, tensor] : model_.initializers)
        if (tensor.values)
            folded_[name] = {tensor.values};
    if (freed_)
        for (auto& node : freed_->nodes)
            if (node.op == "Constant" && !node.outputs.empty())
                constants_[node.outputs[0]] = &node;
    std::set<const OnnxNode*> done;
    for (const auto& node : model_.nodes) {
        if (!needed_.contains(&node))
            continue;
        look();
        try {
            if (fold(node) && node.domain.empty()) {
                done.insert(&node);
                release(node);
            }
        } catch (const Error&) {
            continue; // it is told when its turn comes
        }
    }
    patterns_ = findPatterns({model_, readers_, outputs_, folded_});
    for (const auto& [last, pattern] : patterns_)
        for (const auto* node : pattern.nodes)
            if (node != last)
                consumed_.insert(node);
    done.insert(consumed_.begin(), consumed_.end());
    addInputs();
    for (const auto& node : model_.nodes) {
        if (!needed_.contains(&node) || done.contains(&node))
            continue;
        look();
        if (!consumed_.contains(&node))
            translate(node);
        if (const auto pattern = patterns_.find(&node); pattern != patterns_.end()) {
            for (const auto* const part : pattern->second.nodes)
                release(*part);
        } else {
            release(node);
        }
    }
    addOutputs();
    if (result_.problems.empty()) {
        foundAttention();
        requireWhole(result_.network, result_.weights);
    } else {
        result_.network = {};
        result_.weights = {};
    }
    return std::move(result_);
}

void LayerImport::foundAttention() {
    if (findAttention(result_.network, result_.weights) == 0)
        return;
    for (std::size_t i = keptLayers_.size(); i-- > 0;)
        if (!result_.network.main.find(keptLayers_[i]))
            result_.kept.erase(result_.kept.begin() + static_cast<std::ptrdiff_t>(i));
}

void LayerImport::findNeeded() {
    std::map<std::string_view, const OnnxNode*> makers;
    for (const auto& node : model_.nodes)
        for (const auto& output : node.outputs)
            makers[output] = &node;
    std::vector<std::string_view> open;
    std::set<std::string> names; // of what is read
    for (const auto& output : model_.outputs)
        open.push_back(output.name);
    while (!open.empty()) {
        const auto found = makers.find(open.back());
        open.pop_back();
        if (found == makers.end() || !needed_.insert(found->second).second)
            continue;
        for (const auto& input : readsOf(*found->second))
            open.push_back(*names.insert(input).first);
    }
}

void LayerImport::addInputs() {
    if (model_.outputs.empty())
        throw Error("the model has no output");
    for (const auto& port : model_.inputs) {
        if (!readers_.contains(port.name) && !outputs_.contains(port.name)) {
            note(fmt::format("The input \"{}\" is left out: nothing reads it.", port.name));
            continue;
        }
        const bool isWhole = isWholeType(port.type);
        if (!isWhole && port.type.find("float") == std::string::npos)
            throw Error("the input \"{}\" holds {}; inputs are numbers", port.name, port.type);
        if (!port.hasShape || port.axes.size() < 2)
            throw Error("the input \"{}\" needs a shape of the batch and at least one more axis",
                        port.name);
        if (port.axes.size() > 5)
            throw Error("the input \"{}\" has {} axes; samples have up to four", port.name,
                        port.axes.size());
        IntTuple shape;
        for (std::size_t axis = 1; axis < port.axes.size(); ++axis)
            shape.push_back(axisLength(port, axis, options_));
        if (!fixedBatch_ && port.axes[0].length > 0)
            fixedBatch_ = port.axes[0].length;
        const auto made = add("input", {{"shape", shape}}, std::span<const Operand>(), port.name);
        auto x = value(made);
        x.isWhole = isWhole;
        set(port.name, x);
        result_.inputs.emplace_back(result_.network.main.find(made.port.node)->name, port.name);
    }
}

void LayerImport::addOutputs() {
    for (const auto& port : model_.outputs) {
        const auto problem = [&](std::string reason) {
            result_.problems.push_back({port.name, "output", std::move(reason)});
        };
        const auto found = data_.find(port.name);
        if (found == data_.end()) {
            if (folded_.contains(port.name))
                problem("it does not depend on the inputs");
            continue; // else the node that makes it is a problem
        }
        try {
            if (found->second.joined)
                throw Error("it joins the batch with other axes");
            if (batchAxis(found->second) != 0)
                throw Error("the batch is its axis {}, and must be the first",
                            batchAxis(found->second));
            auto x = found->second;
            if (sampleDims(x).empty()) {
                x.axes.push_back(kOneAxis);
                result_.flatOutputs.insert(port.name);
                note(fmt::format(
                    "The output \"{}\" is one number per sample; here it has an axis of "
                    "length 1.",
                    port.name));
            }
            const auto made = plain(x);
            const auto id = result_.network.main.freshNodeId();
            addLayer("output", {}, std::span(&made, 1), port.name);
            result_.outputs.emplace_back(result_.network.main.find(id)->name, port.name);
        } catch (const Error& error) {
            problem(error.what());
        }
    }
}

bool LayerImport::fold(const OnnxNode& node) {
    if (!node.outputs.empty() && folded_.contains(node.outputs[0]))
        return true;
    std::vector<const FoldedValue*> inputs;
    for (const auto& name : node.inputs) {
        inputs.push_back(name.empty() ? nullptr : folded(name));
        if (!name.empty() && !inputs.back())
            return false;
    }
    if (inputs.empty() && node.op != "Constant")
        return false;
    auto made = foldNode(node, opset(), inputs, budget_);
    if (!made && !inputs.empty() && node.domain.empty())
        made = foldByEngine(node, opset(), inputs);
    if (!made)
        return false;
    for (std::size_t i = 0; i < std::min(made->size(), node.outputs.size()); ++i)
        folded_[node.outputs[i]] = std::move((*made)[i]);
    return true;
}

void LayerImport::foldShape(const OnnxNode& node) {
    const auto& x = joinedData(node);
    const auto all = dims(x);
    const auto joined = x.joined ? x.shape[static_cast<std::size_t>(*x.joined)] : 1;
    const auto rank = static_cast<std::int64_t>(all.size());
    const auto bounded = [&](std::int64_t at) {
        return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
    };
    const auto begin = bounded(node.integer("start", 0));
    const auto end = bounded(node.integer("end", rank));
    std::vector<std::int64_t> lengths;
    FoldedValue value;
    for (auto axis = begin; axis < end; ++axis) {
        const auto length = all[static_cast<std::size_t>(axis)];
        lengths.push_back(length < 0 ? joined : length);
        value.perSample.push_back(length < 0);
    }
    const auto count = static_cast<std::int64_t>(lengths.size());
    value.tensor = foldedIntegers(std::move(lengths), {count}).tensor;
    folded_[node.outputs.at(0)] = std::move(value);
}

void LayerImport::translate(const OnnxNode& node) {
    std::optional<PartedNode> apart;
    try {
        if (node.domain.empty() && !patterns_.contains(&node))
            apart = partedNode(node);
    } catch (const Error& error) {
        result_.problems.push_back({node.shortTitle(), node.op, error.what()});
        return;
    }
    if (!apart)
        return translateAsItIs(node);
    joining_ = apart->joined;
    translateAsItIs(apart->node);
    joining_.reset();
    for (std::size_t i = 0; i < apart->node.inputs.size(); ++i)
        if (const auto& name = apart->node.inputs[i];
            i >= node.inputs.size() || name != node.inputs[i]) {
            data_.erase(name);
            folded_.erase(name);
        }
}

void LayerImport::translateAsItIs(const OnnxNode& node) {
    const auto isKnown = [&](const std::string& name) {
        return name.empty() || data_.contains(name) || folded_.contains(name);
    };
    // Another node that stands for several has taken their inputs together.
    const auto pattern = patterns_.find(&node);
    const bool isPattern = pattern != patterns_.end();
    const bool isReady =
        isPattern ? isKnown(pattern->second.input) : std::ranges::all_of(readsOf(node), isKnown);
    const auto refuse = [&](const std::string& reason) {
        if (options_.nodes && isReady) {
            try {
                if (isPattern)
                    throw Error("{}", reason);
                keptLayers_.push_back(keep(node));
                result_.kept.push_back({node.shortTitle(), node.op, reason});
                return;
            } catch (const Error& error) {
                result_.problems.push_back({node.shortTitle(), node.op, error.what()});
                return;
            }
        }
        result_.problems.push_back({node.shortTitle(), node.op, reason});
    };
    if (!node.domain.empty())
        return refuse(fmt::format("its operator belongs to {}, which is not known", node.domain));
    const auto translation = translationOf(node.op);
    const bool isShape = node.op == "Shape";
    try {
        if (isReady && fold(node))
            return;
        if (!isPattern && !translation && !isShape)
            return refuse("no layer computes it");
        if (!isReady)
            return; // what it reads is a problem already
        const bool hasData = std::ranges::any_of(
            node.inputs, [&](const std::string& name) { return data_.contains(name); });
        if (isPattern)
            translationOf(pattern->second.kind)(*this, pattern->second);
        else if (!hasData)
            refuse("it makes a constant in a way that is not computed");
        else if (isShape)
            foldShape(node);
        else
            translation(*this, node);
    } catch (const Error& error) {
        refuse(error.what());
    }
}

// What nodes read.

const DataValue& LayerImport::data(const std::string& name) const {
    const auto found = data_.find(name);
    if (found == data_.end())
        throw Error("its input \"{}\" is constant", name);
    if (found->second.joined)
        throw Error("the batch is joined with another axis in its input \"{}\"", name);
    return found->second;
}

const DataValue& LayerImport::data(const OnnxNode& node, std::size_t input) const {
    if (!node.hasInput(input))
        throw Error("it lacks an input");
    return data(node.inputs[input]);
}

const DataValue& LayerImport::joinedData(const OnnxNode& node, std::size_t input) const {
    if (node.hasInput(input))
        if (const auto found = data_.find(node.inputs[input]); found != data_.end())
            return found->second;
    return data(node, input);
}

const OnnxNode* LayerImport::soleReader(const std::string& value) const {
    const auto found = readers_.find(value);
    if (found == readers_.end() || found->second.size() != 1 || outputs_.contains(value))
        return nullptr;
    const auto* reader = found->second.front();
    return consumed_.contains(reader) || patterns_.contains(reader) ? nullptr : reader;
}

bool LayerImport::isReadBy(const std::string& value, const std::set<const OnnxNode*>& nodes) const {
    const auto found = readers_.find(value);
    return found != readers_.end() && !outputs_.contains(value) &&
           std::ranges::all_of(found->second,
                               [&](const OnnxNode* reader) { return nodes.contains(reader); });
}

bool LayerImport::isIndex(const std::string& value) const {
    const auto found = readers_.find(value);
    return found != readers_.end() && !outputs_.contains(value) &&
           std::ranges::all_of(found->second, [&](const OnnxNode* reader) {
               return reader->op == "Gather" && reader->inputs.size() == 2 &&
                      reader->inputs[1] == value && reader->inputs[0] != value;
           });
}

void LayerImport::requireNoMoreOutputs(const OnnxNode& node, std::size_t outputs) const {
    for (auto i = outputs; i < node.outputs.size(); ++i)
        if (readers_.contains(node.outputs[i]) || outputs_.contains(node.outputs[i]))
            throw Error("its output {} is read, which no layer gives", i + 1);
}

void LayerImport::set(const std::string& value, DataValue data) {
    if (value.empty())
        throw Error("it has no output");
    data_.insert_or_assign(value,
                           joining_ ? joinedAgain(std::move(data), *joining_) : std::move(data));
}

// Layers.

std::string LayerImport::nameFor(const OnnxNode& node) {
    if (const auto group = groupOf(node); !group.empty())
        return group;
    if (!node.name.empty())
        return node.name;
    return node.outputs.empty() ? node.op : node.outputs[0];
}

std::vector<Operand> LayerImport::addLayer(const std::string& key, ParamValues params,
                                           std::span<const Operand> inputs, const std::string& name,
                                           LayerWeights weights) {
    return addLayerTo(result_.network, result_.weights, key, std::move(params), inputs, name,
                      std::move(weights));
}

Operand LayerImport::add(const std::string& key, ParamValues params,
                         std::span<const Operand> inputs, const std::string& name,
                         LayerWeights weights) {
    return addLayer(key, std::move(params), inputs, name, std::move(weights)).at(0);
}

DataValue LayerImport::onOwn(const DataValue& x, const std::string& key, ParamValues params,
                             const std::string& name, LayerWeights weights) {
    auto made = settled(x);
    const auto output =
        add(key, std::move(params), Operand{made.port, made.shape}, name, std::move(weights));
    made.port = output.port;
    made.shape = output.shape;
    made.isWhole = false;
    return made;
}

void LayerImport::setGroup(const Operand& made, const std::string& group) {
    if (!group.empty())
        groups_[made.port.node] = group;
}

bool LayerImport::isInGroup(const DataValue& x, const std::string& group) const {
    const auto found = groups_.find(x.port.node);
    return !x.cell && !group.empty() && found != groups_.end() && found->second == group;
}

void LayerImport::addWeight(const std::string& layer, std::string_view suffix, Tensor values) {
    result_.weights.values.emplace_back(fmt::format("{}/{}", layer, suffix), std::move(values));
}

void LayerImport::renameWeight(const std::string& layer, std::string_view from,
                               std::string_view to) {
    const auto key = fmt::format("{}/{}", layer, from);
    for (auto& [name, values] : result_.weights.values)
        if (name == key)
            name = fmt::format("{}/{}", layer, to);
}

bool LayerImport::fuseActivation(const std::string& input, const std::set<const OnnxNode*>& nodes,
                                 const OnnxNode& last, const std::string& activation,
                                 std::optional<double> slope) {
    const auto& x = data(input);
    if (!isInGroup(x, groupOf(last)) || !isReadBy(input, nodes))
        return false;
    auto& node = result_.network.main.at(x.port.node);
    const auto& specs = layer(node.layerUse()->layer).params;
    const auto* spec = findParam(specs, "activation");
    if (!spec || node.params.contains("activation") || whyInvalid(*spec, activation))
        return false;
    if (slope) {
        const auto* slopes = findParam(specs, "slope");
        if (!slopes || whyInvalid(*slopes, *slope))
            return false;
        node.params.insert_or_assign("slope", *slope);
    }
    node.params.insert_or_assign("activation", activation);
    dropDefaults(node);
    groups_.erase(x.port.node); // nothing follows the activation within the layer
    return true;
}

} // namespace gradwright
