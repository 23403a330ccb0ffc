// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/keras/keras_import.h"

#include "engine/support/error.h"
#include "engine/support/json_numbers.h"

#include <algorithm>

namespace gradwright {
namespace {

/// Values of one call of a model by the tensors that stand for them.
using KerasValues = std::map<KerasTensor, KerasValue>;

class KerasImport {
public:
    KerasImport(const KerasModel& model, const OnnxImportOptions& options)
        : model_(model)
        , options_(options)
        , layers_(*model.arrays, result_) {}

    OnnxImport run() {
        findProblems(model_.graph, {});
        makeAll();
        if (result_.problems.empty()) {
            requireWhole(result_.network, result_.weights);
            if (!result_.weights.values.empty())
                layers_.note("What belongs to training (initializers, regularizers, constraints "
                             "and the compiled optimizer) is not taken over.");
        } else {
            std::ranges::stable_sort(result_.problems, {}, [&](const OnnxProblem& problem) {
                return std::ranges::find(names_, problem.node) - names_.begin();
            });
            result_.network = {};
            result_.weights = {};
        }
        return std::move(result_);
    }

private:
    void addProblem(const std::string& name, const KerasLayer& layer, std::string reason) {
        result_.problems.push_back({name, layer.kind, std::move(reason)});
    }

    /// What can be told without shapes: classes that nothing computes, weights in several places.
    void findProblems(const KerasGraph& graph, const std::string& prefix) {
        for (const auto& layer : graph.layers) {
            names_.push_back(prefix + layer.name);
            if (layer.graph) {
                findProblems(*layer.graph, prefix + layer.name + "/");
            } else if (layer.kind != "InputLayer" && !kerasTranslationOf(layer)) {
                refused_.insert(&layer);
                addProblem(prefix + layer.name, layer, "no layer computes it");
                continue;
            }
            if (layer.calls.size() < 2 || !hasArrays(layer))
                continue;
            refused_.insert(&layer);
            addProblem(prefix + layer.name, layer,
                       fmt::format("it is used in {} places with the same weights, and each "
                                   "layer here has its own",
                                   layer.calls.size()));
        }
    }

    [[nodiscard]] bool hasArrays(const KerasLayer& layer) const {
        const auto first = model_.arrays->datasets().lower_bound(layer.path + "/");
        return first != model_.arrays->datasets().end() &&
               first->first.starts_with(layer.path + "/");
    }

    void makeAll() {
        KerasValues inputs;
        for (const auto& port : model_.graph.inputs)
            addInput(port, inputs);
        const auto outputs = makeGraph(model_.graph, std::move(inputs), {});
        if (!result_.problems.empty())
            return;
        for (std::size_t i = 0; i < outputs.size(); ++i)
            layers_.addOutput(outputs[i], outputs.size() == 1
                                              ? std::string("output")
                                              : "output_" + model_.graph.outputs[i].layer);
    }

    void addInput(const KerasTensor& port, KerasValues& values) {
        const auto found = std::ranges::find(model_.graph.layers, port.layer, &KerasLayer::name);
        if (found == model_.graph.layers.end() || found->kind != "InputLayer")
            throw Error("the input \"{}\" is no layer of the model", excerpt(port.layer));
        const auto& shape = found->settings.has("batch_shape")
                                ? found->settings.at("batch_shape")
                                : found->settings.at("batch_input_shape");
        if (!shape.is_array() || shape.size() < 2 || shape.size() > 5)
            throw Error("the input \"{}\" has the shape {}; the batch and one to four axes behind "
                        "it are taken",
                        excerpt(port.layer), dumpExcerpt(shape));
        IntTuple lengths;
        for (std::size_t axis = 1; axis < shape.size(); ++axis)
            lengths.push_back(lengthOf(port.layer, axis, shape[axis]));
        if (lengths.size() > 2) // the channels first
            std::rotate(lengths.begin(), lengths.end() - 1, lengths.end());
        const KerasCall none;
        const auto made = layers_.add({*found, none, {}, port.layer}, "input", {{"shape", lengths}},
                                      std::vector<KerasValue>{});
        layers_.nameInput(made, port.layer);
        values[port] = made;
    }

    [[nodiscard]] std::int64_t lengthOf(const std::string& input, std::size_t axis,
                                        const Json& length) const {
        const auto name = fmt::format("{}:{}", input, axis);
        if (isInt64(length) && length.get<std::int64_t>() > 0)
            return length.get<std::int64_t>();
        if (!length.is_null())
            throw Error("axis {} of the input \"{}\" has the length {}", axis, excerpt(input),
                        dumpExcerpt(length));
        if (const auto found = options_.lengths.find(name); found != options_.lengths.end())
            return found->second;
        throw OnnxLengthMissing(
            fmt::format("axis {} of the input \"{}\" has no length in the model: give that of "
                        "\"{}\"",
                        axis, excerpt(input), name),
            name);
    }

    /// Makes the layers as soon as all that they read is there; returns the outputs.
    std::vector<KerasValue> makeGraph(const KerasGraph& graph, KerasValues values,
                                      const std::string& prefix) {
        std::vector<std::pair<const KerasLayer*, std::size_t>> order;
        for (const auto& layer : graph.layers)
            for (std::size_t call = 0; call < layer.calls.size(); ++call)
                if (layer.kind != "InputLayer")
                    order.emplace_back(&layer, call);
        // The file has them in an order that fits but where layers are called several times.
        for (bool isProgress = true; isProgress && !order.empty();) {
            isProgress = false;
            std::vector<std::pair<const KerasLayer*, std::size_t>> later;
            for (const auto& [layer, call] : order)
                if (makeCall(*layer, call, values, prefix))
                    isProgress = true;
                else
                    later.emplace_back(layer, call);
            order = std::move(later);
        }
        std::vector<KerasValue> outputs;
        for (const auto& port : graph.outputs) {
            const auto found = values.find(port);
            if (found != values.end())
                outputs.push_back(found->second);
            else if (result_.problems.empty())
                throw Error("no layer makes the output \"{}\"", excerpt(port.layer));
        }
        return outputs;
    }

    /// False while something that the call reads is not there.
    bool makeCall(const KerasLayer& layer, std::size_t number, KerasValues& values,
                  const std::string& prefix) {
        if (refused_.contains(&layer))
            return true; // and nothing behind it is made
        const auto& call = layer.calls[number];
        KerasUse use{layer, call, {}, prefix + layer.name};
        for (const auto& argument : call)
            for (const auto& tensor : argument.tensors) {
                const auto found = values.find(tensor);
                if (found == values.end())
                    return false;
                use.inputs.push_back(found->second);
            }
        const KerasTensor made{layer.name, static_cast<std::int64_t>(number), 0};
        try {
            if (layer.graph) {
                const auto outputs = makeInner(use);
                for (std::size_t i = 0; i < outputs.size(); ++i)
                    values[{made.layer, made.call, static_cast<std::int64_t>(i)}] = outputs[i];
            } else {
                values[made] = kerasTranslationOf(layer)(layers_, use);
            }
        } catch (const Error& error) {
            addProblem(use.name, layer, error.what());
        }
        return true;
    }

    std::vector<KerasValue> makeInner(const KerasUse& use) {
        const auto& graph = *use.layer.graph;
        if (graph.inputs.size() != use.inputs.size())
            throw Error("it has {} inputs and is given {}", graph.inputs.size(), use.inputs.size());
        KerasValues inputs;
        for (std::size_t i = 0; i < graph.inputs.size(); ++i)
            inputs[graph.inputs[i]] = use.inputs[i];
        return makeGraph(graph, std::move(inputs), use.name + "/");
    }

    const KerasModel& model_;
    const OnnxImportOptions& options_;
    OnnxImport result_;
    KerasLayers layers_;
    std::vector<std::string> names_; ///< of all layers, in the order of the file
    std::set<const KerasLayer*> refused_;
};

} // namespace

const KerasValue& KerasUse::input() const {
    if (inputs.size() != 1)
        throw Error("it is given {} inputs, and takes one", inputs.size());
    return inputs[0];
}

KerasValue KerasLayers::add(const KerasUse& use, const std::string& key, ParamValues params,
                            const std::vector<KerasValue>& inputs, LayerWeights weights) {
    if (!weights.empty() && !use.settings().boolean("trainable", true))
        params.insert_or_assign("frozen", true);
    std::vector<Operand> operands;
    for (const auto& input : inputs)
        operands.push_back({input.port, input.shape});
    const auto made = addLayerTo(result_.network, result_.weights, key, std::move(params), operands,
                                 use.name, std::move(weights));
    return {made.at(0).port, made.at(0).shape, {}};
}

KerasValue KerasLayers::inOrder(const KerasUse& use, const KerasValue& value) {
    if (!value.laidOut)
        return value;
    const auto image =
        add(use, "reshape", {{"shape", value.laidOut->dims()}}, {value.port, value.shape, {}});
    IntTuple last;
    for (std::size_t axis = 1; axis <= image.shape.rank(); ++axis)
        last.push_back(static_cast<std::int64_t>(axis % image.shape.rank()));
    return add(use, "flatten", {}, add(use, "permute", {{"axes", last}}, image));
}

bool KerasLayers::hasArray(const KerasUse& use, const std::string& name) const {
    return arrays_.find(use.layer.path + "/" + name) != nullptr;
}

Tensor KerasLayers::array(const KerasUse& use, const std::string& name,
                          const std::vector<std::int64_t>& shape) const {
    const auto path = use.layer.path + "/" + name;
    const auto* found = arrays_.find(path);
    if (!found)
        throw Error("the file has no array {}", path);
    if (found->shape.dims() != shape)
        throw Error("the array {} is {}, and should be {}", path, toString(found->shape),
                    toString(Shape(shape)));
    return arrays_.read(path).to(DType::F32);
}

Tensor KerasLayers::constant(const Shape& shape, float value) {
    constants_ -= shape.elements();
    if (constants_ < 0)
        throw Error("it leaves out more weights than the file gives reason for");
    Tensor tensor(DType::F32, shape);
    std::ranges::fill(tensor.span<float>(), value);
    return tensor;
}

void KerasLayers::note(const std::string& text) {
    if (std::ranges::find(result_.notes, text) == result_.notes.end())
        result_.notes.push_back(text);
}

void KerasLayers::addOutput(const KerasValue& value, const std::string& name) {
    KerasLayer layer;
    layer.name = name;
    layer.kind = "output";
    const KerasCall call;
    const auto ordered = inOrder({layer, call, {}, name}, value);
    const Operand operand{ordered.port, ordered.shape};
    const auto id = result_.network.main.freshNodeId();
    addLayerTo(result_.network, result_.weights, "output", {}, std::span(&operand, 1), name);
    result_.outputs.emplace_back(result_.network.main.find(id)->name, name);
}

void KerasLayers::nameInput(const KerasValue& value, const std::string& name) {
    result_.inputs.emplace_back(result_.network.main.find(value.port.node)->name, name);
}

KerasTranslation kerasTranslationOf(const KerasLayer& layer) {
    static const KerasTranslations all = [] {
        KerasTranslations joined;
        for (const auto* family :
             {&kerasWindowTranslations(), &kerasDenseTranslations(), &kerasElementTranslations(),
              &kerasNormalizationTranslations(), &kerasSequenceTranslations(),
              &kerasShapeTranslations(), &kerasMergeTranslations()})
            joined.insert(family->begin(), family->end());
        return joined;
    }();
    const auto& known = layer.isOperation ? kerasOperationTranslations() : all;
    const auto found = known.find(layer.kind);
    return found == known.end() ? nullptr : found->second;
}

OnnxImport importKeras(const KerasModel& model, const OnnxImportOptions& options) {
    return KerasImport(model, options).run();
}

} // namespace gradwright
