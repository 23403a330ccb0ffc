// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/quantization/fake_quantization.h"

#include "engine/passes/quantization/integer_groups.h"
#include "engine/passes/quantization/quantize.h"

#include <algorithm>
#include <map>
#include <set>

namespace gradwright {
namespace {

/// What dropout and noise, which inference has not, are applied to.
ValueId withoutNoise(const OpGraph& graph, const IntegerGroups& groups, ValueId root) {
    for (const auto* op = graph.producerOf(root);
         op && (std::holds_alternative<DropoutOp>(op->attributes) ||
                std::holds_alternative<GaussianNoiseOp>(op->attributes));
         op = graph.producerOf(root))
        root = groups.rootOf(op->inputs[0]);
    return root;
}

/// Of the groups that products read, and pools between them.
std::vector<ValueId> roundedRoots(const OpGraph& graph) {
    std::vector<ValueId> roots;
    const IntegerGroups groups(graph);
    const auto add = [&](ValueId value) {
        const auto root = withoutNoise(graph, groups, value);
        if (std::ranges::find(roots, root) == roots.end())
            roots.push_back(root);
    };
    for (const auto& product : quantizableProducts(graph))
        add(product.x);
    const auto read = roots;
    for (const auto& pool : quantizablePools(graph)) {
        const auto isOfProduct = [&](ValueId source) {
            const auto* producer = graph.producerOf(source);
            return producer && !producer->weights.empty();
        };
        if (std::ranges::find(read, withoutNoise(graph, groups, pool.y)) != read.end() &&
            std::ranges::all_of(groups.sourcesOf(pool.x), isOfProduct))
            add(pool.x);
    }
    return roots;
}

/// All ops that read `value`, but for the one at `except`, read `other`.
void redirect(OpGraph& graph, ValueId value, ValueId other, OpId except) {
    for (const auto& use : graph.usesOf(value)) {
        const auto op = graph.ops()[use.op];
        if (op.id == except)
            continue;
        auto inputs = op.inputs;
        std::ranges::replace(inputs, value, other);
        graph.replace(use.op, op.attributes, inputs, op.weights);
    }
}

class Rounder {
public:
    explicit Rounder(OpGraph& graph)
        : graph_(graph)
        , groups_(graph) {}

    void roundGroup(ValueId root) {
        auto path = graph_.value(root).path;
        if (const auto number = ++paths_[path]; number > 1)
            path += fmt::format("#{}", number);
        const auto parameter = [&](std::string_view key, double first) {
            return graph_.weightValue(graph_.addWeight({.key = path + std::string(key),
                                                        .shape = {1},
                                                        .initializer = {"constant", first},
                                                        .fans = {},
                                                        .trainable = false}));
        };
        const auto scale = parameter(kScaleOfValue, 1);
        const auto zero = parameter(kZeroOfValue, 0);
        for (const auto source : groups_.sourcesOf(root)) {
            const auto place = graph_.producerPlace(source);
            const auto rounded = graph_.insert(place ? *place + 1 : 0, FakeQuantizeOp{},
                                               {source, scale, zero}, graph_.value(source).path)[0];
            redirect(graph_, source, rounded, graph_.producerOf(rounded)->id);
        }
    }

private:
    OpGraph& graph_;
    IntegerGroups groups_; ///< as the graph was
    std::map<std::string, int> paths_;
};

} // namespace

void addFakeQuantization(OpGraph& graph, TrainedIntegers integers) {
    if (integers == TrainedIntegers::None)
        return;
    const auto products = quantizableProducts(graph);
    for (const auto& product : products) {
        const auto& op = graph.ops()[product.place];
        const bool isDense = std::holds_alternative<DenseOp>(op.attributes);
        if (integers == TrainedIntegers::Int8)
            graph.setRounding(op.weights[0], WeightRounding{.most = kMostKernelInteger});
        else if (isDense)
            graph.setRounding(op.weights[0],
                              WeightRounding{.most = kMostPackedInteger, .group = kPackedGroup});
    }
    if (integers != TrainedIntegers::Int8)
        return;
    Rounder rounder(graph);
    for (const auto root : roundedRoots(graph))
        rounder.roundGroup(root);
}

std::vector<FakeQuantizedValue> fakeQuantizedValues(const OpGraph& graph) {
    std::vector<FakeQuantizedValue> found;
    for (std::size_t place = 0; place < graph.ops().size(); ++place) {
        const auto& op = graph.ops()[place];
        if (std::holds_alternative<FakeQuantizeOp>(op.attributes))
            found.push_back({place, op.inputs[0], *graph.value(op.inputs[1]).weight,
                             *graph.value(op.inputs[2]).weight});
    }
    return found;
}

OpGraph withoutFakeQuantization(OpGraph graph) {
    for (const auto& rounded : fakeQuantizedValues(graph))
        graph.replaceUses(graph.ops()[rounded.place].output(), rounded.value);
    std::vector<bool> isRounding(graph.ops().size());
    for (const auto& rounded : fakeQuantizedValues(graph))
        isRounding[rounded.place] = true;
    graph.remove(isRounding);
    for (std::uint32_t i = 0; i < graph.weights().size(); ++i)
        graph.setRounding(WeightId{i}, {});
    return graph;
}

} // namespace gradwright
