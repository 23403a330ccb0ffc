// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/training/written_value.h"

#include "engine/ops/activation.h"
#include "engine/support/error.h"
#include "engine/training/trace_numbers.h"

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
                                 std::holds_alternative<RecurrentOp>(op->attributes) ||
                                 std::holds_alternative<AttentionOp>(op->attributes));
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

/// Writes one element out, from the layer's output back to the op that computes it.
class Writer : TraceNumbers {
public:
    Writer(const BatchTrace& numbers, Index which)
        : TraceNumbers{numbers, which}
        , graph_(numbers.network->training.graph) {}

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
    /// Through activations, which are noted, and ops that only move values.
    void walkBack(ValueId& value, Index& element) {
        while (const auto* op = graph_.producerOf(value)) {
            if (!op->inputs.empty() && trace.value(op->inputs[0]).elements() == 0)
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
            if (trace.value(input).elements() == 0)
                return;
        if (const auto* dense = std::get_if<DenseOp>(&op.attributes))
            writeDense(op, *dense, element);
        else if (const auto* conv = std::get_if<ConvOp>(&op.attributes))
            writeConvolution(op, *conv, element);
        else if (const auto* cell = std::get_if<RecurrentOp>(&op.attributes))
            writeCell(*this, op, *cell, element, made_);
        else if (const auto* attention = std::get_if<AttentionOp>(&op.attributes))
            writeAttention(*this, op, *attention, element, "z", made_);
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
        else if (const auto* within = std::get_if<NormalizeOp>(&op.attributes))
            writeNormalize(op, *within, element);
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
        // Behind attention: also where the largest product has its number from.
        const auto* const before = graph_.producerOf(op.inputs[0]);
        const auto* const attention =
            before ? std::get_if<AttentionOp>(&before->attributes) : nullptr;
        if (!attention || before->path != op.path)
            return;
        const auto& terms = made_.sums.back().terms;
        const auto largest = std::ranges::max_element(
            terms, {}, [](const WrittenTerm& term) { return std::abs(term.weight * term.input); });
        const std::string name = largest->name;
        writeAttention(*this, *before, *attention, step * features + (largest - terms.begin()),
                       name, made_);
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
        const auto& tensor = trace.value(op.inputs[0]);
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
        const double mean = normalize.fixed ? weight(op, 2, channel) : sum / count;
        visit([&](double x) { squares += (x - mean) * (x - mean); });
        const double variance = normalize.fixed ? weight(op, 3, channel) : squares / count;
        const double spread = std::sqrt(variance + normalize.epsilon);
        made_.lines.push_back(
            fmt::format("({} - mean {}) / spread {} * scale {} + shift {} = {}",
                        shownNumber(number(op.inputs[0], element)), signedNumber(mean),
                        shownNumber(spread), signedNumber(weight(op, 0, channel)),
                        signedNumber(weight(op, 1, channel)), shownNumber(made_.sum)));
    }

    /// Layer, group, instance and RMS normalization.
    void writeNormalize(const Op& op, const NormalizeOp& normalize, Index element) {
        const auto& shape = shapeOf(op.inputs[0]);
        const auto span = productFrom(shape, static_cast<std::size_t>(normalize.axis));
        const auto size = span / normalize.groups;
        const auto begin = element / size * size;
        const auto over = [&](const auto& take) {
            double sum = 0;
            for (Index i = begin; i < begin + size; ++i)
                sum += take(number(op.inputs[0], i));
            return sum / static_cast<double>(size);
        };
        const double mean = normalize.centre ? over([](double x) { return x; }) : 0.0;
        const double spread = std::sqrt(over([mean](double x) { return (x - mean) * (x - mean); }) +
                                        normalize.epsilon);
        const auto x = number(op.inputs[0], element);
        auto text = normalize.centre
                        ? fmt::format("({} - mean {})", shownNumber(x), signedNumber(mean))
                        : signedNumber(x);
        text += fmt::format(" / {} {}", normalize.centre ? "spread" : "root mean square",
                            shownNumber(spread));
        const auto place = normalize.perChannel ? element / productFrom(shape, 2) : element % span;
        if (normalize.scale)
            text += fmt::format(" * scale {}", signedNumber(weight(op, 0, place)));
        if (normalize.shift)
            text += fmt::format(" + shift {}",
                                signedNumber(weight(op, normalize.scale ? 1 : 0, place)));
        made_.lines.push_back(fmt::format("{} = {}", text, shownNumber(made_.sum)));
        made_.lines.insert(
            made_.lines.begin(),
            fmt::format("mean and spread are those of {} values of the sample", size));
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

    const OpGraph& graph_;
    std::vector<Activation> activations_; ///< from the output back
    WrittenValue made_;
};

} // namespace

std::string signedNumber(double value) {
    return value < 0 ? fmt::format("({})", shownNumber(value)) : shownNumber(value);
}

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
