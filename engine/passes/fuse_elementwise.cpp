// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/fuse_elementwise.h"

#include "engine/ops/integers.h"

#include <algorithm>
#include <map>
#include <utility>

namespace gradwright {
namespace {

const ActivationOp* differentiatedActivation(const Op& op) {
    const auto* gradient = std::get_if<GradientOp>(&op.attributes);
    return gradient && gradient->ofInputs[0]
               ? std::get_if<ActivationOp>(&gradient->forward->attributes)
               : nullptr;
}

bool isGeneral(const Op& op) {
    // What a cast to integers makes depends on the type that it comes from, which steps don't know.
    if (const auto* cast = std::get_if<CastOp>(&op.attributes))
        return cast->to == DType::Bool || isRealType(cast->to);
    return std::visit(
        []<class O>(const O&) {
            return std::is_same_v<O, UnaryOp> || std::is_same_v<O, BinaryOp> ||
                   std::is_same_v<O, CompareOp> || std::is_same_v<O, LogicOp> ||
                   std::is_same_v<O, WhereOp>;
        },
        op.attributes);
}

bool isSum(const Op& op) {
    return std::holds_alternative<AddOp>(op.attributes);
}

/// What the op does to an element, and the inputs that it does it to.
std::pair<ElementFunction, std::vector<ValueId>> functionOf(const Op& op) {
    if (const auto* activation = differentiatedActivation(op))
        return {ActivationSlope{activation->activation}, {op.inputs[0], op.inputs[1]}};
    return {std::visit(
                []<class O>(const O& attributes) -> ElementFunction {
                    if constexpr (std::is_constructible_v<ElementFunction, O>)
                        return attributes;
                    else
                        throw Error("{} is not elementwise", attributes.name());
                },
                op.attributes),
            op.inputs};
}

/// The ops in groups, which stand in an order in which each could be one op.
class Grouping {
public:
    using Places = std::vector<std::size_t>;

    /// `may`: by place, whether the op can be a part of a fused one.
    Grouping(const OpGraph& graph, std::vector<bool> may)
        : graph_(graph)
        , may_(std::move(may))
        , producer_(graph.values().size(), kNone)
        , readers_(graph.values().size())
        , groupOf_(graph.ops().size())
        , at_(graph.ops().size())
        , behind_(graph.ops().size()) {
        for (std::size_t i = 0; i < graph.ops().size(); ++i) {
            const auto& op = graph.ops()[i];
            for (const auto output : op.outputs)
                producer_[output.index()] = i;
            // An activation that is fused has gradients that are, and these read its input alone.
            const auto read = differentiatedActivation(op) ? 2 : op.inputs.size();
            for (std::size_t input = 0; input < read; ++input)
                readers_[op.inputs[input].index()].push_back(i);
            groups_.push_back({i});
            order_.push_back(i);
            groupOf_[i] = at_[i] = i;
        }
    }

    void run() {
        for (std::size_t i = 0; i < graph_.ops().size(); ++i) {
            const auto& op = graph_.ops()[i];
            may_[i] = may_[i] && (!isSum(op) || addsOneLayer(op));
            if (!may_[i])
                continue;
            for (const auto input : functionOf(op).second) {
                if (const auto maker = producer_[input.index()]; maker != kNone && may_[maker])
                    tryMerge(maker, i);
                if (graph_.type(input).dims != graph_.type(op.output()).dims)
                    continue; // reading it again costs nothing
                for (const auto other : readers_[input.index()])
                    if (other < i && may_[other] && !isSum(op) && !isSum(graph_.ops()[other]))
                        tryMerge(other, i);
            }
        }
    }

    /// By place: whether the op is a part of a fused one.
    [[nodiscard]] std::vector<bool> fused() const {
        std::vector<bool> all(graph_.ops().size());
        for (const auto& group : groups_)
            if (isFused(group))
                for (const auto place : group)
                    all[place] = true;
        return all;
    }
    /// All groups that have ops, in order.
    [[nodiscard]] std::vector<Places> groups() const {
        std::vector<Places> all;
        for (const auto group : order_)
            if (group != kNone)
                all.push_back(groups_[group]);
        return all;
    }
    [[nodiscard]] bool isFused(const Places& group) const {
        return group.size() > 1 && std::ranges::any_of(group, [&](std::size_t place) {
                   return isGeneral(graph_.ops()[place]);
               });
    }

    /// The op that the group becomes.
    [[nodiscard]] OpRun runOf(const Places& group, std::size_t first) const {
        FusedOp fused;
        OpRun run{.first = first,
                  .last = first + group.size(),
                  .attributes = {},
                  .inputs = inputsOf(group),
                  .outputs = {},
                  .path = pathOf(group)};
        fused.inputs = run.inputs.size();
        std::map<ValueId, std::size_t> registers;
        for (const auto input : run.inputs)
            registers.emplace(input, registers.size());
        for (const auto place : group) {
            const auto& op = graph_.ops()[place];
            auto [function, operands] = functionOf(op);
            ElementStep step{std::move(function), {}};
            for (const auto operand : operands)
                step.operands.push_back(registers.at(operand));
            registers.emplace(op.output(), registers.size());
            fused.steps.push_back(std::move(step));
        }
        for (const auto output : outputsOf(group)) {
            fused.results.push_back(registers.at(output));
            run.outputs.push_back(output);
        }
        run.attributes = std::move(fused);
        return run;
    }

private:
    static constexpr std::size_t kNone = ~std::size_t{0};

    [[nodiscard]] const std::string& pathOf(const Places& group) const {
        const auto named = std::ranges::find_if(
            group, [&](std::size_t place) { return !isSum(graph_.ops()[place]); });
        return graph_.ops()[named == group.end() ? group[0] : *named].path;
    }

    /// A sum of gradients bears the name of the layer that made the value. Here it belongs to the
    /// one that reads the value, where no other does.
    [[nodiscard]] bool addsOneLayer(const Op& sum) const {
        const auto* path = sum.isBackward ? nullptr : &sum.path;
        for (const auto input : sum.inputs) {
            const auto maker = producer_[input.index()];
            if (maker == kNone || !may_[maker])
                return false;
            const auto& makers = pathOf(groups_[groupOf_[maker]]);
            if (path && *path != makers)
                return false;
            path = &makers;
        }
        return true;
    }

    [[nodiscard]] std::vector<ValueId> inputsOf(const Places& group) const {
        std::vector<ValueId> inputs;
        for (const auto place : group)
            for (const auto input : functionOf(graph_.ops()[place]).second) {
                const auto maker = producer_[input.index()];
                const bool isInside =
                    maker != kNone && std::ranges::find(group, maker) != group.end();
                if (!isInside && std::ranges::find(inputs, input) == inputs.end())
                    inputs.push_back(input);
            }
        return inputs;
    }

    [[nodiscard]] std::vector<ValueId> outputsOf(const Places& group) const {
        const auto isOutside = [&](std::size_t reader) {
            return std::ranges::find(group, reader) == group.end();
        };
        std::vector<ValueId> outputs;
        for (const auto place : group) {
            const auto output = graph_.ops()[place].output();
            if (graph_.isResult(output) || std::ranges::any_of(readers_[output.index()], isOutside))
                outputs.push_back(output);
        }
        return outputs;
    }

    [[nodiscard]] bool suit(std::size_t a, std::size_t b) const {
        const auto& first = graph_.ops()[groups_[a][0]];
        const auto& second = graph_.ops()[groups_[b][0]];
        const auto isSumAlone = [&](std::size_t group) {
            return groups_[group].size() == 1 && isSum(graph_.ops()[groups_[group][0]]);
        };
        return first.isBackward == second.isBackward &&
               graph_.type(first.output()).dims == graph_.type(second.output()).dims &&
               (isSumAlone(a) || isSumAlone(b) || pathOf(groups_[a]) == pathOf(groups_[b]));
    }

    /// Makes one group of two, where they may be one op.
    void tryMerge(std::size_t place, std::size_t otherPlace) {
        if (groupOf_[place] == groupOf_[otherPlace])
            return;
        auto a = groupOf_[place];
        auto b = groupOf_[otherPlace];
        if (at_[a] > at_[b])
            std::swap(a, b);
        if (!suit(a, b) || groups_[a].size() + groups_[b].size() > kMostFusedSteps)
            return;
        auto both = groups_[a];
        both.insert(both.end(), groups_[b].begin(), groups_[b].end());
        if (inputsOf(both).size() > kMostFusedInputs)
            return;
        // What stands between them and depends on the first has to come after both.
        behind_[a] = true;
        std::vector<std::size_t> before;
        std::vector<std::size_t> after;
        for (auto at = at_[a] + 1; at < at_[b]; ++at)
            if (const auto group = order_[at]; group != kNone) {
                behind_[group] = dependsOnMarked(group);
                (behind_[group] ? after : before).push_back(group);
            }
        behind_[a] = false; // the second may depend on the first
        const bool isLegal = !dependsOnMarked(b);
        for (const auto group : after)
            behind_[group] = false;
        if (!isLegal)
            return;
        auto at = at_[a];
        const auto end = at_[b] + 1;
        for (const auto* groups : {&before, &after}) {
            for (const auto group : *groups)
                stand(group, at++);
            if (groups == &before)
                stand(a, at++);
        }
        while (at < end)
            order_[at++] = kNone;
        for (const auto member : groups_[b])
            groupOf_[member] = a;
        groups_[a] = std::move(both);
        groups_[b].clear();
    }

    void stand(std::size_t group, std::size_t at) {
        order_[at] = group;
        at_[group] = at;
    }

    /// Whether the group reads what a group makes that is marked in behind_.
    [[nodiscard]] bool dependsOnMarked(std::size_t group) const {
        return std::ranges::any_of(groups_[group], [&](std::size_t place) {
            return std::ranges::any_of(graph_.ops()[place].inputs, [&](ValueId input) {
                const auto maker = producer_[input.index()];
                return maker != kNone && behind_[groupOf_[maker]];
            });
        });
    }

    const OpGraph& graph_;
    std::vector<bool> may_;
    std::vector<std::size_t> producer_; ///< by value: the place of the op that makes it
    std::vector<Places> readers_;       ///< by value: of the ops that read it
    std::vector<Places> groups_;        ///< by number; empty where it was merged into another
    std::vector<std::size_t> groupOf_;  ///< by place
    std::vector<std::size_t> order_;    ///< numbers of groups
    std::vector<std::size_t> at_;       ///< by group: where it stands in order_
    std::vector<bool> behind_;          ///< by group: marked while two are merged
};

/// By place: the ops that can be parts of a fused one.
std::vector<bool> elementwiseOps(const OpGraph& graph) {
    std::vector<bool> may(graph.ops().size());
    for (std::size_t i = 0; i < may.size(); ++i) {
        const auto& op = graph.ops()[i];
        may[i] = isGeneral(op) || differentiatedActivation(op) ||
                 std::holds_alternative<ActivationOp>(op.attributes) ||
                 (isSum(op) && op.inputs.size() <= kMostFusedTerms && !graph.isResult(op.output()));
    }
    return may;
}

/// Takes those from `may` whose other half is not fused: activations and their gradients. Returns
/// whether there were any.
bool dropHalves(const OpGraph& graph, const std::vector<bool>& fused, std::vector<bool>& may) {
    const auto before = may;
    for (std::size_t i = 0; i < may.size(); ++i) {
        const auto& op = graph.ops()[i];
        if (!differentiatedActivation(op))
            continue;
        const auto forward = graph.placeOf(std::get<GradientOp>(op.attributes).of);
        if (forward && fused[*forward] != fused[i])
            may[*forward] = may[i] = false;
    }
    return may != before;
}

} // namespace

std::size_t fuseElementwise(OpGraph& graph) {
    if (std::ranges::none_of(graph.ops(), isGeneral))
        return 0;
    auto may = elementwiseOps(graph);
    std::optional<Grouping> grouping;
    do {
        grouping.emplace(graph, may);
        grouping->run();
    } while (dropHalves(graph, grouping->fused(), may));
    std::vector<std::size_t> order;
    std::vector<OpRun> runs;
    for (const auto& group : grouping->groups()) {
        if (grouping->isFused(group))
            runs.push_back(grouping->runOf(group, order.size()));
        order.insert(order.end(), group.begin(), group.end());
    }
    const auto count = runs.size();
    if (count == 0)
        return 0;
    graph.reorder(order);
    graph.merge(std::move(runs));
    return count;
}

} // namespace gradwright
