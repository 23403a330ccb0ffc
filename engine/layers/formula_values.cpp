// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/formula_expression.h"
#include "engine/support/error.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>

// What formulas are worth.

namespace gradwright::formula {
namespace {

/// A value and its derivative with respect to one input.
struct Dual {
    double value = 0;
    double slope = 0;
};

double signOf(double x) {
    return x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0;
}

/// f(a), whose derivative at a is `rise`. What does not depend on the input keeps slope 0 where
/// the rise is infinite.
Dual chained(double value, double rise, const Dual& a) {
    return {value, a.slope == 0 ? 0.0 : rise * a.slope};
}

Dual power(const Dual& a, const Dual& b) {
    Dual result{std::pow(a.value, b.value)};
    if (a.slope != 0 && b.value != 0)
        result.slope += b.value * std::pow(a.value, b.value - 1) * a.slope;
    if (b.slope != 0)
        result.slope += result.value * std::log(a.value) * b.slope;
    return result;
}

Dual applied(const Call& call, const std::vector<Dual>& values) {
    const auto argument = [&](std::size_t index) { return values[call.arguments[index]]; };
    const Dual a = argument(0);
    const Dual b = call.arguments.size() > 1 ? argument(1) : Dual{};
    switch (call.function) {
    case Function::Add:
        return {a.value + b.value, a.slope + b.slope};
    case Function::Subtract:
        return {a.value - b.value, a.slope - b.slope};
    case Function::Multiply:
        return {a.value * b.value, a.slope * b.value + a.value * b.slope};
    case Function::Divide:
        return {a.value / b.value, a.slope / b.value - a.value / (b.value * b.value) * b.slope};
    case Function::Power:
        return power(a, b);
    case Function::Negate:
        return {-a.value, -a.slope};
    case Function::Maximum:
        return a.value >= b.value || std::isnan(a.value) ? a : b; // a NaN passes
    case Function::Minimum:
        return a.value <= b.value || std::isnan(a.value) ? a : b;
    case Function::Exponential:
        return chained(std::exp(a.value), std::exp(a.value), a);
    case Function::Logarithm:
        return chained(std::log(a.value), 1 / a.value, a);
    case Function::SquareRoot:
        return chained(std::sqrt(a.value), 0.5 / std::sqrt(a.value), a);
    case Function::Absolute:
        return chained(std::abs(a.value), signOf(a.value), a);
    case Function::Sign:
        return {signOf(a.value)};
    case Function::Floor:
        return {std::floor(a.value)};
    case Function::Sine:
        return chained(std::sin(a.value), std::cos(a.value), a);
    case Function::Cosine:
        return chained(std::cos(a.value), -std::sin(a.value), a);
    case Function::ErrorFunction:
        return chained(std::erf(a.value),
                       2 * std::numbers::inv_sqrtpi * std::exp(-a.value * a.value), a);
    case Function::Clip: {
        const double low = b.value;
        const double high = argument(2).value;
        const bool isInside = low <= a.value && a.value <= high;
        return chained(std::clamp(a.value, low, high), isInside ? 1 : 0, a);
    }
    case Function::Activate:
        return chained(gradwright::evaluate(call.activation, a.value),
                       gradwright::derivative(call.activation, a.value), a);
    }
    return {};
}

Dual valueOf(const Expression& expression, std::span<const double> inputs,
             std::span<const double> parameters, std::size_t moved) {
    std::vector<Dual> values;
    values.reserve(expression.terms.size());
    for (const auto& term : expression.terms) {
        if (const auto* const number = std::get_if<Number>(&term.what))
            values.push_back({number->value});
        else if (const auto* const input = std::get_if<Input>(&term.what))
            values.push_back({inputs[input->index], input->index == moved ? 1.0 : 0.0});
        else if (const auto* const parameter = std::get_if<Parameter>(&term.what))
            values.push_back({parameters[parameter->index]});
        else
            values.push_back(applied(std::get<Call>(term.what), values));
    }
    return values.back();
}

const double* numberIn(const Expression& expression, std::size_t term) {
    const auto* const number = std::get_if<Number>(&expression.terms[term].what);
    return number ? &number->value : nullptr;
}

/// Checks numbers among the arguments and removes those that shape the function.
void takeNumbers(const Expression& expression, Call& call, std::size_t column) {
    if (call.function == Function::Clip) {
        const auto* const low = numberIn(expression, call.arguments[1]);
        const auto* const high = numberIn(expression, call.arguments[2]);
        if (!low || !high)
            throw Error("column {}: the bounds of clip are numbers; use min and max for others",
                        column);
        if (*low > *high)
            throw Error("column {}: the lower bound of clip is {}, above the upper one, {}", column,
                        *low, *high);
    }
    if (call.function == Function::Divide) {
        const auto* const divisor = numberIn(expression, call.arguments[1]);
        if (divisor && !std::isfinite(1 / *divisor))
            throw Error("column {}: this divides by {}", column, *divisor);
    }
    if (call.function == Function::Power && !numberIn(expression, call.arguments[1])) {
        const auto* const base = numberIn(expression, call.arguments[0]);
        if (base && *base <= 0)
            throw Error("column {}: a number that is raised to what varies is above 0, not {}",
                        column, *base);
    }
    if (call.function == Function::Activate && call.arguments.size() > 1) {
        const auto* const alpha = numberIn(expression, call.arguments[1]);
        const auto& about = info(call.activation.kind);
        if (!alpha)
            throw Error("column {}: the second argument of {} is a number", column, about.title);
        if (call.activation.kind != ActivationKind::LeakyRelu && *alpha <= 0)
            throw Error("column {}: the α of {} is above 0, not {}", column, about.title, *alpha);
        call.activation.alpha = *alpha;
        call.arguments.resize(1);
    }
}

} // namespace

Expression withNumbers(const Expression& expression,
                       const std::map<std::string, double, std::less<>>& numbers) {
    Expression result{{}, {}, expression.inputs};
    std::vector<std::optional<std::size_t>> kept; // of the parameters
    for (const auto& name : expression.parameters) {
        kept.emplace_back();
        if (numbers.contains(name))
            continue;
        kept.back() = result.parameters.size();
        result.parameters.push_back(name);
    }
    // Each term becomes one, so that places stay.
    std::vector<Dual> values(expression.terms.size());
    for (std::size_t i = 0; i < expression.terms.size(); ++i) {
        auto term = expression.terms[i];
        if (const auto* const parameter = std::get_if<Parameter>(&term.what)) {
            if (kept[parameter->index])
                term.what = Parameter{*kept[parameter->index]};
            else
                term.what = Number{numbers.find(expression.parameters[parameter->index])->second};
        } else if (auto* const call = std::get_if<Call>(&term.what)) {
            takeNumbers(result, *call, term.column);
            auto& arguments = call->arguments;
            if (std::ranges::all_of(arguments, [&](std::size_t argument) {
                    return numberIn(result, argument) != nullptr;
                })) {
                const double value = applied(*call, values).value;
                if (!std::isfinite(value))
                    throw Error("column {}: this computes no number: {}", term.column,
                                std::isnan(value) ? "it is not defined" : "it is infinite");
                term.what = Number{value};
            } else if ((call->function == Function::Maximum ||
                        call->function == Function::Minimum) &&
                       numberIn(result, arguments[0])) {
                std::swap(arguments[0], arguments[1]);
            }
        }
        if (const auto* const number = std::get_if<Number>(&term.what))
            values[i] = {number->value};
        result.terms.push_back(std::move(term));
    }
    return result;
}

double evaluate(const Expression& expression, std::span<const double> inputs,
                std::span<const double> parameters) {
    return valueOf(expression, inputs, parameters, kMaxInputs).value;
}

double derivative(const Expression& expression, std::span<const double> inputs,
                  std::span<const double> parameters, std::size_t input) {
    return valueOf(expression, inputs, parameters, input).slope;
}

} // namespace gradwright::formula
