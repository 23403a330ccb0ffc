// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/optimization/pass_examples.h"

#include "engine/passes/eliminate.h"
#include "engine/support/error.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace gradwright {
namespace {

constexpr std::int64_t kExampleChannels = 8;

/// Writes an example down, op by op.
class ExampleWriter {
public:
    ExampleWriter()
        : x_(model_.graph.addInput("x", ValueType(Shape{kExampleChannels, 8, 8}))) {}

    [[nodiscard]] ValueId x() const { return x_; }
    ValueId op(const char* path, OpAttributes attributes, std::vector<ValueId> inputs,
               float weights = 0.5F) {
        Types types;
        for (const auto input : inputs)
            types.push_back(model_.graph.type(input));
        std::vector<WeightId> ids;
        for (const auto& shape : weightShapes(attributes, types)) {
            Tensor values(DType::F32, shape);
            std::ranges::fill(values.span<float>(), weights);
            ids.push_back(model_.add(path, std::move(values)));
        }
        return model_.graph.add(std::move(attributes), std::move(inputs), path, std::move(ids));
    }
    ValueId conv(const char* path, ValueId from, float weights = 0.5F) {
        return op(path, ConvOp{.outChannels = kExampleChannels}, {from}, weights);
    }
    ValueId relu(const char* path, ValueId from) {
        return op(path, ActivationOp{{ActivationKind::Relu}}, {from});
    }
    InferenceModel end(ValueId y) {
        model_.graph.addOutput("y", y);
        return std::move(model_);
    }

private:
    InferenceModel model_;
    ValueId x_;
};

InferenceModel idleExample() {
    ExampleWriter writer;
    const auto dropped = writer.op("dropout1", DropoutOp{}, {writer.conv("conv1", writer.x())});
    const auto same = writer.op("identity1", ActivationOp{{ActivationKind::Identity}}, {dropped});
    writer.conv("unread", same, 0.25F);
    return writer.end(writer.conv("conv2", same));
}

InferenceModel movementsExample() {
    ExampleWriter writer;
    const auto made = writer.conv("conv1", writer.x());
    const auto turned = writer.op("permute1", PermuteOp::ofSample({1, 2, 0}), {made});
    const auto again = writer.op("permute2", PermuteOp::ofSample({1, 2, 0}), {turned});
    const auto flat = writer.op("flatten1", ReshapeOp::ofSample({kExampleChannels * 64}), {again});
    const auto rows = writer.op("reshape1", ReshapeOp::ofSample({64, kExampleChannels}), {flat});
    return writer.end(writer.op("dense1", DenseOp{.units = 4}, {rows}));
}

InferenceModel equalExample() {
    ExampleWriter writer;
    const auto one = writer.conv("conv1", writer.x());
    const auto other = writer.conv("conv2", writer.x());
    return writer.end(writer.op("add1", AddOp{}, {writer.relu("relu1", one), other}));
}

InferenceModel normalizationExample() {
    ExampleWriter writer;
    const auto made =
        writer.op("conv1", ConvOp{.outChannels = kExampleChannels, .bias = false}, {writer.x()});
    return writer.end(writer.relu("relu1", writer.op("batchnorm1", BatchNormOp{}, {made})));
}

InferenceModel productsExample() {
    ExampleWriter writer;
    const auto first = writer.relu("relu1", writer.conv("conv1", writer.x()));
    const auto sum = writer.op("add1", AddOp{}, {writer.conv("conv2", first), writer.x()});
    return writer.end(writer.relu("relu2", sum));
}

InferenceModel siblingsExample() {
    ExampleWriter writer;
    const auto a = writer.conv("conv1", writer.x(), 0.25F);
    const auto b = writer.conv("conv2", writer.x());
    const auto c = writer.conv("conv3", writer.x(), 0.75F);
    const auto sum = writer.op("add1", AddOp{}, {a, b});
    return writer.end(writer.op("add2", AddOp{}, {sum, writer.relu("relu1", c)}));
}

InferenceModel exampleOf(std::string_view key) {
    if (key == "remove-idle")
        return idleExample();
    if (key == "join-movements")
        return movementsExample();
    if (key == "share-equal-ops")
        return equalExample();
    if (key == "fold-normalization")
        return normalizationExample();
    if (key == "fuse-products")
        return productsExample();
    if (key == "merge-siblings")
        return siblingsExample();
    throw Error("there is no example of a pass \"{}\"", key);
}

std::string titleOf(const Op& op) {
    const auto* fused = std::get_if<FusedProductOp>(&op.attributes);
    if (const auto* activation = std::get_if<ActivationOp>(&op.attributes))
        return std::string(info(activation->activation.kind).key);
    if (!fused)
        return std::string(nameOf(op.attributes));
    std::string title = std::holds_alternative<ConvOp>(fused->product) ? "conv" : "dense";
    if (fused->adds)
        title += " + add";
    if (fused->activation.kind != ActivationKind::Identity)
        title += " + " + std::string(info(fused->activation.kind).key);
    return title;
}

/// With the ops in their order behind the input.
std::vector<ExampleOp> drawnOps(const OpGraph& graph, const std::set<std::string>& changed) {
    std::vector<ExampleOp> drawn{{.title = "input", .path = "x"}};
    std::map<ValueId, std::size_t> makers{{graph.inputs().front().value, 0}};
    for (const auto& op : graph.ops()) {
        ExampleOp made{.title = titleOf(op), .path = op.path};
        std::set<std::string> parts{op.path};
        if (const auto* fused = std::get_if<FusedProductOp>(&op.attributes))
            parts.insert(fused->parts.begin(), fused->parts.end());
        made.isChanged = std::ranges::any_of(
            parts, [&](const std::string& part) { return changed.contains(part); });
        for (const auto input : op.inputs) {
            const auto from = makers.at(input);
            made.sources.push_back(from);
            made.rank = std::max(made.rank, drawn[from].rank + 1);
        }
        for (const auto output : op.outputs)
            makers[output] = drawn.size();
        drawn.push_back(std::move(made));
    }
    return drawn;
}

} // namespace

PassExample passExample(std::string_view key) {
    auto model = exampleOf(key);
    const auto before = model.graph;
    std::set<std::string> others;
    for (const auto& pass : inferencePasses())
        if (pass.key != key)
            others.insert(std::string(pass.key));
    const auto report = optimize(model, others);
    std::set<std::string> changed;
    for (const auto& pass : report.passes)
        for (const auto& merge : pass.merges)
            changed.insert(merge.layers.begin(), merge.layers.end());
    // What is new or gone has changed, whatever the pass calls it.
    std::set<std::string> was, is;
    for (const auto& op : before.ops())
        was.insert(op.path);
    for (const auto& op : model.graph.ops())
        is.insert(op.path);
    std::ranges::set_symmetric_difference(was, is, std::inserter(changed, changed.end()));
    return {drawnOps(before, changed), drawnOps(model.graph, changed)};
}

} // namespace gradwright
