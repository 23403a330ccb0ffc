// SPDX-License-Identifier: GPL-3.0-or-later
//
// What recurrent cells and attention are written out as.
#include "engine/training/trace_numbers.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

namespace gradwright {
namespace {

using Index = std::int64_t;

double logistic(double x) {
    return 1 / (1 + std::exp(-x));
}

/// A row of W x + b + U h + c at a step; `before` is the state in front of it, none at first.
WrittenSum gateRow(const TraceNumbers& numbers, const Op& op, const RecurrentOp& cell,
                   std::string name, Index row, Index time, std::optional<Index> before) {
    const auto features = numbers.shapeOf(op.inputs[0])[2];
    WrittenSum sum{std::move(name), {}, {}, 0};
    for (Index i = 0; i < features; ++i)
        sum.terms.push_back({numbers.weight(op, 0, row * features + i),
                             numbers.number(op.inputs[0], time * features + i),
                             fmt::format("x{}", i + 1)});
    for (Index i = 0; before && i < cell.units; ++i)
        sum.terms.push_back({numbers.weight(op, 1, row * cell.units + i),
                             numbers.number(op.output(), *before * cell.units + i),
                             fmt::format("h{}", i + 1)});
    if (cell.bias)
        sum.bias = numbers.weight(op, 2, row) + numbers.weight(op, 3, row);
    for (const auto& term : sum.terms)
        sum.value += term.weight * term.input;
    sum.value += sum.bias.value_or(0);
    return sum;
}

/// Where a head finds its queries, keys and values: side by side in the attention's input.
class AttentionHead {
public:
    AttentionHead(const TraceNumbers& numbers, const Op& op, const AttentionOp& attention,
                  Index element)
        : numbers_(numbers)
        , input_(op.inputs[0])
        , features_(numbers.shapeOf(op.output())[2])
        , width_(features_ / attention.heads)
        , step_(element / features_)
        , feature_(element % features_)
        , seen_(attention.causal ? step_ + 1 : numbers.shapeOf(op.output())[1]) {}

    [[nodiscard]] Index step() const { return step_; }
    [[nodiscard]] Index seen() const { return seen_; } ///< steps, from the first on
    [[nodiscard]] Index number() const { return feature_ / width_; }
    [[nodiscard]] double value(Index step) const { return at(step, kValue, feature_); }
    [[nodiscard]] double root() const { return std::sqrt(static_cast<double>(width_)); }
    /// The query of this step times the key of another one.
    [[nodiscard]] WrittenSum product(Index key) const {
        WrittenSum sum{"q·k", {}, {}, 0};
        const auto first = number() * width_;
        for (Index i = first; i < first + width_; ++i) {
            sum.terms.push_back(
                {at(step_, kQuery, i), at(key, kKey, i), fmt::format("k{}", i - first + 1)});
            sum.value += sum.terms.back().weight * sum.terms.back().input;
        }
        return sum;
    }

private:
    enum Part { kQuery, kKey, kValue };
    [[nodiscard]] double at(Index step, Part part, Index feature) const {
        return numbers_.number(input_, (3 * step + part) * features_ + feature);
    }

    const TraceNumbers& numbers_;
    ValueId input_;
    Index features_, width_, step_, feature_, seen_;
};

} // namespace

void writeCell(const TraceNumbers& numbers, const Op& op, const RecurrentOp& cell, Index element,
               WrittenValue& made) {
    if (!cell.isPlain() || cell.timeFirst || op.inputs.size() > 1)
        return;
    const auto steps = numbers.shapeOf(op.inputs[0])[1];
    const auto unit = element % cell.units;
    const auto time = element / cell.units;
    const auto runs = cell.reverse ? steps - 1 - time : time; // steps before this one
    const auto timeOf = [&](Index i) { return cell.reverse ? steps - 1 - i : i; };
    const auto before = [&](Index i) {
        return i > 0 ? std::optional(timeOf(i - 1)) : std::nullopt;
    };
    const auto row = [&](std::string name, Index gate, Index i) {
        return gateRow(numbers, op, cell, std::move(name), gate * cell.units + unit, timeOf(i),
                       before(i));
    };
    const auto state = [&](Index i) {
        return i > 0 ? numbers.number(op.output(), timeOf(i - 1) * cell.units + unit) : 0.0;
    };
    const auto shown = shownNumber(made.sum);
    if (cell.cell == CellKind::Simple) {
        made.sums.push_back(row("z", 0, runs));
        const auto z = shownNumber(made.sums[0].value);
        made.lines.push_back(cell.relu ? fmt::format("h = max(0, {}) = {}", z, shown)
                                       : fmt::format("h = tanh({}) = {}", z, shown));
    } else if (cell.cell == CellKind::Lstm) {
        double memory = 0; // the cell state has to be followed from the first step on
        for (Index i = 0; i <= runs; ++i) {
            const auto in = row("z_input", 0, i);
            const auto forget = row("z_forget", 1, i);
            const auto content = row("z_content", 2, i);
            const double earlier = memory;
            memory =
                logistic(forget.value) * memory + logistic(in.value) * std::tanh(content.value);
            if (i == runs)
                made.lines.push_back(fmt::format("c = σ({}) * {} + σ({}) * tanh({}) = {}",
                                                 shownNumber(forget.value), signedNumber(earlier),
                                                 shownNumber(in.value), shownNumber(content.value),
                                                 shownNumber(memory)));
            if (i == runs)
                made.sums = {in, forget, content};
        }
        made.sums.push_back(row("z_output", 3, runs));
        made.lines.push_back(fmt::format("h = σ({}) * tanh({}) = {}",
                                         shownNumber(made.sums[3].value), shownNumber(memory),
                                         shown));
    } else {
        made.sums = {row("z_reset", 0, runs), row("z_update", 1, runs)};
        // What comes from the state is weighed by the reset gate, so it is summed for itself.
        auto fromInput =
            gateRow(numbers, op, cell, "z_new", 2 * cell.units + unit, timeOf(runs), {});
        auto whole = row("z_new", 2, runs);
        const auto bias = cell.bias ? numbers.weight(op, 3, 2 * cell.units + unit) : 0.0;
        const double fromState = whole.value - fromInput.value + bias;
        const double input = fromInput.value - bias;
        made.lines.push_back(fmt::format("n = tanh({} from the input + σ({}) * {} from the state)",
                                         shownNumber(input), shownNumber(made.sums[0].value),
                                         signedNumber(fromState)));
        made.lines.push_back(fmt::format("h = (1 - σ({0})) * n + σ({0}) * {1} = {2}",
                                         shownNumber(made.sums[1].value), signedNumber(state(runs)),
                                         shown));
    }
}

void writeAttention(const TraceNumbers& numbers, const Op& op, const AttentionOp& attention,
                    Index element, const std::string& name, WrittenValue& made) {
    const AttentionHead head(numbers, op, attention, element);
    std::vector<double> powers; // less the largest one's, so that none overflows
    for (Index i = 0; i < head.seen(); ++i)
        powers.push_back(head.product(i).value / head.root());
    const double top = *std::ranges::max_element(powers);
    for (double& power : powers)
        power = std::exp(power - top);
    const double all = std::accumulate(powers.begin(), powers.end(), 0.0);
    std::vector<Index> order(powers.size());
    std::iota(order.begin(), order.end(), Index{0});
    std::ranges::stable_sort(order, std::ranges::greater(),
                             [&](Index i) { return powers[static_cast<std::size_t>(i)]; });
    WrittenSum gathered{name, {}, {}, numbers.number(op.output(), element)};
    for (const auto i : order)
        gathered.terms.push_back({powers[static_cast<std::size_t>(i)] / all, head.value(i),
                                  fmt::format("step {}", i + 1)});
    made.sums.push_back(std::move(gathered));
    const auto likeliest = order.front();
    auto product = head.product(likeliest);
    made.lines.push_back(
        fmt::format("{} is what head {} gathers: values times shares; the share of step {} = "
                    "e^({} / {}) / (the sum of such powers over {} steps) = {}",
                    name, head.number() + 1, likeliest + 1, shownNumber(product.value),
                    shownNumber(head.root()), head.seen(), shownNumber(1 / all)));
    made.sums.push_back(std::move(product));
}

} // namespace gradwright
