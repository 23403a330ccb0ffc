// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/passes/differentiate.h"

#include "engine/ops/gradient.h"
#include "engine/support/error.h"

#include <algorithm>

namespace gradwright {
namespace {

/// Its result is no real number, so that nothing could come back through it: what lies before it
/// would silently stay as it is.
bool roundsToIntegers(const Op& op) {
    return std::holds_alternative<QuantizeOp>(op.attributes);
}

class Differentiator {
public:
    explicit Differentiator(OpGraph& graph)
        : graph_(graph)
        , contributions_(graph.values().size())
        , weightContributions_(graph.weights().size()) {}

    void run() {
        const auto forward = graph_.ops().size();
        const auto inObjective = graph_.opsBehind(graph_.lossValues());
        findWanted();
        seedLosses();
        for (auto i = forward; i-- > 0;)
            if (inObjective[i])
                differentiate(Op(graph_.ops()[i]));
        for (std::uint32_t i = 0; i < graph_.weights().size(); ++i)
            finishWeight(WeightId{i});
        graph_.setBackward(forward);
    }

private:
    /// A value gets a gradient when it is computed from a weight that learns, through real numbers.
    void findWanted() {
        wanted_.resize(graph_.values().size());
        for (std::size_t i = 0; i < wanted_.size(); ++i)
            if (const auto& weight = graph_.values()[i].weight)
                wanted_[i] = graph_.weight(*weight).learns();
        for (const auto& op : graph_.ops()) {
            const bool depends =
                std::ranges::any_of(op.inputs, [&](ValueId id) { return wanted_[id.index()]; }) ||
                std::ranges::any_of(op.weights,
                                    [&](WeightId id) { return graph_.weight(id).learns(); });
            for (const auto output : op.outputs)
                wanted_[output.index()] = depends && graph_.type(output).isReal();
        }
    }

    void seedLosses() {
        for (const auto& loss : graph_.losses())
            if (wanted_[loss.perSample.index()])
                contribute(loss.perSample, graph_.add(LossSeedOp{loss.weight}, {},
                                                      graph_.value(loss.perSample).path));
    }

    void contribute(ValueId value, ValueId gradient) {
        if (!graph_.value(gradient).gradientOf)
            graph_.setGradientOf(gradient, value);
        contributions_[value.index()].push_back(gradient);
    }

    /// The sum of what the readers contributed, or nothing.
    std::optional<ValueId> sumOf(const std::vector<ValueId>& terms, const std::string& path) {
        if (terms.empty())
            return {};
        return terms.size() == 1 ? terms[0] : graph_.add(AddOp{}, terms, path);
    }
    std::optional<ValueId> gradientOf(ValueId value, const std::string& path) {
        const auto sum = sumOf(contributions_[value.index()], path);
        if (sum && !graph_.value(*sum).gradientOf)
            graph_.setGradientOf(*sum, value);
        return sum;
    }

    void differentiate(const Op& op) {
        std::vector<bool> wantedInputs;
        std::vector<bool> wantedWeights;
        for (const auto input : op.inputs)
            wantedInputs.push_back(wanted_[input.index()]);
        for (const auto weight : op.weights)
            wantedWeights.push_back(graph_.weight(weight).learns());
        const bool wantsAny = std::ranges::count(wantedInputs, true) > 0 ||
                              std::ranges::count(wantedWeights, true) > 0;
        if (wantsAny && roundsToIntegers(op))
            throw Error("{} at {} rounds to integers and has no gradient: train the network before "
                        "it is quantized, or freeze the weights that {} depends on",
                        nameOf(op.attributes), op.path, op.path);
        std::vector<std::optional<ValueId>> gradients;
        for (const auto output : op.outputs)
            gradients.push_back(gradientOf(output, op.path));
        if (!wantsAny || std::ranges::none_of(gradients, &std::optional<ValueId>::has_value))
            return;
        GradientContext context(graph_, op, std::move(gradients), std::move(wantedInputs),
                                std::move(wantedWeights));
        std::visit([&](const auto& attributes) { attributes.gradient(context); }, op.attributes);
        for (std::size_t i = 0; i < op.inputs.size(); ++i)
            if (const auto given = context.givenInputs()[i]; given && context.wants(i))
                contribute(op.inputs[i], *given);
        for (std::size_t i = 0; i < op.weights.size(); ++i)
            if (const auto given = context.givenWeights()[i])
                weightContributions_[op.weights[i].index()].push_back(*given);
    }

    void finishWeight(WeightId id) {
        auto terms = weightContributions_[id.index()];
        for (std::size_t i = 0; i < contributions_.size(); ++i)
            if (graph_.values()[i].weight == id)
                terms.insert(terms.end(), contributions_[i].begin(), contributions_[i].end());
        if (const auto sum = sumOf(terms, graph_.weight(id).key))
            graph_.setGradient(id, *sum);
    }

    OpGraph& graph_;
    std::vector<bool> wanted_;                        ///< by value of the forward pass
    std::vector<std::vector<ValueId>> contributions_; ///< the same
    std::vector<std::vector<ValueId>> weightContributions_;
};

} // namespace

OpGraph differentiate(OpGraph graph) {
    Differentiator(graph).run();
    return graph;
}

} // namespace gradwright
