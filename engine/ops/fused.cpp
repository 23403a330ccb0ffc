// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/fused.h"

#include "engine/ops/checks.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace gradwright {
namespace {

using Texts = std::vector<std::string>;

std::string callText(std::string_view name, const Texts& arguments) {
    return fmt::format("{}({})", name, fmt::join(arguments, ", "));
}

/// scale · text + shift.
std::string affineText(const std::string& text, double scale, double shift) {
    auto whole = scale == 1 ? text : scale == -1 ? "-" + text : fmt::format("{} * {}", scale, text);
    if (shift != 0)
        whole += fmt::format(" {} {}", shift < 0 ? '-' : '+', shift < 0 ? -shift : shift);
    return scale == 1 && shift == 0 ? whole : "(" + whole + ")";
}

std::string unaryText(const UnaryOp& op, Texts arguments) {
    if (op.kind == UnaryKind::Linear)
        return affineText(arguments[0], op.scale, op.shift);
    const bool isRange = op.kind == UnaryKind::Clip || op.kind == UnaryKind::Inside;
    if (isRange || op.kind == UnaryKind::Power)
        arguments.push_back(fmt::format("{}", op.a));
    if (isRange)
        arguments.push_back(fmt::format("{}", op.b));
    return affineText(callText(op.name(), arguments), op.scale, op.shift);
}

std::string binaryText(const BinaryOp& op, const Texts& arguments) {
    const auto infix = [&](std::string_view sign) {
        return fmt::format("({} {} {})", arguments[0], sign, arguments[1]);
    };
    const auto text = op.kind == BinaryKind::Add        ? infix("+")
                      : op.kind == BinaryKind::Subtract ? infix("-")
                      : op.kind == BinaryKind::Multiply ? infix("*")
                      : op.kind == BinaryKind::Divide   ? infix("/")
                                                        : callText(op.name(), arguments);
    return affineText(text, op.scale, op.shift);
}

std::string stepText(const ElementFunction& function, const Texts& arguments) {
    return std::visit(
        Overloaded{[&](const UnaryOp& op) { return unaryText(op, arguments); },
                   [&](const BinaryOp& op) { return binaryText(op, arguments); },
                   [&](const ActivationOp& op) {
                       return callText(info(op.activation.kind).key, arguments);
                   },
                   [&](const ActivationSlope& op) {
                       return fmt::format("({} * {}'({}))", arguments[0],
                                          info(op.activation.kind).key, arguments[1]);
                   },
                   [&](const AddOp&) { return fmt::format("({})", fmt::join(arguments, " + ")); },
                   [&](const auto& op) { return callText(op.name(), arguments); }},
        function);
}

/// Without parentheses around all of it.
std::string bareText(const std::string& text) {
    if (!text.starts_with('('))
        return text;
    int depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
        if (depth == 0)
            return i + 1 == text.size() ? text.substr(1, text.size() - 2) : text;
    }
    return text;
}

} // namespace

std::string_view ActivationSlope::name() const {
    return "activation-slope";
}
Types ActivationSlope::outputs(InputTypes inputs) const {
    checks::requireInputs(2, name(), inputs);
    checks::requireReal(name(), inputs);
    checks::require(inputs[0].dims == inputs[1].dims, name(),
                    "takes a gradient and a value of one shape", inputs);
    return {ValueType::of(inputs[1].dims)};
}

std::string_view FusedOp::name() const {
    return "fused";
}
Types FusedOp::outputs(InputTypes given) const {
    checks::requireInputs(inputs, name(), given);
    Types registers(given.begin(), given.end());
    const auto require = [&](bool holds, std::string_view rule) {
        checks::require(holds, name(), rule, given);
    };
    for (const auto& step : steps) {
        Types operands;
        for (const auto operand : step.operands) {
            require(operand < registers.size(), "a step reads what is made before it");
            operands.push_back(registers[operand]);
        }
        registers.push_back(
            std::visit([&](const auto& op) { return op.outputs(operands)[0]; }, step.function));
        require(registers.back().dims == registers[inputs].dims,
                "all steps make values of one shape");
    }
    require(!results.empty(), "has a result");
    Types types;
    for (const auto result : results) {
        require(result >= inputs && result < registers.size(), "a step makes each result");
        types.push_back(registers[result]);
    }
    return types;
}
std::vector<Shape> FusedOp::weights(InputTypes /*inputs*/) const {
    return {};
}
std::int64_t FusedOp::macs(InputTypes /*inputs*/) const {
    return 0;
}
void FusedOp::gradient(GradientContext& /*context*/) const {
    throw Error("ops are fused after differentiation: the gradient of {} is not made",
                formulaOf(*this));
}

std::string formulaOf(const FusedOp& op) {
    std::vector<std::size_t> reads(op.inputs + op.steps.size());
    for (const auto& step : op.steps)
        for (const auto operand : step.operands)
            ++reads[operand];
    for (const auto result : op.results)
        reads[result] += 2; // has a statement of its own
    Texts texts;
    for (std::size_t i = 0; i < op.inputs; ++i)
        texts.push_back(i < 26 ? std::string(1, static_cast<char>('a' + i))
                               : fmt::format("a{}", i));
    Texts statements;
    std::size_t named = 0;
    for (std::size_t i = 0; i < op.steps.size(); ++i) {
        Texts arguments;
        for (const auto operand : op.steps[i].operands)
            arguments.push_back(texts[operand]);
        auto text = stepText(op.steps[i].function, arguments);
        const auto at = op.inputs + i;
        if (reads[at] < 2) {
            texts.push_back(std::move(text));
            continue;
        }
        const bool isOnly = op.results.size() == 1 && at == op.results[0] && reads[at] == 2;
        const auto name = fmt::format("t{}", ++named);
        statements.push_back(isOnly ? bareText(text)
                                    : fmt::format("{} = {}", name, bareText(text)));
        texts.push_back(name);
    }
    return fmt::format("{}", fmt::join(statements, "; "));
}

} // namespace gradwright
