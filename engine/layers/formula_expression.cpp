// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/formula_expression.h"

#include "engine/layers/formula_names.h"
#include "engine/support/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace gradwright::formula {
namespace {

constexpr std::string_view kSigns = "+ - * / ^ ( ) ,";

class Parser {
public:
    explicit Parser(std::string_view text)
        : tokens_(tokens(text, kSigns)) {}

    Expression whole() {
        if (now().kind == TokenKind::End)
            throw Error("column 1: the formula is empty; one is x * sigmoid(x)");
        sum();
        if (now().is(")"))
            throw Error("column {}: there is no \"(\" for this \")\"", now().column);
        if (now().is(","))
            throw Error("column {}: a comma stands between the arguments of a function alone; a "
                        "decimal point is \".\"",
                        now().column);
        if (now().kind != TokenKind::End)
            throw Error("column {}: an operator is missing before \"{}\"; a product is written "
                        "2 * x",
                        now().column, now().text);
        requireInputs();
        return std::move(result_);
    }

private:
    [[nodiscard]] const Token& now() const { return tokens_[place_]; }
    [[nodiscard]] const Token& next() const {
        return tokens_[std::min(place_ + 1, tokens_.size() - 1)];
    }
    const Token& take() { return tokens_[place_++]; } // never called at the end

    std::size_t add(Term term) {
        result_.terms.push_back(std::move(term));
        return result_.terms.size() - 1;
    }
    std::size_t call(Function function, std::vector<std::size_t> arguments, std::size_t column) {
        return add({Call{function, std::move(arguments)}, column});
    }

    std::size_t sum() {
        auto left = product();
        while (now().is("+") || now().is("-")) {
            const auto& sign = take();
            const auto right = product();
            left =
                call(sign.is("+") ? Function::Add : Function::Subtract, {left, right}, sign.column);
        }
        return left;
    }

    std::size_t product() {
        auto left = factor();
        while (now().is("*") || now().is("/")) {
            const auto& sign = take();
            if (sign.is("*") && now().is("*"))
                throw Error("column {}: a power is written ^, not **", sign.column);
            const auto right = factor();
            left = call(sign.is("*") ? Function::Multiply : Function::Divide, {left, right},
                        sign.column);
        }
        return left;
    }

    /// With its signs, which bind less than a power: -x^2 is -(x^2).
    std::size_t factor() {
        // All nesting passes through here, so that no text can exhaust the stack.
        if (++depth_ > kMaxDepth)
            throw Error("column {}: more than {} parentheses, signs or powers are nested here",
                        now().column, kMaxDepth);
        const auto result = signedPower();
        --depth_;
        return result;
    }

    std::size_t signedPower() {
        if (now().is("-")) {
            const auto column = take().column;
            return call(Function::Negate, {factor()}, column);
        }
        if (now().is("+")) {
            take();
            return factor();
        }
        const auto base = primary();
        if (!now().is("^"))
            return base;
        const auto column = take().column;
        return call(Function::Power, {base, factor()}, column);
    }

    std::size_t primary() {
        if (now().kind == TokenKind::Number) {
            const auto& token = take();
            return add({Number{token.number}, token.column});
        }
        if (now().kind == TokenKind::Name)
            return name();
        if (now().is("(")) {
            const auto open = take().column;
            const auto inside = sum();
            close(open);
            return inside;
        }
        const auto missing = "a number, a name or \"(\" is missing";
        if (now().kind == TokenKind::End)
            throw Error("column {}: {} at the end", now().column, missing);
        throw Error("column {}: {} before \"{}\"", now().column, missing, now().text);
    }

    void close(std::size_t open) {
        if (!now().is(")"))
            throw Error(
                "column {}: the \"(\" of column {} is not closed; {}", now().column, open,
                now().kind == TokenKind::End
                    ? std::string("\")\" is missing at the end")
                    : fmt::format("\")\" or an operator is missing before \"{}\"", now().text));
        take();
    }

    std::size_t name() {
        if (next().is("("))
            return function();
        const auto& token = take();
        if (const auto constant = constantNamed(token.text))
            return add({Number{*constant}, token.column});
        if (const auto input = inputNamed(token.text)) {
            result_.inputs = std::max(result_.inputs, *input + 1);
            return add({Input{*input}, token.column});
        }
        if (const auto why = whyNoParameter(token.text); !why.empty())
            throw Error("column {}: {}", token.column, why);
        return parameter(token);
    }

    std::size_t parameter(const Token& token) {
        auto& names = result_.parameters;
        const auto found = std::ranges::find(names, token.text);
        const auto index = static_cast<std::size_t>(found - names.begin());
        if (found == names.end()) {
            if (names.size() == kMaxParameters)
                throw Error("column {}: \"{}\" would be parameter {}; a formula has at most {}",
                            token.column, token.text, kMaxParameters + 1, kMaxParameters);
            names.emplace_back(token.text);
        }
        return add({Parameter{index}, token.column});
    }

    std::size_t function() {
        const auto& token = take();
        const auto* const known = findFunction(token.text);
        if (!known)
            throw Error("column {}: {}", token.column, whyNoFunction(token.text));
        const auto open = take().column;
        std::vector<std::size_t> arguments;
        if (!now().is(")"))
            arguments.push_back(sum());
        while (now().is(",")) {
            take();
            arguments.push_back(sum());
        }
        close(open);
        if (arguments.size() < known->minArguments || arguments.size() > known->maxArguments)
            throw Error("column {}: \"{}\" does not take {} argument{}; it is written {}",
                        token.column, known->name, arguments.size(),
                        arguments.size() == 1 ? "" : "s", known->usage);
        if (known->function == Function::Activate)
            return add(
                {Call{known->function, std::move(arguments), known->activation}, token.column});
        // Of more than two, the largest is that of the largest of the first and the next.
        while (known->function != Function::Clip && arguments.size() > 2) {
            const auto first = call(known->function, {arguments[0], arguments[1]}, token.column);
            arguments.erase(arguments.begin());
            arguments[0] = first;
        }
        return call(known->function, std::move(arguments), token.column);
    }

    static std::string whyNoFunction(std::string_view name) {
        if (constantNamed(name) || inputNamed(name))
            return fmt::format("\"{0}\" is not a function; a product is written {0} * (…)", name);
        const auto shown = name.substr(0, kMaxNameLength);
        if (const auto nearest = nearestFunction(name))
            return fmt::format("there is no function \"{}\"; did you mean \"{}\"?", shown,
                               *nearest);
        std::vector<std::string_view> all;
        for (const auto& each : functionNames())
            all.emplace_back(each.name);
        return fmt::format("there is no function \"{}\"; known are {}", shown,
                           fmt::join(all, ", "));
    }

    void requireInputs() const {
        std::vector<bool> used(kMaxInputs);
        for (const auto& term : result_.terms)
            if (const auto* const input = std::get_if<Input>(&term.what))
                used[input->index] = true;
        if (result_.inputs == 0)
            throw Error("column 1: the formula does not use its input, x");
        for (std::size_t i = 0; i < result_.inputs; ++i)
            if (!used[i])
                throw Error("column 1: the formula uses \"{}\" but not \"{}\"; inputs are named "
                            "x, y, z, w in this order",
                            kInputNames[result_.inputs - 1], kInputNames[i]);
    }

    std::vector<Token> tokens_;
    std::size_t place_ = 0;
    std::size_t depth_ = 0;
    Expression result_;
};

/// Refuses what is too long to be a formula or a list of parameters.
void requireLength(std::string_view text, std::string_view what) {
    if (text.size() > kMaxLength)
        throw Error("column {}: {} has at most {} characters, not {}", kMaxLength + 1, what,
                    kMaxLength, text.size());
}

} // namespace

Expression parse(std::string_view text) {
    requireLength(text, "a formula");
    return Parser(text).whole();
}

std::string whyNoParameter(std::string_view name) {
    if (const auto* const function = findFunction(name))
        return fmt::format("\"{}\" is a function; it is written {}", name, function->usage);
    if (constantNamed(name))
        return fmt::format("\"{}\" is a constant", name);
    if (inputNamed(name))
        return fmt::format("\"{}\" is an input", name);
    if (name.size() > kMaxNameLength)
        return fmt::format("a name has at most {} characters, not {}", kMaxNameLength, name.size());
    if (name.front() == '_' || name.back() == '_')
        return fmt::format("\"{}\" begins or ends with \"_\", which names of parameters do not",
                           name);
    return {};
}

std::vector<Start> parseStarts(std::string_view text) {
    requireLength(text, "a list of parameters");
    const auto all = tokens(text, "+ - = ,");
    std::vector<Start> starts;
    std::size_t at = 0;
    const auto missing = [&](std::string_view what) {
        return Error("column {}: {} is missing{}; a parameter is written beta = 1 or beta = 1 "
                     "fixed",
                     all[at].column, what,
                     all[at].kind == TokenKind::End ? std::string(" at the end")
                                                    : fmt::format(" before \"{}\"", all[at].text));
    };
    while (all[at].kind != TokenKind::End) {
        if (all[at].kind != TokenKind::Name)
            throw missing("a name");
        const auto& name = all[at++];
        if (const auto why = whyNoParameter(name.text); !why.empty())
            throw Error("column {}: {}", name.column, why);
        if (std::ranges::find(starts, name.text, &Start::name) != starts.end())
            throw Error("column {}: \"{}\" has a value already", name.column, name.text);
        if (!all[at].is("="))
            throw missing("\"=\"");
        ++at;
        const bool isNegative = all[at].is("-");
        if (isNegative || all[at].is("+"))
            ++at;
        if (all[at].kind != TokenKind::Number)
            throw missing("a number");
        const double value = all[at++].number;
        Start start{std::string(name.text), isNegative ? -value : value};
        if (all[at].kind == TokenKind::Name &&
            (all[at].text == "fixed" || all[at].text == "learned"))
            start.isFixed = all[at++].text == "fixed";
        starts.push_back(std::move(start));
        if (all[at].kind == TokenKind::End)
            break;
        if (!all[at].is(","))
            throw missing("a comma");
        if (all[++at].kind == TokenKind::End)
            throw missing("a parameter after the comma");
    }
    return starts;
}

std::string toText(const std::vector<Start>& starts) {
    std::string text;
    for (const auto& start : starts)
        text += fmt::format("{}{} = {}{}", text.empty() ? "" : ", ", start.name, start.value,
                            start.isFixed ? " fixed" : "");
    return text;
}

} // namespace gradwright::formula
