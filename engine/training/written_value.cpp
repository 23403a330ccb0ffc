// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/written_value.h"

#include "engine/ops/activation.h"
#include "engine/support/error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace gradwright {
namespace {

using Index = std::int64_t;

Index productFrom(const Shape& shape, std::size_t axis) {
    Index product = 1;
    for (auto i = axis; i < shape.rank(); ++i)
        product *= shape[i];
    return product;
}

/// The coordinates of an element of a sample; `shape` begins with the batch.
std::vector<Index> coordinatesOf(const Shape& shape, Index element) {
    std::vector<Index> at(shape.rank() - 1);
    for (auto i = at.size(); i-- > 0;) {
        at[i] = element % shape[i + 1];
        element /= shape[i + 1];
    }
    return at;
}

Index elementAt(const Shape& shape, const std::vector<Index>& at) {
    Index element = 0;
    for (std::size_t i = 0; i < at.size(); ++i)
        element = element * shape[i + 1] + at[i];
    return element;
}

/// `op` is what computes the values; nullptr where a batch brings them.
std::string placeText(const std::vector<Index>& at, const Op* op) {
    using Names = std::array<std::string_view, 3>;
    const bool hasSteps = op && (std::holds_alternative<DenseOp>(op->attributes) ||
                                 std::holds_alternative<RecurrentOp>(op->attributes));
    if (at.size() == 1)
        return fmt::format("{} {}", hasSteps ? "unit" : "value", at[0] + 1);
    Names names{"channel", "row", "column"};
    if (at.size() == 2)
        names = hasSteps ? Names{"step", "unit", ""} : Names{"row", "column", ""};
    std::string text;
    for (std::size_t i = 0; i < at.size(); ++i)
        text += fmt::format("{}{} {}", i > 0 ? ", " : "", i < names.size() ? names[i] : "axis",
                            at[i] + 1);
    return text;
}

double logistic(double x) {
    return 1 / (1 + std::exp(-x));
}

std::string signedNumber(double value) {
    return value < 0 ? fmt::format("({})", shownNumber(value)) : shownNumber(value);
}

/// Writes one element out, from the layer's output back to the op that computes it.
class Writer {
public:
    Writer(const BatchTrace& trace, Index sample)
        : trace_(trace)
        , graph_(trace.network->training.graph)
        , sample_(sample) {}

    WrittenValue run(ValueId value, Index element) {
        made_.value = number(value, element);
        const auto at = coordinatesOf(shapeOf(value), element);
        walkBack(value, element);
        made_.sum = number(value, element);
        const auto* op = graph_.producerOf(value);
        made_.place = placeText(at, op);
        if (op)
            writeOp(*op, element);
        auto result = made_.sum;
        for (auto activation = activations_.rbegin(); activation != activations_.rend();
             ++activation) {
            const double next = evaluate(*activation, result);
            made_.lines.push_back(fmt::format("{}({}) = {}", info(activation->kind).title,
                                              shownNumber(result), shownNumber(next)));
            result = next;
        }
        return std::move(made_);
    }

private:
    [[nodiscard]] const Shape& shapeOf(ValueId value) const { return trace_.value(value).shape(); }
    [[nodiscard]] double number(ValueId value, Index element) const {
        const auto& tensor = trace_.value(value);
        const auto perSample = tensor.elements() / trace_.samples;
        return tensor.span<double>()[static_cast<std::size_t>(sample_ * perSample + element)];
    }
    [[nodiscard]] double weight(const Op& op, std::size_t which, Index element) const {
        const auto& spec = trace_.weights[op.weights[which].index()];
        return spec.before.span<double>()[static_cast<std::size_t>(element)];
    }

    /// Through activations, which are noted, and ops that only move values.
    void walkBack(ValueId& value, Index& element) {
        while (const auto* op = graph_.producerOf(value)) {
            if (!op->inputs.empty() && trace_.value(op->inputs[0]).elements() == 0)
                return;
            if (const auto* activation = std::get_if<ActivationOp>(&op->attributes))
                activations_.push_back(activation->activation);
            else if (!moves(*op, value, element))
                return;
            value = op->inputs[0];
        }
    }

    /// Where the element comes from, when the op takes it from its first input as it is.
    [[nodiscard]] bool moves(const Op& op, ValueId value, Index& element) const {
        if (std::holds_alternative<ReshapeOp>(op.attributes))
            return true; // in the same order
        const auto& from = shapeOf(op.inputs[0]);
        auto at = coordinatesOf(shapeOf(value), element);
        if (const auto* permute = std::get_if<PermuteOp>(&op.attributes)) {
            auto source = at;
            for (std::size_t i = 1; i < permute->axes.size(); ++i)
                source[static_cast<std::size_t>(permute->axes[i]) - 1] = at[i - 1];
            element = elementAt(from, source);
            return permute->axes[0] == 0;
        }
        const auto* resample = std::get_if<ResampleOp>(&op.attributes);
        if (!resample)
            return false;
        for (std::size_t i = 0; i < at.size(); ++i) {
            const auto terms = termsOf(resample->axes[i + 1], from[i + 1]);
            const auto first = terms.begin[static_cast<std::size_t>(at[i])];
            if (terms.begin[static_cast<std::size_t>(at[i]) + 1] != first + 1 ||
                terms.weight[first] != 1)
                return false;
            at[i] = terms.index[first];
        }
        element = elementAt(from, at);
        return resample->axes[0].kind == AxisMap::Kind::Keep;
    }

    void writeOp(const Op& op, Index element) {
        for (const auto input : op.inputs)
            if (trace_.value(input).elements() == 0)
                return;
        if (const auto* dense = std::get_if<DenseOp>(&op.attributes))
            writeDense(op, *dense, element);
        else if (const auto* conv = std::get_if<ConvOp>(&op.attributes))
            writeConvolution(op, *conv, element);
        else if (const auto* cell = std::get_if<RecurrentOp>(&op.attributes))
            writeCell(op, *cell, element);
        else if (const auto* pool = std::get_if<PoolOp>(&op.attributes))
            writePool(op, *pool, element);
        else if (std::holds_alternative<GlobalAveragePoolOp>(op.attributes))
            writeMean(op, element);
        else if (std::holds_alternative<AddOp>(op.attributes))
            writeAddition(op, element);
        else if (std::holds_alternative<SoftmaxOp>(op.attributes))
            writeSoftmax(op, element);
        else if (const auto* normalize = std::get_if<BatchNormOp>(&op.attributes))
            writeBatchNorm(op, *normalize, element);
    }

    void writeDense(const Op& op, const DenseOp& dense, Index element) {
        const auto& from = shapeOf(op.inputs[0]);
        const auto features = from[from.rank() - 1];
        const auto unit = element % dense.units;
        const auto step = element / dense.units;
        WrittenSum sum{"z", {}, {}, made_.sum};
        for (Index i = 0; i < features; ++i)
            sum.terms.push_back({weight(op, 0, unit * features + i),
                                 number(op.inputs[0], step * features + i),
                                 fmt::format("x{}", i + 1)});
        if (dense.bias)
            sum.bias = weight(op, 1, unit);
        made_.sums.push_back(std::move(sum));
    }

    /// visit(tap, element of the input): the taps of the window that lie inside.
    template <class Visit>
    void forEachTap(const Shape& from, const std::vector<Index>& at, Index channel,
                    const Extents& kernel, const Extents& stride, const Extents& dilation,
                    const Padding& padding, const Visit& visit) const {
        const auto axes = at.size() - 1;
        for (Index tap = 0; tap < kernel.product(); ++tap) {
            std::vector<Index> source(at.size());
            source[0] = channel;
            bool isInside = true;
            auto rest = tap;
            for (auto axis = axes; axis-- > 0;) {
                const auto offset = rest % kernel[axis];
                rest /= kernel[axis];
                source[axis + 1] =
                    at[axis + 1] * stride[axis] - padding.before(axis) + offset * dilation[axis];
                isInside = isInside && source[axis + 1] >= 0 && source[axis + 1] < from[axis + 2];
            }
            if (isInside)
                visit(tap, elementAt(from, source), source);
        }
    }

    void writeConvolution(const Op& op, const ConvOp& conv, Index element) {
        const auto& from = shapeOf(op.inputs[0]);
        const auto at = coordinatesOf(shapeOf(op.output()), element);
        const auto perGroup = from[1] / conv.groups;
        const auto first = at[0] / (conv.outChannels / conv.groups) * perGroup;
        const auto taps = conv.kernel.product();
        WrittenSum sum{"z", {}, {}, made_.sum};
        for (Index c = 0; c < perGroup; ++c)
            forEachTap(from, at, first + c, conv.kernel, conv.stride, conv.dilation, conv.padding,
                       [&](Index tap, Index source, const std::vector<Index>& place) {
                           std::string name = "x[";
                           for (std::size_t i = 0; i < place.size(); ++i)
                               name += fmt::format("{}{}", i > 0 ? "," : "", place[i] + 1);
                           sum.terms.push_back({weight(op, 0, (at[0] * perGroup + c) * taps + tap),
                                                number(op.inputs[0], source), name + "]"});
                       });
        if (conv.bias)
            sum.bias = weight(op, 1, at[0]);
        made_.sums.push_back(std::move(sum));
    }

    void writePool(const Op& op, const PoolOp& pool, Index element) {
        const auto& from = shapeOf(op.inputs[0]);
        const auto at = coordinatesOf(shapeOf(op.output()), element);
        std::vector<double> seen;
        forEachTap(from, at, at[0], pool.kernel, pool.stride, {1, 1, 1}, pool.padding,
                   [&](Index, Index source, const std::vector<Index>&) {
                       seen.push_back(number(op.inputs[0], source));
                   });
        made_.lines.push_back(fmt::format("{}({}) = {}",
                                          pool.kind == PoolKind::Max ? "maximum" : "mean",
                                          joined(seen, ", "), shownNumber(made_.sum)));
    }

    void writeMean(const Op& op, Index element) {
        const auto& from = shapeOf(op.inputs[0]);
        const auto positions = productFrom(from, 2);
        std::vector<double> seen;
        for (Index i = 0; i < positions; ++i)
            seen.push_back(number(op.inputs[0], element * positions + i));
        made_.lines.push_back(
            fmt::format("mean({}) = {}", joined(seen, ", "), shownNumber(made_.sum)));
    }

    void writeAddition(const Op& op, Index element) {
        std::vector<double> seen;
        for (const auto input : op.inputs)
            seen.push_back(number(input, element));
        made_.lines.push_back(fmt::format("{} = {}", joined(seen, " + "), shownNumber(made_.sum)));
    }

    void writeSoftmax(const Op& op, Index element) {
        const auto* softmax = std::get_if<SoftmaxOp>(&op.attributes);
        const auto& shape = shapeOf(op.inputs[0]);
        if (softmax->logarithm || shape.rank() != 2)
            return;
        std::vector<double> powers;
        for (Index i = 0; i < shape[1]; ++i)
            powers.push_back(std::exp(number(op.inputs[0], i)));
        made_.lines.push_back(fmt::format("e^{} / ({}) = {}",
                                          signedNumber(number(op.inputs[0], element)),
                                          joined(powers, " + "), shownNumber(made_.sum)));
    }

    void writeBatchNorm(const Op& op, const BatchNormOp& normalize, Index element) {
        const auto& tensor = trace_.value(op.inputs[0]);
        const auto& shape = tensor.shape();
        const auto positions = productFrom(shape, 2);
        const auto channel = element / positions;
        double sum = 0;
        double squares = 0;
        const auto visit = [&](const auto& take) {
            for (Index n = 0; n < shape[0]; ++n)
                for (Index i = 0; i < positions; ++i)
                    take(tensor.span<double>()[static_cast<std::size_t>(
                        (n * shape[1] + channel) * positions + i)]);
        };
        visit([&](double x) { sum += x; });
        const auto count = static_cast<double>(shape[0] * positions);
        const double mean = sum / count;
        visit([&](double x) { squares += (x - mean) * (x - mean); });
        const double spread = std::sqrt(squares / count + normalize.epsilon);
        made_.lines.push_back(
            fmt::format("({} - mean {}) / spread {} * scale {} + shift {} = {}",
                        shownNumber(number(op.inputs[0], element)), signedNumber(mean),
                        shownNumber(spread), signedNumber(weight(op, 0, channel)),
                        signedNumber(weight(op, 1, channel)), shownNumber(made_.sum)));
    }

    /// A row of W x + b + U h + c at a step; `before` is the state in front of it, none at first.
    [[nodiscard]] WrittenSum rowOf(const Op& op, const RecurrentOp& cell, std::string name,
                                   Index row, Index time, std::optional<Index> before) const {
        const auto features = shapeOf(op.inputs[0])[2];
        WrittenSum sum{std::move(name), {}, {}, 0};
        for (Index i = 0; i < features; ++i)
            sum.terms.push_back({weight(op, 0, row * features + i),
                                 number(op.inputs[0], time * features + i),
                                 fmt::format("x{}", i + 1)});
        for (Index i = 0; before && i < cell.units; ++i)
            sum.terms.push_back({weight(op, 1, row * cell.units + i),
                                 number(op.output(), *before * cell.units + i),
                                 fmt::format("h{}", i + 1)});
        if (cell.bias)
            sum.bias = weight(op, 2, row) + weight(op, 3, row);
        for (const auto& term : sum.terms)
            sum.value += term.weight * term.input;
        sum.value += sum.bias.value_or(0);
        return sum;
    }

    void writeCell(const Op& op, const RecurrentOp& cell, Index element) {
        if (!cell.isPlain() || cell.timeFirst || op.inputs.size() > 1)
            return;
        const auto steps = shapeOf(op.inputs[0])[1];
        const auto unit = element % cell.units;
        const auto time = element / cell.units;
        const auto runs = cell.reverse ? steps - 1 - time : time; // steps before this one
        const auto timeOf = [&](Index i) { return cell.reverse ? steps - 1 - i : i; };
        const auto before = [&](Index i) {
            return i > 0 ? std::optional(timeOf(i - 1)) : std::nullopt;
        };
        const auto row = [&](std::string name, Index gate, Index i) {
            return rowOf(op, cell, std::move(name), gate * cell.units + unit, timeOf(i), before(i));
        };
        const auto state = [&](Index i) {
            return i > 0 ? number(op.output(), timeOf(i - 1) * cell.units + unit) : 0.0;
        };
        const auto shown = shownNumber(made_.sum);
        if (cell.cell == CellKind::Simple) {
            made_.sums.push_back(row("z", 0, runs));
            const auto z = shownNumber(made_.sums[0].value);
            made_.lines.push_back(cell.relu ? fmt::format("h = max(0, {}) = {}", z, shown)
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
                    made_.lines.push_back(fmt::format(
                        "c = σ({}) * {} + σ({}) * tanh({}) = {}", shownNumber(forget.value),
                        signedNumber(earlier), shownNumber(in.value), shownNumber(content.value),
                        shownNumber(memory)));
                if (i == runs)
                    made_.sums = {in, forget, content};
            }
            made_.sums.push_back(row("z_output", 3, runs));
            made_.lines.push_back(fmt::format("h = σ({}) * tanh({}) = {}",
                                              shownNumber(made_.sums[3].value), shownNumber(memory),
                                              shown));
        } else {
            made_.sums = {row("z_reset", 0, runs), row("z_update", 1, runs)};
            // What comes from the state is weighed by the reset gate, so it is summed for itself.
            auto fromInput = rowOf(op, cell, "z_new", 2 * cell.units + unit, timeOf(runs), {});
            auto whole = row("z_new", 2, runs);
            const auto bias = cell.bias ? weight(op, 3, 2 * cell.units + unit) : 0.0;
            const double fromState = whole.value - fromInput.value + bias;
            const double input = fromInput.value - bias;
            made_.lines.push_back(fmt::format(
                "n = tanh({} from the input + σ({}) * {} from the state)", shownNumber(input),
                shownNumber(made_.sums[0].value), signedNumber(fromState)));
            made_.lines.push_back(fmt::format("h = (1 - σ({0})) * n + σ({0}) * {1} = {2}",
                                              shownNumber(made_.sums[1].value),
                                              signedNumber(state(runs)), shown));
        }
    }

    [[nodiscard]] static std::string joined(const std::vector<double>& values,
                                            std::string_view between) {
        constexpr std::size_t kMost = 9;
        std::string text;
        for (std::size_t i = 0; i < std::min(values.size(), kMost); ++i)
            text += fmt::format("{}{}", i > 0 ? between : "", shownNumber(values[i]));
        if (values.size() > kMost)
            text += fmt::format("{}… {} more", between, values.size() - kMost);
        return text;
    }

    const BatchTrace& trace_;
    const OpGraph& graph_;
    Index sample_;
    std::vector<Activation> activations_; ///< from the output back
    WrittenValue made_;
};

} // namespace

std::string shownNumber(double value) {
    return fmt::format("{:.4g}", value == 0 ? 0.0 : value);
}

std::int64_t elementsOf(const BatchTrace& trace, const TracedLayer& layer, std::size_t output) {
    return trace.value(layer.outputs.at(output)).elements() / trace.samples;
}

WrittenValue writeOut(const BatchTrace& trace, const TracedLayer& layer, std::int64_t sample,
                      std::int64_t element, std::size_t output) {
    if (sample < 0 || sample >= trace.samples)
        throw Error("sample {} is not one of the batch's {}", sample, trace.samples);
    if (element < 0 || element >= elementsOf(trace, layer, output))
        throw Error("{} has {} values per sample; there is no value {}", layer.path,
                    elementsOf(trace, layer, output), element);
    return Writer(trace, sample).run(layer.outputs[output], element);
}

} // namespace gradwright
