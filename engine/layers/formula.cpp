// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/formula.h"

#include "engine/layers/broadcast_inputs.h"
#include "engine/layers/channels.h"
#include "engine/support/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace gradwright::layers {
namespace {

using formula::Expression;
using formula::Start;

/// The starts that are there, in the order of the formula, and 1 for those that are missing.
std::vector<Start> completedStarts(const Expression& expression, const std::vector<Start>& starts) {
    std::vector<Start> completed;
    for (const auto& name : expression.parameters) {
        const auto found = std::ranges::find(starts, name, &Start::name);
        completed.push_back(found == starts.end() ? Start{name, 1} : *found);
    }
    return completed;
}

std::string quoted(const std::vector<std::string>& names) {
    return fmt::format("\"{}\"", fmt::join(names, "\", \""));
}

/// Why the list of parameters does not suit the formula.
std::optional<LayerProblem> startsProblem(const Expression& expression,
                                          const std::vector<Start>& starts) {
    std::vector<std::string> missing;
    std::vector<std::string> unused;
    for (const auto& name : expression.parameters)
        if (std::ranges::find(starts, name, &Start::name) == starts.end())
            missing.push_back(name);
    for (const auto& start : starts)
        if (std::ranges::find(expression.parameters, start.name) == expression.parameters.end())
            unused.push_back(start.name);
    if (missing.empty() && unused.empty())
        return {};
    std::string message;
    if (!missing.empty())
        message = fmt::format("The formula uses {}, which {} no initial value.", quoted(missing),
                              missing.size() == 1 ? "has" : "have");
    if (!unused.empty())
        message += fmt::format("{}The formula does not use {}.", message.empty() ? "" : " ",
                               quoted(unused));
    const auto text = formula::toText(completedStarts(expression, starts));
    return LayerProblem{message,
                        "parameters",
                        {{text.empty() ? "Clear parameters" : "Set parameters to " + text,
                          SetParamProposal{"parameters", text}}}};
}

Inferred inferFormula(const InferContext& context) {
    auto read = formulaOf(context.params);
    if (auto* const problem = std::get_if<LayerProblem>(&read))
        return std::move(*problem);
    const auto taken = std::get<Formula>(read).expression.inputs;
    if (taken != context.inputs.size()) {
        const std::vector<std::string_view> names(formula::kInputNames,
                                                  formula::kInputNames + taken);
        return LayerProblem{fmt::format("The formula takes {} input{}, {}; {} {} connected.", taken,
                                        taken == 1 ? "" : "s", fmt::join(names, ", "),
                                        context.inputs.size(),
                                        context.inputs.size() == 1 ? "is" : "are"),
                            "formula",
                            {}};
    }
    if (const auto joint = jointShape(context.inputs))
        return *joint;
    std::vector<std::string> received;
    for (const auto& input : context.inputs)
        received.push_back(toString(input));
    return LayerProblem{fmt::format("A formula takes inputs of one shape, or of length 1 along an "
                                    "axis, or one number per channel; received {}.",
                                    fmt::join(received, " and ")),
                        "",
                        {}};
}

/// A vector with a number for each channel, or each feature of a sequence, beside values of a rank.
Shape besideChannels(const Shape& shape, std::size_t rank) {
    if (shape.rank() == rank || rank <= 1)
        return shape;
    if (rank == 2)
        return besideSequence(shape, rank);
    std::vector<std::int64_t> dims(rank, 1);
    dims[0] = shape[0];
    return Shape(std::move(dims));
}

/// What a term is while ops are written: a number, or an op that is not written yet, so that it can
/// still take on what its result is multiplied with and added to.
struct Pending {
    std::variant<double, UnaryOp, BinaryOp> what;
    std::vector<ValueId> inputs = {};

    [[nodiscard]] const double* number() const { return std::get_if<double>(&what); }
    /// Multiplies what it computes, then adds to it.
    void transform(double scale, double shift) {
        std::visit(Overloaded{[&](double& value) { value = value * scale + shift; },
                              [&](auto& op) {
                                  op.scale *= scale;
                                  op.shift = op.shift * scale + shift;
                              }},
                   what);
    }
    /// Removes the factor of something to which nothing is added.
    double takeScale() {
        return std::visit(
            Overloaded{[](double& /*value*/) { return 1.0; },
                       [](auto& op) { return op.shift == 0 ? std::exchange(op.scale, 1.0) : 1.0; }},
            what);
    }
};

class FormulaWriter {
public:
    FormulaWriter(LowerContext& context, std::vector<ValueId> inputs,
                  std::vector<ValueId> parameters)
        : context_(&context)
        , inputs_(std::move(inputs))
        , parameters_(std::move(parameters)) {}

    ValueId write(const Expression& expression) {
        for (const auto& term : expression.terms)
            terms_.push_back(std::visit(
                Overloaded{[](const formula::Number& number) { return Pending{number.value}; },
                           [&](const formula::Input& input) {
                               return Pending{UnaryOp{}, {inputs_[input.index]}};
                           },
                           [&](const formula::Parameter& parameter) {
                               return Pending{UnaryOp{}, {parameters_[parameter.index]}};
                           },
                           [&](const formula::Call& call) { return called(call); }},
                term.what));
        // It is no number, since it depends on an input. The layer makes a value of its own, even
        // where it passes one on.
        const auto& whole = terms_.back();
        const auto* const passedOn = std::get_if<UnaryOp>(&whole.what);
        if (passedOn && std::ranges::find(inputs_, whole.inputs[0]) != inputs_.end())
            return context_->op(*passedOn, whole.inputs);
        return value(whole);
    }

private:
    /// Writes the op. Never called for a number.
    ValueId value(const Pending& term) {
        if (const auto* const unary = std::get_if<UnaryOp>(&term.what)) {
            if (*unary == UnaryOp{})
                return term.inputs[0];
            return context_->op(*unary, term.inputs);
        }
        return context_->op(std::get<BinaryOp>(term.what), term.inputs);
    }

    Pending unary(UnaryOp op, const Pending& a) { return {op, {value(a)}}; }
    Pending binary(BinaryKind kind, const Pending& a, const Pending& b) {
        return {BinaryOp{kind}, {value(a), value(b)}};
    }

    Pending called(const formula::Call& call) {
        using formula::Function;
        const auto& a = terms_[call.arguments[0]];
        const auto b = call.arguments.size() > 1 ? terms_[call.arguments[1]] : Pending{0.0};
        switch (call.function) {
        case Function::Add:
            return sum(a, b);
        case Function::Subtract:
            return difference(a, b);
        case Function::Multiply:
            return product(a, b);
        case Function::Divide:
            return quotient(a, b);
        case Function::Power:
            return power(a, b);
        case Function::Negate:
            return transformed(a, -1, 0);
        case Function::Maximum:
            return extreme(BinaryKind::Maximum, a, b);
        case Function::Minimum:
            return extreme(BinaryKind::Minimum, a, b);
        case Function::Exponential:
            return unary({UnaryKind::Exponential}, a);
        case Function::Logarithm:
            return unary({UnaryKind::Logarithm}, a);
        case Function::SquareRoot:
            return unary({UnaryKind::SquareRoot}, a);
        case Function::Absolute:
            return unary({UnaryKind::Absolute}, a);
        case Function::Sign:
            return unary({UnaryKind::Sign}, a);
        case Function::Floor:
            return unary({UnaryKind::Floor}, a);
        case Function::Sine:
            return unary({UnaryKind::Sine}, a);
        case Function::Cosine:
            return unary({UnaryKind::Cosine}, a);
        case Function::ErrorFunction:
            return unary({UnaryKind::ErrorFunction}, a);
        case Function::Clip:
            return unary({UnaryKind::Clip, 1, 0, *b.number(), *terms_[call.arguments[2]].number()},
                         a);
        case Function::Activate:
            return {UnaryOp{}, {context_->op(ActivationOp{call.activation}, {value(a)})}};
        }
        return {};
    }

    static Pending transformed(Pending term, double scale, double shift) {
        term.transform(scale, shift);
        return term;
    }

    Pending sum(const Pending& a, const Pending& b) {
        if (b.number())
            return transformed(a, 1, *b.number());
        return a.number() ? sum(b, a) : binary(BinaryKind::Add, a, b);
    }

    Pending difference(const Pending& a, const Pending& b) {
        if (b.number())
            return transformed(a, 1, -*b.number());
        return a.number() ? transformed(b, -1, *a.number()) : binary(BinaryKind::Subtract, a, b);
    }

    Pending product(Pending a, Pending b) {
        if (b.number())
            return transformed(a, *b.number(), 0);
        if (a.number())
            return transformed(b, *a.number(), 0);
        const double scale = a.takeScale() * b.takeScale();
        return transformed(binary(BinaryKind::Multiply, a, b), scale, 0);
    }

    Pending quotient(Pending a, const Pending& b) {
        if (b.number())
            return transformed(a, 1 / *b.number(), 0);
        if (a.number())
            return transformed(unary({UnaryKind::Reciprocal}, b), *a.number(), 0);
        const double scale = a.takeScale();
        return transformed(binary(BinaryKind::Divide, a, b), scale, 0);
    }

    Pending power(const Pending& a, const Pending& b) {
        if (const auto* const exponent = b.number()) {
            if (*exponent == 0)
                return transformed(a, 0, 1);
            if (*exponent == 1)
                return a;
            if (*exponent == 0.5)
                return unary({UnaryKind::SquareRoot}, a);
            if (*exponent == -1)
                return unary({UnaryKind::Reciprocal}, a);
            return unary({UnaryKind::Power, 1, 0, *exponent}, a);
        }
        if (const auto* const base = a.number())
            return unary({UnaryKind::Exponential}, transformed(b, std::log(*base), 0));
        return binary(BinaryKind::Power, a, b);
    }

    Pending extreme(BinaryKind kind, const Pending& a, const Pending& b) {
        constexpr double kNoLimit = std::numeric_limits<double>::infinity();
        if (!b.number())
            return binary(kind, a, b);
        if (kind == BinaryKind::Maximum)
            return unary({UnaryKind::Clip, 1, 0, *b.number(), kNoLimit}, a);
        return unary({UnaryKind::Clip, 1, 0, -kNoLimit, *b.number()}, a);
    }

    LowerContext* context_;
    std::vector<ValueId> inputs_, parameters_;
    std::vector<Pending> terms_;
};

ValueId lowerFormula(LowerContext& context) {
    const auto formula = std::get<Formula>(formulaOf(context.params()));
    std::vector<Shape> shapes;
    for (std::size_t i = 0; i < context.inputs().size(); ++i)
        shapes.push_back(context.inputShape(i));
    const auto output = jointShape(shapes).value();
    std::vector<ValueId> inputs;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
        const auto input = context.inputs()[i];
        const auto shape = besideChannels(shapes[i], output.rank());
        inputs.push_back(shape == shapes[i] ? input
                                            : context.op(ReshapeOp::ofSample(shape), {input}));
    }
    std::vector<ValueId> parameters;
    for (std::size_t i = 0; i < formula.starts.size(); ++i)
        parameters.push_back(context.value(context.weight(
            formula.expression.parameters[i], formulaParameterShape(context.params(), output),
            {"constant", formula.starts[i]})));
    return FormulaWriter(context, std::move(inputs), std::move(parameters))
        .write(formula.expression);
}

std::string formulaLabel(const Params& params) {
    constexpr std::size_t kMostCharacters = 28;
    const auto& text = params.text("formula");
    return text.empty() || text.size() > kMostCharacters ? "Formula" : text;
}

} // namespace

std::variant<Formula, LayerProblem> formulaOf(const Params& params) {
    const char* read = "formula"; // what an error is about
    try {
        const auto expression = formula::parse(params.text("formula"));
        read = "parameters";
        const auto starts = formula::parseStarts(params.text("parameters"));
        if (auto problem = startsProblem(expression, starts))
            return *std::move(problem);
        read = "formula";
        std::map<std::string, double, std::less<>> fixed;
        for (const auto& start : starts)
            if (start.isFixed)
                fixed.emplace(start.name, start.value);
        Formula formula{formula::withNumbers(expression, fixed), {}};
        for (const auto& name : formula.expression.parameters)
            formula.starts.push_back(std::ranges::find(starts, name, &Start::name)->value);
        return formula;
    } catch (const Error& error) {
        return LayerProblem{fmt::format("{}, {}",
                                        read == std::string_view("formula") ? "In the formula"
                                                                            : "In the parameters",
                                        error.what()),
                            read,
                            {}};
    }
}

Shape formulaParameterShape(const Params& params, const Shape& output) {
    if (params.boolean("shared"))
        return {1};
    // The features of a sequence are its last axis, so that a vector suits it as it is.
    const Shape channels{channelsOf(output)};
    return output.rank() == 2 ? channels : besideChannels(channels, output.rank());
}

LayerDef formula() {
    return {.key = "formula",
            .title = "Formula",
            .category = Category::Activation,
            .doc = "A function of up to four inputs that you type, with parameters that are "
                   "learned or fixed. Inputs are x, y, z and w; any other name is a parameter.",
            .formula = "y = f(x, …)",
            .source = "The formula at the start is Swish with a learned β: Ramachandran, Zoph, Le: "
                      "Searching for activation functions, 2017",
            .minInputs = 1,
            .maxInputs = formula::kMaxInputs,
            .hasWeights = true,
            .params = {textParam("formula", "Formula", "x * sigmoid(beta * x)",
                                 "Operators are + - * / ^; functions are exp, log, sqrt, abs, sin, "
                                 "cos, erf, floor, sign, min, max, clip, pow and the activations, "
                                 "such as sigmoid and leaky_relu; pi and e are constants."),
                       textParam("parameters", "Parameters", "beta = 1",
                                 "Initial values of the parameters, separated by commas: beta = 1, "
                                 "c = 0.5 fixed. Training leaves fixed ones alone."),
                       boolParam("shared", "Shared", true,
                                 "One value of each learned parameter for all channels.")},
            .infer = inferFormula,
            .lower = lowerFormula,
            .pytorch = pytorchFormula,
            .keras = kerasFormula,
            .kerasWeights = {.fittings = {kKerasFormulaFitting}, .definition = kKerasFormulaClass},
            .label = formulaLabel};
}

} // namespace gradwright::layers
