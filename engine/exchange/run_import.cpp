// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/node_layers.h"
#include "engine/graph/lower.h"
#include "engine/layers/catalog.h"
#include "engine/onnx/node_builder.h"

#include <algorithm>

namespace gradwright {
namespace {

constexpr std::size_t kMostAxesOfInput = 6;

/// A value of the model: a constant or a layer's output.
struct RunValue {
    std::shared_ptr<const Tensor> constant{};
    PortRef port{};
    std::optional<Shape> shape{}; ///< nothing: not known
    DType type = DType::F32;
    bool isScalar = false;  ///< a number without axes, which an Input has as a vector of one
    bool isCounted = false; ///< values decide how many of its rows count, see usedRows()
};

/// The element type that values of the model's type are computed in.
DType computedType(const OnnxPort& port) {
    const auto& name = port.type;
    if (name == "float32" || name == "float16" || name == "bfloat16" || name == "float64")
        return DType::F32;
    if (name == "int16" || name == "uint16")
        return DType::I32;
    if (name == "uint32" || name == "uint64")
        return DType::I64;
    try {
        return onnxElementFromName(name);
    } catch (const Error&) {
        throw Error("the input \"{}\" holds {}; inputs are numbers", port.name, name);
    }
}

class RunImport {
public:
    RunImport(const OnnxModel& model, const OnnxImportOptions& options)
        : model_(model)
        , options_(options)
        , budget_{options.constantElements} {}

    OnnxImport run() {
        result_.isWholeRun = true;
        if (model_.outputs.empty())
            throw Error("the model has no output");
        for (const auto& [name, tensor] : model_.initializers)
            if (tensor.values)
                setConstant(name, tensor.values);
        findLengths();
        for (const auto& port : model_.inputs)
            addInput(port);
        for (const auto& node : model_.nodes) {
            if (options_.look)
                options_.look();
            add(node);
        }
        for (const auto& port : model_.outputs)
            addOutput(port.name);
        if (!result_.problems.empty() || !result_.unable.empty())
            askForSettings();
        if (!result_.problems.empty()) {
            result_.network = {};
            result_.weights = {};
        } else if (result_.unable.empty()) {
            static_cast<void>(lower(result_.network)); // says what does not fit
        }
        return std::move(result_);
    }

private:
    void setConstant(const std::string& name, std::shared_ptr<const Tensor> tensor) {
        values_[name] = {tensor, {}, tensor->shape(), tensor->dtype(), false};
    }

    /// A first axis without a length is the batch, of which there is one.
    void findLengths() {
        lengths_ = options_.lengths;
        for (const auto& port : model_.inputs) {
            if (port.axes.empty() || port.axes[0].length > 0)
                continue;
            const auto place = fmt::format("{}:0", port.name);
            const auto& name = port.axes[0].name;
            const bool isGiven =
                lengths_.contains(place) || (!name.empty() && lengths_.contains(name));
            if (!isGiven)
                lengths_[name.empty() ? place : name] = 1;
        }
    }

    /// Branches and shapes may depend on an input that is one whole number, such as a rate.
    void askForSettings() const {
        for (const auto& port : model_.inputs) {
            const auto found = values_.find(port.name);
            const bool isSetting = found != values_.end() && !found->second.constant &&
                                   found->second.type != DType::F32 &&
                                   found->second.shape->elements() == 1;
            if (!isSetting)
                continue;
            const auto& first =
                result_.problems.empty() ? result_.unable.front() : result_.problems.front();
            throw OnnxLengthMissing(
                fmt::format("{} ({}): {}. What the model computes depends on the input \"{}\": "
                            "give its value as that of \"{}\"",
                            first.node, first.op, first.reason, port.name, port.name),
                port.name, true);
        }
    }

    std::int64_t lengthOf(const OnnxPort& port, std::size_t axis) const {
        if (port.axes[axis].length > 0)
            return port.axes[axis].length;
        const auto place = fmt::format("{}:{}", port.name, axis);
        for (const auto& name : {place, port.axes[axis].name})
            if (const auto found = lengths_.find(name); !name.empty() && found != lengths_.end())
                return found->second;
        const auto& name = port.axes[axis].name;
        throw OnnxLengthMissing(
            fmt::format("axis {} of the input \"{}\" has no length in the model: give that of "
                        "\"{}\"",
                        axis, port.name, name.empty() ? place : name),
            name.empty() ? place : name);
    }

    void addInput(const OnnxPort& port) {
        if (const auto found = options_.constants.find(port.name);
            found != options_.constants.end()) {
            setConstant(port.name,
                        std::make_shared<const Tensor>(found->second.to(computedType(port))));
            result_.notes.push_back(
                fmt::format("The input \"{}\" is fixed to the given values.", port.name));
            return;
        }
        const auto type = computedType(port);
        if (const auto found = lengths_.find(port.name);
            found != lengths_.end() && type != DType::F32) {
            const auto value = found->second;
            std::vector<std::int64_t> ones(port.axes.size(), 1);
            setConstant(port.name,
                        std::make_shared<const Tensor>(
                            Tensor::of<std::int64_t>(Shape(ones), std::span(&value, 1)).to(type)));
            result_.notes.push_back(
                fmt::format("The input \"{}\" is fixed to {}.", port.name, value));
            return;
        }
        if (!port.hasShape)
            throw Error("the input \"{}\" has no shape", port.name);
        if (port.axes.size() > kMostAxesOfInput)
            throw Error("the input \"{}\" has {} axes; up to {} are taken", port.name,
                        port.axes.size(), kMostAxesOfInput);
        Shape shape;
        std::vector<std::int64_t> lengths;
        for (std::size_t axis = 0; axis < port.axes.size(); ++axis)
            lengths.push_back(lengthOf(port, axis));
        const bool isScalar = lengths.empty();
        if (isScalar)
            lengths = {1};
        shape = Shape(lengths);
        const auto id = addLayer("input", {{"shape", lengths}}, {}, port.name, {});
        values_[port.name] = {nullptr, {id, PortIndex{0}}, shape, type, isScalar};
        result_.inputs.emplace_back(result_.network.main.find(id)->name, port.name);
    }

    void addOutput(const std::string& name) {
        const auto found = values_.find(name);
        if (found == values_.end())
            return; // the node that makes it is a problem
        auto value = found->second;
        if (value.constant) {
            // Something has to make it.
            OnnxNode node;
            node.op = "Identity";
            node.inputs = {name};
            node.outputs = {name};
            addNode(node);
            value = values_.at(name);
        }
        const auto id =
            addLayer("output", {}, {{value.port, value.shape.value_or(Shape{})}}, name, {});
        result_.outputs.emplace_back(result_.network.main.find(id)->name, name);
        if (value.isCounted)
            result_.countedOutputs.insert(name);
    }

    void add(const OnnxNode& node) {
        for (const auto& name : node.inputs)
            if (!name.empty() && !values_.contains(name)) {
                const auto tensor = model_.initializers.find(name);
                if (tensor == model_.initializers.end())
                    return; // what makes it is a problem
                result_.problems.push_back({node.shortTitle(), node.op, tensor->second.problem});
                return;
            }
        if (!node.domain.empty())
            return addNode(node);
        if (node.op == "If" && isConstant(node, 0))
            return choose(node);
        const bool drops = node.op == "Dropout" && node.hasInput(2);
        const bool isAlias = (node.op == "Identity" || node.op == "Dropout") && !drops;
        const bool isOnlyOutput =
            node.outputs.size() == 1 || (node.outputs.size() == 2 && node.outputs[1].empty());
        if (isAlias && isOnlyOutput && !node.inputs.empty()) {
            values_[node.outputs[0]] = values_.at(node.inputs[0]);
            return;
        }
        if (node.op == "Shape" && !node.inputs.empty() && values_.at(node.inputs[0]).shape)
            return foldShape(node, values_.at(node.inputs[0]));
        if (!compute(node))
            addNode(node);
    }

    bool isConstant(const OnnxNode& node, std::size_t input) const {
        return node.hasInput(input) && values_.at(node.inputs[input]).constant;
    }

    /// The branch that a constant condition names.
    void choose(const OnnxNode& node) {
        const auto condition = values_.at(node.inputs[0]).constant->to(DType::F32);
        const bool holds = condition.elements() == 1 && condition.span<float>()[0] != 0;
        const auto body = node.body(holds ? "then_branch" : "else_branch");
        if (!body || body->outputs.size() < node.outputs.size()) {
            result_.problems.push_back({node.shortTitle(), node.op, "its branch is not there"});
            return;
        }
        for (const auto& [name, tensor] : body->constants)
            if (tensor.values)
                setConstant(name, tensor.values);
        for (const auto& inner : body->nodes)
            add(inner);
        for (std::size_t i = 0; i < node.outputs.size(); ++i)
            if (const auto found = values_.find(body->outputs[i].name); found != values_.end())
                values_[node.outputs[i]] = found->second;
    }

    void foldShape(const OnnxNode& node, const RunValue& x) {
        const auto rank = x.isScalar ? 0 : static_cast<std::int64_t>(x.shape->rank());
        const auto bounded = [&](std::int64_t at) {
            return std::clamp<std::int64_t>(at < 0 ? at + rank : at, 0, rank);
        };
        const auto begin = bounded(node.integer("start", 0));
        const auto end = std::max(begin, bounded(node.integer("end", rank)));
        const auto& all = x.shape->dims();
        const std::vector<std::int64_t> lengths(all.begin() + begin, all.begin() + end);
        const auto count = static_cast<std::int64_t>(lengths.size());
        setConstant(node.outputs.at(0),
                    std::make_shared<const Tensor>(Tensor::of<std::int64_t>({count}, lengths)));
    }

    /// Whether constants alone make the outputs, which are computed then.
    bool compute(const OnnxNode& node) {
        std::vector<FoldedValue> given;
        for (std::size_t i = 0; i < node.inputs.size(); ++i) {
            if (!node.hasInput(i)) {
                given.emplace_back();
                continue;
            }
            if (!isConstant(node, i))
                return false;
            given.push_back({values_.at(node.inputs[i]).constant});
        }
        if (given.empty() && node.op != "Constant")
            return false;
        std::vector<const FoldedValue*> inputs;
        for (const auto& each : given)
            inputs.push_back(each.tensor ? &each : nullptr);
        std::optional<FoldedOutputs> made;
        try {
            made = foldNode(node, model_.opset, inputs, budget_);
        } catch (const Error&) {
            // The engine may do what folding does not.
        }
        if (!made)
            made = foldByEngine(node, model_.opset, inputs);
        if (!made)
            return false;
        for (std::size_t i = 0; i < std::min(made->size(), node.outputs.size()); ++i)
            setConstant(node.outputs[i], (*made)[i].tensor);
        return true;
    }

    /// Whether values decide how many rows the node makes.
    static bool isSelection(const OnnxNode& node) {
        return node.domain.empty() && node.op == "NonMaxSuppression";
    }

    /// A value that the node reads and of whose rows not all count; null where there is none.
    const std::string* countedInputOf(const OnnxNode& node,
                                      const std::vector<std::string>& captured) const {
        for (const auto* names : {&node.inputs, &captured})
            for (const auto& name : *names)
                if (const auto found = values_.find(name);
                    found != values_.end() && found->second.isCounted)
                    return &name;
        return nullptr;
    }

    void addNode(const OnnxNode& node) {
        std::vector<NodeInput> inputs;
        bool isKnown = true;
        const auto read = [&](const std::string& name, bool isCaptured) {
            auto& input = inputs.emplace_back();
            if (name.empty())
                return;
            if (isCaptured)
                input.name = name;
            const auto& value = values_.at(name);
            isKnown = isKnown && value.shape.has_value();
            input.constant = value.constant;
            if (!value.constant)
                input.port = Operand{value.port, value.shape.value_or(Shape{})};
            input.type = value.type;
            input.isScalar = value.isScalar;
        };
        const auto refuse = [&](const std::string& reason) {
            result_.problems.push_back({node.shortTitle(), node.op, reason});
        };
        for (const auto& name : node.inputs)
            read(name, false);
        for (const auto& name : onnxCapturedNames(node)) {
            if (!values_.contains(name))
                return refuse(fmt::format("its graph reads \"{}\", which nothing makes", name));
            read(name, true);
        }
        NodeLayer made;
        try {
            made = nodeLayerOf(node, model_.opset, inputs, true);
        } catch (const Error& error) {
            return refuse(error.what());
        }
        std::vector<RunValue> outputs(std::max<std::size_t>(node.outputs.size(), 1));
        std::string reason = "what it reads has no known shape";
        bool runs = false;
        if (isKnown) {
            try {
                const auto& def = layer(kOnnxNodeKey);
                std::vector<Shape> shapes;
                for (const auto& input : made.inputs)
                    shapes.push_back(input.shape);
                const auto ops = opsOfOnnxNode({Params(def.params, made.params), shapes});
                for (std::size_t i = 0; i < std::min(outputs.size(), ops.outputs.size()); ++i) {
                    outputs[i].shape = ops.graph.type(ops.outputs[i]).sample();
                    outputs[i].type = ops.graph.type(ops.outputs[i]).element;
                }
                runs = true;
            } catch (const Error& error) {
                reason = error.what();
            }
        }
        const bool isControl = !onnxCapturedNames(node).empty() || node.op == "If" ||
                               node.op == "Loop" || node.op == "Scan";
        const auto* counted = countedInputOf(node, onnxCapturedNames(node));
        const bool staysCounted = counted && node.domain.empty() && node.op == "Cast";
        if (counted && !staysCounted) {
            runs = false;
            isKnown = true;
            reason = fmt::format("the number of rows of its input \"{}\" depends on values, and "
                                 "only an output of the model may have such a number",
                                 *counted);
        }
        if (!runs && isControl)
            return refuse(reason);
        const auto id = addLayer(std::string(kOnnxNodeKey), std::move(made.params), made.inputs,
                                 LayerImport::nameFor(node), std::move(made.weights));
        if (!runs && isKnown)
            result_.unable.push_back({node.shortTitle(), node.op, reason});
        result_.kept.push_back({node.shortTitle(), node.op, "its samples are not kept apart"});
        for (std::size_t i = 0; i < node.outputs.size(); ++i) {
            if (node.outputs[i].empty())
                continue;
            outputs[i].port = {id, PortIndex{static_cast<std::uint32_t>(i)}};
            outputs[i].isCounted = staysCounted || isSelection(node);
            values_[node.outputs[i]] = outputs[i];
        }
    }

    NodeId addLayer(const std::string& key, ParamValues params, const std::vector<Operand>& inputs,
                    const std::string& name, LayerWeights weights) {
        auto& graph = result_.network.main;
        Node node{graph.freshNodeId(), freshNetworkName(graph, name), LayerUse{key},
                  std::move(params)};
        dropDefaults(node);
        const auto id = node.id;
        for (auto& [suffix, tensor] : weights)
            result_.weights.values.emplace_back(fmt::format("{}/{}", node.name, suffix),
                                                std::move(tensor));
        graph.insert(std::move(node));
        for (std::size_t i = 0; i < inputs.size(); ++i)
            graph.insert(Link{graph.freshLinkId(),
                              inputs[i].port,
                              {id, PortIndex{static_cast<std::uint32_t>(i)}}});
        return id;
    }

    const OnnxModel& model_;
    const OnnxImportOptions& options_;
    FoldBudget budget_;
    OnnxImport result_;
    std::map<std::string, std::int64_t, std::less<>> lengths_;
    std::map<std::string, RunValue, std::less<>> values_;
};

} // namespace

OnnxImport importRun(const OnnxModel& model, const OnnxImportOptions& options) {
    return RunImport(model, options).run();
}

} // namespace gradwright
