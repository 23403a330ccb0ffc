// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/ops/activation.h"

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// Formulas that a person types, "x * sigmoid(beta * x)", as data.

namespace gradwright::formula {

inline constexpr std::size_t kMaxLength = 1000;
inline constexpr std::size_t kMaxDepth = 64; ///< of parentheses, signs and powers in each other
inline constexpr std::size_t kMaxParameters = 16;
inline constexpr std::size_t kMaxNameLength = 32;

/// The names of the inputs, the first one first.
inline constexpr std::string_view kInputNames[] = {"x", "y", "z", "w"};
inline constexpr std::size_t kMaxInputs = std::size(kInputNames);

enum class Function {
    Add,
    Subtract,
    Multiply,
    Divide,
    Power,
    Negate,
    Maximum,
    Minimum,
    Exponential,
    Logarithm,
    SquareRoot,
    Absolute,
    Sign,
    Floor,
    Sine,
    Cosine,
    ErrorFunction,
    Clip, ///< of a value, to numbers
    Activate
};

struct Number {
    double value = 0;
};
struct Input {
    std::size_t index = 0; ///< into kInputNames
};
struct Parameter {
    std::size_t index = 0; ///< into Expression::parameters
};
struct Call {
    Function function = Function::Add;
    std::vector<std::size_t> arguments; ///< places of terms in front of this one
    Activation activation = {};         ///< for Activate
};

struct Term {
    std::variant<Number, Input, Parameter, Call> what;
    std::size_t column = 1; ///< where the text has it, from 1
};

/// A formula as a list in which the arguments of a call stand in front of it and the last term is
/// the whole. What goes through it needs no recursion.
struct Expression {
    std::vector<Term> terms;
    std::vector<std::string> parameters; ///< in the order in which the text names them first
    std::size_t inputs = 0;              ///< how many it takes: all names up to the last used
};

/// Reads a formula. Throws Error that says what is wrong, in which column, and what would be right.
Expression parse(std::string_view text);

/// Whether parse() takes the name for a parameter; if not, the reason.
std::string whyNoParameter(std::string_view name);

/// With numbers for some parameters and everything computed that numbers alone decide. Of a largest
/// or smallest value, a number then comes second. Throws Error for what is no number, 1 / 0, and
/// for bounds and slopes that have to be numbers and are not.
Expression withNumbers(const Expression& expression,
                       const std::map<std::string, double, std::less<>>& numbers);

// Both take an expression that withNumbers() returned.
double evaluate(const Expression& expression, std::span<const double> inputs,
                std::span<const double> parameters);
/// The derivative with respect to an input. At a kink it is the one that training uses.
double derivative(const Expression& expression, std::span<const double> inputs,
                  std::span<const double> parameters, std::size_t input = 0);

/// A parameter's value before training.
struct Start {
    std::string name;
    double value = 0;
    bool isFixed = false; ///< training leaves it alone
    bool operator==(const Start&) const = default;
};

/// Reads "beta = 1, c = 0.5 fixed". Throws Error as parse() does.
std::vector<Start> parseStarts(std::string_view text);
std::string toText(const std::vector<Start>& starts);

} // namespace gradwright::formula
