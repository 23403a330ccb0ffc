// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/json_fwd.h"

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gradwright {

using IntTuple = std::vector<std::int64_t>;
using ParamValue = std::variant<bool, std::int64_t, double, std::string, IntTuple>;

enum class ParamType { Bool, Int, Real, Choice, Text, Path, Tuple };

struct ParamChoice {
    std::string key;   ///< what files hold
    std::string title; ///< what people read
    std::string doc;
};

/// Shows a parameter only while another one has one of the values.
struct ParamCondition {
    std::string param;
    std::vector<ParamValue> values;
};

/// The one declaration of a parameter: form, validation, JSON, command-line options and reference
/// documentation are made from it.
struct ParamSpec {
    std::string key;
    std::string title;
    ParamType type = ParamType::Int;
    ParamValue defaultValue; ///< the default; its alternative must fit `type`
    std::string doc;

    /// For Int, Real and each element of Tuple; infinity is no limit.
    double minimum = -std::numeric_limits<double>::infinity();
    double maximum = std::numeric_limits<double>::infinity();
    bool minimumExclusive = false;
    bool maximumExclusive = false;
    std::vector<ParamChoice> choices; ///< for Choice
    /// For Choice: whether a key that is not among the choices is one as well, because they differ
    /// from machine to machine.
    bool (*accepts)(std::string_view key) = nullptr;
    std::size_t minLength = 1; ///< for Tuple: number of elements
    std::size_t maxLength = 1;
    std::string unit;
    bool logarithmic = false; ///< a slider should be
    bool advanced = false;    ///< folded away at first
    std::optional<ParamCondition> visibleWhen = {};
    /// What earlier versions called it. Files and command lines may still do so; nothing writes it.
    std::vector<std::string> formerKeys = {};
    /// What people read and type in place of 0: "all", "automatic", "off"; empty: 0 is a number.
    std::string zeroName = {};
};

using ParamSpecs = std::vector<ParamSpec>;

/// Values by key. A key that is absent stands for the default, so that files stay small and a
/// parameter added later needs no migration.
using ParamValues = std::map<std::string, ParamValue, std::less<>>;

struct ParamProblem {
    std::string param;
    std::string message; ///< the rule and the received value
};

/// Why `value` does not fit `spec`, or nothing.
std::optional<std::string> whyInvalid(const ParamSpec& spec, const ParamValue& value);

/// Every value that breaks its rule and every key that no spec declares.
std::vector<ParamProblem> validate(const ParamSpecs& specs, const ParamValues& values);

const ParamSpec* findParam(const ParamSpecs& specs, std::string_view key);
/// As findParam(), for a key that was read: it may also be one that the parameter had earlier.
const ParamSpec* findParamToRead(const ParamSpecs& specs, std::string_view key);

/// Reads values through their specs: an absent key gives the default. Asking for a key that no spec
/// declares, or as another type, is a programming error and throws Error.
class Params {
public:
    Params(const ParamSpecs& specs, const ParamValues& values)
        : specs_(&specs)
        , values_(&values) {}

    [[nodiscard]] bool boolean(std::string_view key) const;
    [[nodiscard]] std::int64_t integer(std::string_view key) const;
    [[nodiscard]] double real(std::string_view key) const;
    [[nodiscard]] const std::string& text(std::string_view key) const; ///< Choice, Text and Path
    [[nodiscard]] const IntTuple& tuple(std::string_view key) const;
    [[nodiscard]] const ParamValue& value(std::string_view key) const;
    /// Whether a spec declares the key.
    [[nodiscard]] bool has(std::string_view key) const {
        return findParam(*specs_, key) != nullptr;
    }

private:
    const ParamSpecs* specs_;
    const ParamValues* values_;
};

/// Whether the form shows the parameter, given the other values.
bool isVisible(const ParamSpec& spec, const Params& params);

std::string toString(const ParamValue& value);

Json toJson(const ParamValue& value);
/// Takes a JSON value of the spec's type (an integer where a real is expected is fine). Throws
/// Error with the rule and the received value; does not check the range.
ParamValue paramFromJson(const ParamSpec& spec, const Json& json);
Json toJson(const ParamValues& values);
/// Reads an object of parameters; a former key gives the parameter's present one. Throws Error that
/// begins with `what` for no object, a key that no spec declares, and a parameter under two keys.
ParamValues paramsFromJson(const Json& json, const ParamSpecs& specs, std::string_view what);
/// What becomes of a value whose key no spec declares.
using UndeclaredParam = std::function<ParamValue(const std::string& key, const Json& value)>;
ParamValues paramsFromJson(const Json& json, const ParamSpecs& specs, std::string_view what,
                           const UndeclaredParam& undeclared);
/// Parses what a person types, e.g. "3x3", "0.01" or the name of the parameter's 0. Throws Error
/// with the rule and the text.
ParamValue paramFromText(const ParamSpec& spec, std::string_view text);

// Short forms for declaring parameters.
ParamSpec intParam(std::string key, std::string title, std::int64_t defaultValue, double minimum,
                   double maximum, std::string doc);
ParamSpec realParam(std::string key, std::string title, double defaultValue, double minimum,
                    double maximum, std::string doc);
ParamSpec boolParam(std::string key, std::string title, bool defaultValue, std::string doc);
ParamSpec choiceParam(std::string key, std::string title, std::string defaultValue,
                      std::vector<ParamChoice> choices, std::string doc);
ParamSpec tupleParam(std::string key, std::string title, IntTuple defaultValue,
                     std::size_t minLength, std::size_t maxLength, double minimum, double maximum,
                     std::string doc);
ParamSpec textParam(std::string key, std::string title, std::string defaultValue, std::string doc);
ParamSpec pathParam(std::string key, std::string title, std::string doc);
/// The same parameter, whose key was `formerKey` in earlier versions.
ParamSpec formerly(std::string formerKey, ParamSpec spec);
/// The same parameter, whose 0 is shown and read as `name`.
ParamSpec zeroIs(std::string name, ParamSpec spec);

} // namespace gradwright
