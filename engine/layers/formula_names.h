// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/formula_expression.h"

#include <optional>

// What parsing formulas and parsing their parameters share.

namespace gradwright::formula {

/// A function as formulas write it.
struct FunctionName {
    std::string name;
    Function function;
    std::size_t minArguments = 1;
    std::size_t maxArguments = 1;
    std::string usage = {}; ///< "clip(v, lo, hi)"
    Activation activation = {};
};

/// Those of mathematics, then the activations.
const std::vector<FunctionName>& functionNames();
const FunctionName* findFunction(std::string_view name);
std::optional<double> constantNamed(std::string_view name);
std::optional<std::size_t> inputNamed(std::string_view name);
/// The function whose name is nearest, or nothing where none is near.
std::optional<std::string> nearestFunction(std::string_view name);

enum class TokenKind { Number, Name, Sign, End };

struct Token {
    TokenKind kind = TokenKind::End;
    std::string_view text;
    double number = 0;
    std::size_t column = 1;

    [[nodiscard]] bool is(std::string_view sign) const {
        return kind == TokenKind::Sign && text == sign;
    }
};

/// Numbers, names and signs, and an End. Signs are the characters of `signs`, each on its own.
/// Throws Error for any other character.
std::vector<Token> tokens(std::string_view text, std::string_view signs);

} // namespace gradwright::formula
