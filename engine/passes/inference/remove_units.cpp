// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/inference/remove_units.h"

#include "engine/support/error.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace gradwright {
namespace {

/// Whether no other op reads its weights.
bool hasOwnWeights(const OpGraph& graph, const Op& op) {
    for (const auto id : op.weights) {
        std::ptrdiff_t readers = 0;
        for (const auto& other : graph.ops()) {
            readers += std::ranges::count(other.weights, id);
            readers += std::ranges::count_if(
                other.inputs, [&](ValueId input) { return graph.value(input).weight == id; });
        }
        if (readers != 1)
            return false;
    }
    return true;
}

bool hasPadding(const Padding& padding) {
    return std::ranges::any_of(padding, [](std::int64_t side) { return side != 0; });
}

/// Follows the units of an op to what reads them.
class UnitTracker {
public:
    explicit UnitTracker(const OpGraph& graph)
        : graph_(graph) {}

    std::optional<UnitGroup> groupOf(const Op& op) {
        const auto* conv = std::get_if<ConvOp>(&op.attributes);
        const auto* dense = std::get_if<DenseOp>(&op.attributes);
        if ((!conv && !dense) || (conv && conv->groups != 1) || !hasOwnWeights(graph_, op))
            return {};
        // The last axis of a sequence is not the one behind the batch.
        if (dense && graph_.type(op.output()).dims.rank() != 2)
            return {};
        group_ = {.maker = op.id, .units = conv ? conv->outChannels : dense->units};
        if (!follow(op.output(), 1) || group_.readers.empty())
            return {};
        return std::move(group_);
    }

private:
    bool follow(ValueId value, std::int64_t block) {
        if (graph_.isResult(value))
            return false;
        const auto uses = graph_.usesOf(value);
        return !uses.empty() && std::ranges::all_of(uses, [&](const Use& use) {
            return use.input == 0 && readBy(graph_.ops()[use.op], value, block);
        });
    }

    bool readBy(const Op& op, ValueId value, std::int64_t block) {
        const auto onwards = [&] { return follow(op.output(), block); };
        const auto changed = [&] {
            if (block != 1 || !hasOwnWeights(graph_, op))
                return false;
            group_.between.push_back(op.id);
            return onwards();
        };
        return std::visit(
            Overloaded{
                [&](const ConvOp& conv) {
                    return block == 1 && conv.groups == 1 &&
                           reads(op, value, block, hasPadding(conv.padding));
                },
                [&](const DenseOp&) {
                    return graph_.type(value).dims.rank() == 2 && reads(op, value, block, false);
                },
                [&](const ActivationOp&) { return onwards(); },
                [&](const PoolOp&) { return onwards(); },
                [&](const GlobalAveragePoolOp&) { return block == 1 && onwards(); },
                [&](const DropoutOp&) { return onwards(); },
                [&](const GaussianNoiseOp&) { return onwards(); },
                [&](const BatchNormOp&) { return changed(); },
                [&](const PreluOp& prelu) { return prelu.perChannel ? changed() : onwards(); },
                [&](const ReshapeOp&) { return flattened(op); }, [](const auto&) { return false; }},
            op.attributes);
    }

    bool reads(const Op& op, ValueId value, std::int64_t block, bool isPadded) {
        if (!hasOwnWeights(graph_, op))
            return false;
        group_.readers.push_back({op.id, value, block, isPadded});
        return true;
    }

    /// Channels × positions under one another become a vector of as many runs.
    bool flattened(const Op& op) {
        const auto& from = graph_.type(op.inputs[0]);
        const auto& to = graph_.type(op.output());
        if (!from.isPerSample() || !to.isPerSample() || to.dims.rank() != 2 ||
            from.sample().rank() < 1 || from.sample()[0] != group_.units)
            return false;
        group_.between.push_back(op.id);
        return follow(op.output(), from.sample().elements() / group_.units);
    }

    const OpGraph& graph_;
    UnitGroup group_;
};

/// A weight without some of the indices of an axis, where each index stands for `block` in a row.
Tensor withoutUnits(const Tensor& tensor, std::size_t axis, const std::vector<bool>& isGone,
                    std::int64_t block) {
    const auto& shape = tensor.shape();
    std::int64_t outer = 1;
    std::int64_t inner = block;
    for (std::size_t i = 0; i < axis; ++i)
        outer *= shape[i];
    for (std::size_t i = axis + 1; i < shape.rank(); ++i)
        inner *= shape[i];
    const auto units = static_cast<std::int64_t>(isGone.size());
    const auto numbers = numbersOf(tensor);
    std::vector<double> left;
    for (std::int64_t o = 0; o < outer; ++o)
        for (std::int64_t unit = 0; unit < units; ++unit)
            if (!isGone[static_cast<std::size_t>(unit)]) {
                const auto from = numbers.begin() + (o * units + unit) * inner;
                left.insert(left.end(), from, from + inner);
            }
    auto dims = shape.dims();
    dims[axis] = block * std::ranges::count(isGone, false);
    return Tensor::of<double>(Shape(dims), left).to(tensor.dtype());
}

/// What an op becomes.
struct ChangedOp {
    OpAttributes attributes;
    std::vector<Tensor> weights;
};

class UnitRemoval {
public:
    explicit UnitRemoval(InferenceModel& model)
        : model_(model) {}

    void plan(const UnitsToRemove& removal) {
        const auto& [group, isGone, constants] = removal;
        const auto left = std::ranges::count(isGone, false);
        if (static_cast<std::int64_t>(isGone.size()) != group.units || left == 0)
            throw Error("{} units of {} go; at least one has to stay",
                        std::ranges::count(isGone, true), group.units);
        auto& maker = changed(group.maker);
        if (auto* conv = std::get_if<ConvOp>(&maker.attributes))
            conv->outChannels = left;
        else
            std::get<DenseOp>(maker.attributes).units = left;
        for (auto& weight : maker.weights)
            weight = withoutUnits(weight, 0, isGone, 1);
        for (const auto id : group.between) {
            auto& op = changed(id);
            for (auto& weight : op.weights)
                weight = withoutUnits(weight, 0, isGone, 1);
            if (auto* reshape = std::get_if<ReshapeOp>(&op.attributes))
                reshape->dims[1] = reshape->dims[1].number() / group.units * left;
        }
        for (std::size_t i = 0; i < group.readers.size(); ++i) {
            auto& op = changed(group.readers[i].op);
            if (!constants.empty())
                foldConstants(op, group.readers[i], isGone, constants[i]);
            op.weights[0] = withoutUnits(op.weights[0], 1, isGone, group.readers[i].block);
        }
    }

    std::vector<std::optional<ValueId>> run() {
        const auto& old = model_.graph;
        InferenceModel made;
        values_.resize(old.values().size());
        auto weights = model_.weights;
        for (const auto& op : old.ops())
            if (const auto found = changed_.find(op.id); found != changed_.end())
                for (std::size_t i = 0; i < op.weights.size(); ++i)
                    weights[op.weights[i].index()] = found->second.weights[i];
        for (std::size_t i = 0; i < weights.size(); ++i)
            addWeight(made, old.weights()[i], std::move(weights[i]));
        for (const auto& [name, value] : old.inputs())
            values_[value.index()] = made.graph.addInput(name, old.type(value));
        for (std::size_t i = 0; i < old.values().size(); ++i)
            if (const auto& value = old.values()[i]; value.constant)
                values_[i] = made.graph.addConstant(*value.constant, value.path);
            else if (value.weight)
                values_[i] = made.graph.weightValue(*value.weight);
        for (const auto& op : old.ops())
            addOp(made, op);
        std::vector<NamedValue> outputs;
        for (const auto& [name, value] : old.outputs())
            outputs.push_back({name, *values_[value.index()]});
        made.graph.setOutputs(std::move(outputs));
        for (const auto& [value, weight] : old.losses())
            made.graph.addLoss(*values_[value.index()], weight);
        if (const auto& score = old.score())
            made.graph.setScore(ScoreSpec{*values_[score->output.index()],
                                          *values_[score->target.index()], score->isLogit});
        made.dropUnused();
        model_ = std::move(made);
        return std::move(values_);
    }

private:
    ChangedOp& changed(OpId id) {
        const auto found = changed_.find(id);
        if (found != changed_.end())
            return found->second;
        const auto& op = model_.graph.ops()[*model_.graph.placeOf(id)];
        auto& entry = changed_[id];
        entry.attributes = op.attributes;
        for (const auto weight : op.weights)
            entry.weights.push_back(model_.of(weight));
        return entry;
    }

    /// bias += Σ over the units that go of weight · constant.
    static void foldConstants(ChangedOp& op, const UnitReader& reader,
                              const std::vector<bool>& isGone,
                              const std::vector<double>& constants) {
        bool isAnyKept = false;
        for (std::size_t unit = 0; unit < isGone.size(); ++unit)
            isAnyKept |= isGone[unit] && constants[unit] != 0;
        if (!isAnyKept)
            return;
        if (reader.isPadded)
            throw Error("a constant other than 0 cannot be folded into a padded layer");
        auto& kernel = op.weights[0];
        const auto rows = kernel.shape()[0];
        const auto numbers = numbersOf(kernel);
        const auto perUnit = static_cast<std::int64_t>(numbers.size()) / rows /
                             static_cast<std::int64_t>(isGone.size());
        if (op.weights.size() < 2) {
            op.weights.emplace_back(kernel.dtype(), Shape{rows});
            if (auto* conv = std::get_if<ConvOp>(&op.attributes))
                conv->bias = true;
            else
                std::get<DenseOp>(op.attributes).bias = true;
        }
        auto bias = numbersOf(op.weights[1]);
        auto at = numbers.begin();
        for (std::int64_t row = 0; row < rows; ++row)
            for (std::size_t unit = 0; unit < isGone.size(); ++unit)
                for (std::int64_t i = 0; i < perUnit; ++i, ++at)
                    if (isGone[unit])
                        bias[static_cast<std::size_t>(row)] += *at * constants[unit];
        setNumbers(op.weights[1], bias);
    }

    static void addWeight(InferenceModel& made, WeightSpec spec, Tensor values) {
        spec.shape = values.shape();
        made.graph.addWeight(std::move(spec));
        made.weights.push_back(std::move(values));
    }

    void addOp(InferenceModel& made, const Op& op) {
        std::vector<ValueId> inputs;
        for (const auto input : op.inputs)
            inputs.push_back(*values_[input.index()]);
        auto attributes = op.attributes;
        auto weights = op.weights; // the same numbers in both graphs
        if (const auto found = changed_.find(op.id); found != changed_.end()) {
            attributes = found->second.attributes;
            for (std::size_t i = weights.size(); i < found->second.weights.size(); ++i)
                weights.push_back(made.add(op.path + "/bias", found->second.weights[i]));
        }
        const auto outputs = made.graph.insert(made.graph.ops().size(), std::move(attributes),
                                               std::move(inputs), op.path, std::move(weights));
        for (std::size_t i = 0; i < outputs.size(); ++i)
            values_[op.outputs[i].index()] = outputs[i];
    }

    InferenceModel& model_;
    std::map<OpId, ChangedOp> changed_;
    std::vector<std::optional<ValueId>> values_; ///< by old number
};

} // namespace

std::vector<UnitGroup> unitGroups(const OpGraph& graph) {
    std::vector<UnitGroup> groups;
    UnitTracker tracker(graph);
    for (const auto& op : graph.ops())
        if (auto group = tracker.groupOf(op))
            groups.push_back(*std::move(group));
    return groups;
}

std::vector<std::optional<ValueId>> removeUnits(InferenceModel& model,
                                                const std::vector<UnitsToRemove>& removals) {
    UnitRemoval removal(model);
    for (const auto& each : removals)
        removal.plan(each);
    return removal.run();
}

} // namespace gradwright
