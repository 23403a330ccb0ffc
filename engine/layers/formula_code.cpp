// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/broadcast_inputs.h"
#include "engine/layers/channels.h"
#include "engine/layers/formula.h"
#include "engine/layers/python_names.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace gradwright::layers {
namespace {

using formula::Call;
using formula::Function;

/// How tightly an expression of Python holds together.
enum class Bond { Sum, Product, Sign, Power, Atom };

struct Piece {
    std::string text;
    Bond bond = Bond::Atom;
    bool isNumber = false;

    /// In parentheses where something binds more tightly than it.
    [[nodiscard]] std::string in(Bond outer) const {
        return bond < outer ? "(" + text + ")" : text;
    }
};

/// The names of the functions in one framework.
struct Framework {
    std::string_view module;
    bool isTorch;

    [[nodiscard]] std::string call(std::string_view function,
                                   const std::vector<std::string>& arguments) const {
        return code::call(fmt::format("{}.{}", module, function), arguments);
    }
};

std::string kerasActivate(const Activation& activation, const std::string& x) {
    auto name = info(activation.kind).key;
    std::ranges::replace(name, '-', '_');
    std::string option;
    switch (activation.kind) {
    case ActivationKind::Step:
        return code::kerasActivated(activation, x);
    case ActivationKind::GeluTanh:
        name = "gelu";
        option = "approximate=True";
        break;
    case ActivationKind::HardSwish:
        name = "hard_silu";
        break;
    case ActivationKind::LeakyRelu:
        option = "negative_slope=" + code::number(activation.alpha);
        break;
    case ActivationKind::Elu:
    case ActivationKind::Celu:
        option = "alpha=" + code::number(activation.alpha);
        break;
    default:
        break;
    }
    return code::call("keras.activations." + name, {x, option});
}

/// The larger or the smaller one. PyTorch takes a number by another function.
std::string extreme(const Framework& framework, bool isMaximum, const Piece& a, const Piece& b) {
    if (framework.isTorch && b.isNumber)
        return framework.call("clamp", {a.text, (isMaximum ? "min=" : "max=") + b.text});
    return framework.call(isMaximum ? "maximum" : "minimum", {a.text, b.text});
}

std::string_view plainName(Function function) {
    switch (function) {
    case Function::Exponential:
        return "exp";
    case Function::Logarithm:
        return "log";
    case Function::SquareRoot:
        return "sqrt";
    case Function::Absolute:
        return "abs";
    case Function::Sign:
        return "sign";
    case Function::Floor:
        return "floor";
    case Function::Sine:
        return "sin";
    case Function::Cosine:
        return "cos";
    default:
        return "erf";
    }
}

Piece written(const Framework& framework, const Call& call, const std::vector<Piece>& pieces) {
    const auto& a = pieces[call.arguments[0]];
    const auto& b = pieces[call.arguments.size() > 1 ? call.arguments[1] : call.arguments[0]];
    const auto infix = [&](std::string_view sign, Bond bond, Bond right) {
        return Piece{fmt::format("{} {} {}", a.in(bond), sign, b.in(right)), bond};
    };
    switch (call.function) {
    case Function::Add:
        return infix("+", Bond::Sum, Bond::Product);
    case Function::Subtract:
        return infix("-", Bond::Sum, Bond::Product);
    case Function::Multiply:
        return infix("*", Bond::Product, Bond::Sign);
    case Function::Divide:
        return infix("/", Bond::Product, Bond::Sign);
    case Function::Power:
        return {fmt::format("{} ** {}", a.in(Bond::Atom), b.in(Bond::Power)), Bond::Power};
    case Function::Negate:
        return {"-" + a.in(Bond::Sign), Bond::Sign};
    case Function::Maximum:
    case Function::Minimum:
        return {extreme(framework, call.function == Function::Maximum, a, b)};
    case Function::Clip: {
        const auto& high = pieces[call.arguments[2]];
        return {framework.call(framework.isTorch ? "clamp" : "clip", {a.text, b.text, high.text})};
    }
    case Function::Activate:
        return {framework.isTorch ? code::torchActivated(call.activation, a.text)
                                  : kerasActivate(call.activation, a.text)};
    default:
        return {framework.call(plainName(call.function), {a.text})};
    }
}

std::string python(const Framework& framework, const formula::Expression& expression,
                   const std::vector<std::string>& inputs,
                   const std::vector<std::string>& parameters) {
    std::vector<Piece> pieces;
    for (const auto& term : expression.terms)
        pieces.push_back(std::visit(
            Overloaded{[](const formula::Number& number) {
                           return Piece{code::number(number.value),
                                        number.value < 0 ? Bond::Sign : Bond::Atom, true};
                       },
                       [&](const formula::Input& input) { return Piece{inputs[input.index]}; },
                       [&](const formula::Parameter& parameter) {
                           return Piece{parameters[parameter.index]};
                       },
                       [&](const Call& call) { return written(framework, call, pieces); }},
            term.what));
    return pieces.back().text;
}

/// With a decimal point, since PyTorch makes integers of one without.
std::string realNumber(double value) {
    auto text = code::number(value);
    return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

/// A key of an nn.ParameterDict for a parameter: one that it cannot hold gets a "_", which no
/// parameter ends with.
std::string torchKey(const std::string& parameter) {
    return parameter + (code::isTakenInParameterDict(parameter) ? "_" : "");
}

/// An identifier of Python for a parameter: Python's keywords and the modules of the file get a "_"
/// that no parameter ends with.
std::string argumentName(const std::string& parameter) {
    constexpr std::array kModules = {"keras", "layers", "numpy", "ops"};
    const bool isTaken = code::isPythonKeyword(parameter) ||
                         std::ranges::find(kModules, parameter) != kModules.end();
    return parameter + (isTaken ? "_" : "");
}

} // namespace

const std::string_view kKerasFormulaClass = R"(

class Formula(layers.Layer):
    """A function of the inputs and of learned numbers, given by their first values."""

    def __init__(self, function, starts, length, name):
        super().__init__(name=name)
        self.function = function
        self.numbers = [
            self.add_weight(
                shape=(length,), initializer=keras.initializers.Constant(start), name=number
            )
            for number, start in starts.items()
        ]

    def call(self, inputs):
        return self.function(*inputs, *self.numbers)
)";

const std::string_view kKerasFormulaFitting = R"(    if isinstance(layer, Formula):
        return [v.reshape(-1) for v in tensors]
)";

PyTorchCode pytorchFormula(const CodeContext& context) {
    const auto formula = std::get<Formula>(formulaOf(context.params()));
    const auto inputs = alignedInputs(context, false);
    std::vector<std::string> parameters;
    std::vector<std::string> starts;
    bool isSuffixed = false;
    const auto shape =
        formulaParameterShape(context.params(), jointShape(context.shapes()).value());
    const auto dims = fmt::format("{}{}", fmt::join(shape, ", "), shape.rank() == 1 ? "," : "");
    for (std::size_t i = 0; i < formula.starts.size(); ++i) {
        const auto& parameter = formula.expression.parameters[i];
        const auto key = torchKey(parameter);
        isSuffixed = isSuffixed || key != parameter;
        parameters.push_back(fmt::format("self.{}[\"{}\"]", context.name(), key));
        starts.push_back(fmt::format("\"{}\": nn.Parameter(torch.full(({}), {}))", key, dims,
                                     realNumber(formula.starts[i])));
    }
    return {starts.empty() ? "" : fmt::format("nn.ParameterDict({{{}}})", fmt::join(starts, ", ")),
            python({"torch", true}, formula.expression, inputs, parameters), isSuffixed};
}

std::string kerasFormula(const CodeContext& context) {
    const auto formula = std::get<Formula>(formulaOf(context.params()));
    const auto& expression = formula.expression;
    const std::vector<std::string> inputs(formula::kInputNames,
                                          formula::kInputNames + expression.inputs);
    std::vector<std::string> parameters;
    std::vector<std::string> starts;
    for (std::size_t i = 0; i < formula.starts.size(); ++i) {
        parameters.push_back(argumentName(expression.parameters[i]));
        starts.push_back(fmt::format("\"{}\": {}", expression.parameters[i], formula.starts[i]));
    }
    auto arguments = inputs;
    std::ranges::copy(parameters, std::back_inserter(arguments));
    // Channels come last there, so that a vector suits any rank.
    const auto length =
        context.params().boolean("shared") ? 1 : channelsOf(jointShape(context.shapes()).value());
    return fmt::format(
        "Formula(lambda {}: {}, {{{}}}, {}, name=\"{}\")([{}])", fmt::join(arguments, ", "),
        python({"ops", false}, expression, inputs, parameters), fmt::join(starts, ", "), length,
        context.name(), fmt::join(alignedInputs(context, true), ", "));
}

} // namespace gradwright::layers
