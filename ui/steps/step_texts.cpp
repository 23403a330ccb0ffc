// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/steps/step_texts.h"

#include "engine/training/recipes/losses.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/written_value.h"
#include "ui/theme/text.h"

#include <QCoreApplication>
#include <QStringList>

#include <algorithm>
#include <cmath>

namespace gradwright {

namespace {

constexpr std::size_t kMostTerms = 24;
constexpr std::size_t kMostTermsOfSeveral = 6; // where there are several sums, as in an LSTM

QString stepText(const char* text) {
    return QCoreApplication::translate("BatchSteps", text);
}

/// A negative factor in brackets.
QString factorText(double value) {
    return value < 0 ? u'(' + stepNumber(value) + u')' : stepNumber(value);
}

QString printed(std::string_view text) {
    QString made = qstr(text);
    made.replace(QStringLiteral("* "), QStringLiteral("· "));
    // A hyphen in front of a digit, or of ln, is a minus; within names it is a hyphen.
    for (qsizetype i = 0; i + 1 < made.size(); ++i)
        if (made[i] == u'-' && (i == 0 || !made[i - 1].isLetter() || made[i - 1] == u'e'))
            made[i] = QChar(0x2212);
    return made;
}

QString sumLine(const WrittenSum& sum, std::size_t most) {
    QStringList terms;
    for (const auto& term : sum.terms) {
        if (terms.size() == static_cast<qsizetype>(most) && sum.terms.size() > most + 1)
            break;
        terms << factorText(term.weight) + QStringLiteral("·") + factorText(term.input);
    }
    if (const auto shown = static_cast<std::size_t>(terms.size()); shown < sum.terms.size()) {
        double rest = 0;
        for (auto i = shown; i < sum.terms.size(); ++i)
            rest += sum.terms[i].weight * sum.terms[i].input;
        terms << stepText("%1 for the other %2 products")
                     .arg(factorText(rest),
                          fullNumber(static_cast<std::int64_t>(sum.terms.size() - shown)));
    }
    if (sum.bias)
        terms << factorText(*sum.bias);
    return qstr(sum.name) + QStringLiteral(" = ") + terms.join(QStringLiteral(" + ")) +
           QStringLiteral(" = ") + stepNumber(sum.value);
}

QString sumDetails(const BatchSteps& steps) {
    const TracedLayer* const layer = steps.layer();
    if (layer == nullptr || steps.trace()->value(layer->outputs.front()).elements() == 0)
        return stepText("This layer takes no part in training; click another one.");
    const auto made = writeOut(*steps.trace(), *layer, steps.sample(), steps.element());
    QStringList lines{QStringLiteral("%1, %2: %3")
                          .arg(qstr(layer->path), qstr(made.place), stepNumber(made.value))};
    // What the activation makes of a single sum comes first: the sum itself may be longer than what
    // can be seen at once.
    const bool isSingle = made.sums.size() == 1;
    if (isSingle)
        for (const auto& line : made.lines)
            lines << printed(line);
    for (const auto& sum : made.sums)
        lines << sumLine(sum, isSingle ? kMostTerms : kMostTermsOfSeveral);
    if (!isSingle)
        for (const auto& line : made.lines)
            lines << printed(line);
    if (made.sums.empty() && made.lines.empty())
        lines << stepText("This layer has no weighted sum of its own; the number is what it "
                          "computed.");
    return lines.join(u'\n');
}

QString costDetails(const BatchSteps& steps) {
    QStringList lines;
    for (const auto& line : writeCost(*steps.trace(), steps.sample()))
        lines << printed(line);
    lines << stepText("Mean over the batch: C = %1").arg(stepNumber(steps.trace()->lossBefore));
    return lines.join(u'\n');
}

/// The gradients of the first and the last kernel on the way.
QString fadingText(const BatchTrace& trace) {
    const TracedWeight* first = nullptr;
    const TracedWeight* last = nullptr;
    for (const auto& weight : trace.weights)
        if (weight.learns() && weight.before.shape().rank() > 1)
            (first == nullptr ? first : last) = &weight;
    if (first == nullptr || last == nullptr)
        return {};
    const double nearInput = rootMeanSquare(first->gradient);
    const double nearOutput = rootMeanSquare(last->gradient);
    QString text =
        stepText("Root mean square of the gradient: %1 at %2, %3 at %4")
            .arg(stepNumber(nearOutput), qstr(last->key), stepNumber(nearInput), qstr(first->key));
    if (nearInput > 0 && nearInput < nearOutput)
        text += stepText("; %1 times smaller").arg(stepNumber(nearOutput / nearInput));
    return text;
}

QString updateDetails(std::span<const TracedWeight* const> weights) {
    QStringList lines;
    for (const TracedWeight* const weight : weights) {
        const auto move = largestMove({&weight, 1});
        if (!move)
            continue;
        lines << stepText("%1: old %2, gradient %3, step %4, new %5")
                     .arg(weightName(*weight, move->element), stepNumber(move->before),
                          stepNumber(move->gradient), stepNumber(move->after - move->before),
                          stepNumber(move->after));
        constexpr qsizetype kMostWeights = 6;
        if (lines.size() == kMostWeights)
            break;
    }
    if (lines.isEmpty())
        lines << stepText("The selected layer has no weights that learn; click another one.");
    return lines.join(u'\n');
}

} // namespace

QString stepNumber(double value) {
    QString text = qstr(shownNumber(value));
    return text.replace(u'-', QChar(0x2212));
}

QString stepNumbers(std::span<const double> values) {
    if (values.empty())
        return {};
    if (values.size() == 1)
        return stepNumber(values[0]);
    const auto [least, most] = std::ranges::minmax(values);
    const auto brief = [](double value) {
        return qstr(fmt::format("{:.3g}", value == 0 ? 0.0 : value)).replace(u'-', QChar(0x2212));
    };
    return values.size() == 2 ? brief(values[0]) + QStringLiteral(", ") + brief(values[1])
                              : brief(least) + QStringLiteral(" … ") + brief(most);
}

std::span<const double> sampleOf(const BatchTrace& trace, const Tensor& values,
                                 std::int64_t sample) {
    const auto size = static_cast<std::size_t>(values.elements() / trace.samples);
    return values.elements() == 0
               ? std::span<const double>()
               : values.span<double>().subspan(static_cast<std::size_t>(sample) * size, size);
}

QString truthText(const BatchTrace& trace, std::int64_t sample) {
    const auto& data = trace.network->data;
    const auto at = static_cast<std::size_t>(sample);
    const auto count = static_cast<std::size_t>(trace.samples);
    if (!trace.targets.empty()) {
        const auto size = trace.targets.size() / count;
        const std::vector<double> values(
            trace.targets.begin() + static_cast<std::ptrdiff_t>(at * size),
            trace.targets.begin() + static_cast<std::ptrdiff_t>((at + 1) * size));
        return stepNumbers(values);
    }
    const auto size = trace.labels.size() / count;
    const auto nameAt = [&](std::size_t label) {
        const auto named = static_cast<std::size_t>(trace.labels[label]);
        return named < data.classes.size() ? qstr(data.classes[named]) : QString();
    };
    if (size == 1)
        return nameAt(at);
    return stepText("%1 …, a class at each of %2 steps").arg(nameAt(at * size)).arg(size);
}

std::optional<LargestMove> largestMove(std::span<const TracedWeight* const> weights) {
    std::optional<LargestMove> found;
    double largest = -1;
    for (const TracedWeight* const weight : weights) {
        if (!weight->learns())
            continue;
        const auto before = weight->before.span<double>();
        const auto after = weight->after.span<double>();
        for (std::size_t i = 0; i < before.size(); ++i)
            if (const double by = std::abs(after[i] - before[i]); by > largest) {
                largest = by;
                found = {weight, i, before[i], weight->gradient.span<double>()[i], after[i]};
            }
    }
    return found;
}

QString weightName(const TracedWeight& weight, std::size_t element) {
    const auto& shape = weight.before.shape();
    QStringList places;
    for (auto axis = shape.rank(); axis-- > 0;) {
        const auto length = static_cast<std::size_t>(shape[axis]);
        places.prepend(QString::number(element % length + 1));
        element /= length;
    }
    return QStringLiteral("%1[%2]").arg(qstr(weight.key), places.join(QStringLiteral(", ")));
}

QString titleOf(BatchStep step) {
    switch (step) {
    case BatchStep::Batch:
        return stepText("Batch");
    case BatchStep::Forward:
        return stepText("Forward");
    case BatchStep::Sum:
        return stepText("One neuron");
    case BatchStep::Cost:
        return stepText("Cost");
    case BatchStep::Backward:
        return stepText("Backward");
    case BatchStep::Update:
        return stepText("Update");
    case BatchStep::NextBatch:
        return stepText("Next batch");
    }
    return {};
}

QString explanationOf(const BatchSteps& steps) {
    const BatchTrace& trace = *steps.trace();
    const auto sample = steps.sample() + 1;
    switch (steps.step()) {
    case BatchStep::Batch:
        return (trace.samples == 1
                    ? stepText("Batch %1 is a sample of the training set. The Input takes it; its "
                               "truth is %2.")
                          .arg(QString::number(trace.number), truthText(trace, steps.sample()))
                    : stepText("Batch %1 has %2 samples of the training set. The Input takes "
                               "sample %3, whose truth is %4.")
                          .arg(QString::number(trace.number), QString::number(trace.samples),
                               QString::number(sample), truthText(trace, steps.sample())));
    case BatchStep::Forward:
        return stepText("Each layer computes its values from those in front of it, from the Input "
                        "to the Output. Layers and links show the values of sample %1, or from "
                        "the smallest to the largest.")
            .arg(sample);
    case BatchStep::Sum:
        return stepText(
            "A neuron adds its inputs, each times a weight, and a bias; its activation "
            "turns the sum into its value. Click a layer and choose one of its values to "
            "see the numbers.");
    case BatchStep::Cost:
        return stepText("%1 compares the answer for sample %2 with its truth, %3. Training lowers "
                        "the mean of these costs over the batch.")
            .arg(qstr(loss(trace.network->settings.objectives.front().loss.key).title),
                 QString::number(sample), truthText(trace, steps.sample()));
    case BatchStep::Backward:
        return stepText(
            "The chain rule carries the gradient of the cost from the Output back to "
            "the first weights. The fainter the colour of a layer or a link, the smaller "
            "the gradient there, on a logarithmic scale of four decades.");
    case BatchStep::Update:
        return stepText("%1 moves each weight by a step that lowers the cost, at a learning rate "
                        "of %2. Layers show the weight that moves furthest; your runs keep "
                        "theirs.")
            .arg(qstr(optimizer(trace.network->settings.optimizer.key).title),
                 stepNumber(trace.learningRate));
    case BatchStep::NextBatch:
        return stepText("With the new weights the cost of this batch goes from %1 to %2. %3")
            .arg(
                stepNumber(trace.lossBefore), stepNumber(trace.lossAfter),
                trace.samples == 1
                    ? stepText("The next sample begins with these weights.")
                    : stepText("The next %1 samples begin with these weights.").arg(trace.samples));
    }
    return {};
}

QString formulaOf(const BatchSteps& steps) {
    const auto samples = steps.trace()->samples;
    switch (steps.step()) {
    case BatchStep::Batch:
        return samples == 1 ? QStringLiteral("(x, t)")
                            : QStringLiteral("(xₙ, tₙ)   n = 1 … %1").arg(samples);
    case BatchStep::Forward:
        return QStringLiteral("a = f(W·x + b)");
    case BatchStep::Sum:
        return QStringLiteral("Σ wᵢ·xᵢ + b = z   f(z) = a");
    case BatchStep::Cost:
        return samples == 1 ? QStringLiteral("C = C₁")
                            : QStringLiteral("C = 1/%1 · Σ Cₙ").arg(samples);
    case BatchStep::Backward:
        return QStringLiteral("∂C/∂x = ∂C/∂z · ∂z/∂x");
    case BatchStep::Update: {
        const auto& recipe = steps.trace()->network->settings.optimizer;
        const Params params(optimizer(recipe.key).params, recipe.params);
        const bool isPlain =
            recipe.key == "sgd" && params.real("momentum") == 0 && params.real("weight_decay") == 0;
        return isPlain ? QStringLiteral("w′ = w − η·∂C/∂w   η = %1")
                             .arg(stepNumber(steps.trace()->learningRate))
                       : stepText("w′ = w + the optimizer's step");
    }
    case BatchStep::NextBatch:
        return QStringLiteral("C(w) → C(w′)");
    }
    return {};
}

QString detailsOf(const BatchSteps& steps, std::span<const TracedWeight* const> weights) {
    switch (steps.step()) {
    case BatchStep::Batch:
        return stepText("Weights: %1. Optimizer step %2.")
            .arg(steps.weightsText())
            .arg(steps.trace()->step);
    case BatchStep::Sum:
        return sumDetails(steps);
    case BatchStep::Cost:
        return costDetails(steps);
    case BatchStep::Backward:
        return fadingText(*steps.trace());
    case BatchStep::Update:
        return updateDetails(weights);
    case BatchStep::Forward:
    case BatchStep::NextBatch:
        return {};
    }
    return {};
}

} // namespace gradwright
