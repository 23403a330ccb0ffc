// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/formula_names.h"

#include "engine/support/error.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <numbers>
#include <numeric>

namespace gradwright::formula {
namespace {

bool isLetter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool isDigit(char c) {
    return c >= '0' && c <= '9';
}
bool isSpace(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// What people copy from books and what stands for it here.
struct Typeset {
    std::string_view character;
    std::string_view plain;
};
constexpr std::array kTypeset = {Typeset{"·", "*"}, Typeset{"×", "*"},  Typeset{"−", "-"},
                                 Typeset{"÷", "/"}, Typeset{"²", "^2"}, Typeset{"³", "^3"},
                                 Typeset{"π", "pi"}};

[[noreturn]] void refuseCharacter(std::string_view rest, std::size_t column,
                                  std::string_view signs) {
    for (const auto& [character, plain] : kTypeset)
        if (rest.starts_with(character))
            throw Error("column {}: write {} for {}", column, plain, character);
    const char c = rest.front();
    if (c > ' ' && c < '\x7F')
        throw Error("column {}: \"{}\" has no meaning here; signs are {}", column, c, signs);
    throw Error("column {}: this character has no meaning here; names have letters from a to z, "
                "digits and \"_\"",
                column);
}

std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), 0U);
    for (std::size_t i = 0; i < a.size(); ++i) {
        auto diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const auto replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row[b.size()];
}

} // namespace

const std::vector<FunctionName>& functionNames() {
    static const std::vector<FunctionName> all = [] {
        std::vector<FunctionName> names = {{"exp", Function::Exponential},
                                           {"log", Function::Logarithm},
                                           {"sqrt", Function::SquareRoot},
                                           {"abs", Function::Absolute},
                                           {"sin", Function::Sine},
                                           {"cos", Function::Cosine},
                                           {"erf", Function::ErrorFunction},
                                           {"floor", Function::Floor},
                                           {"sign", Function::Sign},
                                           {"min", Function::Minimum, 2, 16, "min(a, b)"},
                                           {"max", Function::Maximum, 2, 16, "max(a, b)"},
                                           {"clip", Function::Clip, 3, 3, "clip(v, lo, hi)"},
                                           {"pow", Function::Power, 2, 2, "pow(base, exponent)"}};
        for (const auto& activation : activations()) {
            if (activation.kind == ActivationKind::Identity)
                continue;
            auto name = activation.key;
            std::ranges::replace(name, '-', '_');
            const bool hasNumber = activation.alpha != 0;
            const auto* const number =
                activation.kind == ActivationKind::LeakyRelu ? "slope" : "alpha";
            names.push_back({name, Function::Activate, 1, hasNumber ? 2U : 1U,
                             hasNumber ? fmt::format("{}(v, {})", name, number) : std::string(),
                             defaultActivation(activation.kind)});
        }
        names.push_back(
            {"swish", Function::Activate, 1, 1, {}, defaultActivation(ActivationKind::Silu)});
        for (auto& name : names)
            if (name.usage.empty())
                name.usage = name.name + "(v)";
        return names;
    }();
    return all;
}

const FunctionName* findFunction(std::string_view name) {
    const auto found = std::ranges::find(functionNames(), name, &FunctionName::name);
    return found == functionNames().end() ? nullptr : &*found;
}

std::optional<double> constantNamed(std::string_view name) {
    if (name == "pi")
        return std::numbers::pi;
    if (name == "e")
        return std::numbers::e;
    return {};
}

std::optional<std::size_t> inputNamed(std::string_view name) {
    const auto found = std::ranges::find(kInputNames, name);
    if (found == std::end(kInputNames))
        return {};
    return static_cast<std::size_t>(found - std::begin(kInputNames));
}

std::optional<std::string> nearestFunction(std::string_view name) {
    // What other languages say.
    static const std::map<std::string_view, std::string_view> others = {
        {"ln", "log"},           {"maximum", "max"}, {"minimum", "min"}, {"clamp", "clip"},
        {"logistic", "sigmoid"}, {"power", "pow"},   {"fabs", "abs"}};
    if (const auto found = others.find(name); found != others.end())
        return std::string(found->second);
    if (name.size() > kMaxNameLength)
        return {};
    const auto nearest = std::ranges::min_element(
        functionNames(), {}, [&](const auto& function) { return distance(name, function.name); });
    if (distance(name, nearest->name) > 2 || nearest->name.size() < 3)
        return {};
    return nearest->name;
}

std::vector<Token> tokens(std::string_view text, std::string_view signs) {
    std::vector<Token> result;
    std::size_t column = 1;
    std::size_t at = 0;
    while (at < text.size()) {
        const char c = text[at];
        const auto rest = text.substr(at);
        std::size_t length = 1;
        if (isDigit(c) || (c == '.' && rest.size() > 1 && isDigit(rest[1]))) {
            Token token{TokenKind::Number, {}, 0, column};
            const auto parsed =
                std::from_chars(rest.data(), rest.data() + rest.size(), token.number);
            length = static_cast<std::size_t>(parsed.ptr - rest.data());
            token.text = rest.substr(0, length);
            if (parsed.ec != std::errc())
                throw Error("column {}: {} is beyond the numbers that are computed with", column,
                            token.text);
            result.push_back(token);
        } else if (isLetter(c)) {
            while (length < rest.size() && (isLetter(rest[length]) || isDigit(rest[length])))
                ++length;
            result.push_back({TokenKind::Name, rest.substr(0, length), 0, column});
        } else if (signs.find(c) != std::string_view::npos && c != ' ') {
            result.push_back({TokenKind::Sign, rest.substr(0, 1), 0, column});
        } else if (!isSpace(c)) {
            refuseCharacter(rest, column, signs);
        }
        at += length;
        column += length; // all that is accepted is ASCII
    }
    result.push_back({TokenKind::End, {}, 0, column});
    return result;
}

} // namespace gradwright::formula
