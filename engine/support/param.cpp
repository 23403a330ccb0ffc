// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/param.h"

#include "engine/support/error.h"
#include "engine/support/json_numbers.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace gradwright {
namespace {

std::string rangeText(const ParamSpec& spec) {
    const bool hasMinimum = std::isfinite(spec.minimum);
    const bool hasMaximum = std::isfinite(spec.maximum);
    const auto* above = spec.minimumExclusive ? "greater than" : "at least";
    const auto* below = spec.maximumExclusive ? "less than" : "at most";
    if (hasMinimum && hasMaximum) {
        if (!spec.minimumExclusive && !spec.maximumExclusive)
            return fmt::format("from {} to {}", spec.minimum, spec.maximum);
        return fmt::format("{} {} and {} {}", above, spec.minimum, below, spec.maximum);
    }
    if (hasMinimum)
        return fmt::format("{} {}", above, spec.minimum);
    if (hasMaximum)
        return fmt::format("{} {}", below, spec.maximum);
    return "finite";
}

bool inRange(const ParamSpec& spec, double value) {
    if (!std::isfinite(value))
        return false;
    const bool aboveMinimum = spec.minimumExclusive ? value > spec.minimum : value >= spec.minimum;
    const bool belowMaximum = spec.maximumExclusive ? value < spec.maximum : value <= spec.maximum;
    return aboveMinimum && belowMaximum;
}

std::optional<std::string> whyNotInRange(const ParamSpec& spec, double value,
                                         const ParamValue& whole) {
    if (inRange(spec, value))
        return {};
    return fmt::format("{} must be {}, not {}", spec.title, rangeText(spec),
                       excerpt(toString(whole)));
}

std::string typeText(const ParamSpec& spec) {
    switch (spec.type) {
    case ParamType::Bool:
        return "true or false";
    case ParamType::Int:
        return "a whole number";
    case ParamType::Real:
        return "a number";
    case ParamType::Choice: {
        std::vector<std::string_view> keys;
        for (const auto& choice : spec.choices)
            keys.emplace_back(choice.key);
        return fmt::format("one of {}", fmt::join(keys, ", "));
    }
    case ParamType::Text:
    case ParamType::Path:
        return "a text";
    case ParamType::Tuple:
        if (spec.minLength == spec.maxLength)
            return fmt::format("{} whole number{}", spec.minLength, spec.minLength == 1 ? "" : "s");
        return fmt::format("{} to {} whole numbers", spec.minLength, spec.maxLength);
    }
    return "a value";
}

std::string wrongType(const ParamSpec& spec, std::string_view received) {
    const auto zero = spec.zeroName.empty() ? std::string() : fmt::format(" or {}", spec.zeroName);
    return fmt::format("{} must be {}{}, not {}", spec.title, typeText(spec), zero,
                       excerpt(received));
}

std::optional<std::string> whyInvalidTuple(const ParamSpec& spec, const IntTuple& tuple,
                                           const ParamValue& whole) {
    if (tuple.size() < spec.minLength || tuple.size() > spec.maxLength)
        return wrongType(spec, toString(whole));
    for (const auto element : tuple)
        if (auto why = whyNotInRange(spec, static_cast<double>(element), whole))
            return why;
    return {};
}

bool typeFits(ParamType type, const ParamValue& value) {
    switch (type) {
    case ParamType::Bool:
        return std::holds_alternative<bool>(value);
    case ParamType::Int:
        return std::holds_alternative<std::int64_t>(value);
    case ParamType::Real:
        return std::holds_alternative<double>(value);
    case ParamType::Choice:
    case ParamType::Text:
    case ParamType::Path:
        return std::holds_alternative<std::string>(value);
    case ParamType::Tuple:
        return std::holds_alternative<IntTuple>(value);
    }
    return false;
}

template <class T>
const T& as(const ParamValue& value, std::string_view key) {
    if (const auto* held = std::get_if<T>(&value))
        return *held;
    throw Error("parameter {} is asked for as another type than it has", key);
}

std::optional<std::int64_t> wholeNumber(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        return {};
    return value;
}

std::optional<double> realNumber(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        return {};
    return value;
}

/// "3x3", "3×3", "3,3" or "3 3", spaces around the separators allowed.
std::optional<IntTuple> tupleFromText(std::string_view text) {
    IntTuple tuple;
    for (;;) {
        const auto end = std::min(text.find_first_not_of("-0123456789"), text.size());
        const auto number = wholeNumber(text.substr(0, end));
        if (!number)
            return {};
        tuple.push_back(*number);
        text.remove_prefix(end);
        if (text.empty())
            return tuple;
        const auto next = std::min(text.find_first_of("-0123456789"), text.size());
        auto separator = text.substr(0, next);
        separator.remove_prefix(std::min(separator.find_first_not_of(' '), separator.size()));
        while (!separator.empty() && separator.back() == ' ')
            separator.remove_suffix(1);
        if (!separator.empty() && separator != "x" && separator != "×" && separator != ",")
            return {};
        text.remove_prefix(next);
    }
}

ParamSpec numeric(std::string key, std::string title, ParamType type, ParamValue defaultValue,
                  double minimum, double maximum, std::string doc) {
    ParamSpec spec;
    spec.key = std::move(key);
    spec.title = std::move(title);
    spec.type = type;
    spec.defaultValue = std::move(defaultValue);
    spec.doc = std::move(doc);
    spec.minimum = minimum;
    spec.maximum = maximum;
    return spec;
}

} // namespace

std::optional<std::string> whyInvalid(const ParamSpec& spec, const ParamValue& value) {
    if (!typeFits(spec.type, value))
        return wrongType(spec, toString(value));
    switch (spec.type) {
    case ParamType::Int:
        return whyNotInRange(spec, static_cast<double>(std::get<std::int64_t>(value)), value);
    case ParamType::Real:
        return whyNotInRange(spec, std::get<double>(value), value);
    case ParamType::Tuple:
        return whyInvalidTuple(spec, std::get<IntTuple>(value), value);
    case ParamType::Choice:
        if (std::ranges::none_of(spec.choices,
                                 [&](const ParamChoice& choice) {
                                     return choice.key == std::get<std::string>(value);
                                 }) &&
            !(spec.accepts && spec.accepts(std::get<std::string>(value))))
            return wrongType(spec, toString(value));
        return {};
    default:
        return {};
    }
}

std::vector<ParamProblem> validate(const ParamSpecs& specs, const ParamValues& values) {
    std::vector<ParamProblem> problems;
    for (const auto& [key, value] : values) {
        const auto* spec = findParam(specs, key);
        if (!spec)
            problems.push_back(
                {key, fmt::format("There is no parameter called \"{}\" here", excerpt(key))});
        else if (auto why = whyInvalid(*spec, value))
            problems.push_back({key, *std::move(why)});
    }
    return problems;
}

const ParamSpec* findParam(const ParamSpecs& specs, std::string_view key) {
    const auto found =
        std::ranges::find_if(specs, [&](const ParamSpec& spec) { return spec.key == key; });
    return found == specs.end() ? nullptr : &*found;
}

const ParamSpec* findParamToRead(const ParamSpecs& specs, std::string_view key) {
    if (const auto* spec = findParam(specs, key))
        return spec;
    const auto found = std::ranges::find_if(specs, [&](const ParamSpec& spec) {
        return std::ranges::find(spec.formerKeys, key) != spec.formerKeys.end();
    });
    return found == specs.end() ? nullptr : &*found;
}

const ParamValue& Params::value(std::string_view key) const {
    if (const auto found = values_->find(key); found != values_->end())
        return found->second;
    if (const auto* spec = findParam(*specs_, key))
        return spec->defaultValue;
    throw Error("there is no parameter called \"{}\" here", key);
}

bool Params::boolean(std::string_view key) const {
    return as<bool>(value(key), key);
}
std::int64_t Params::integer(std::string_view key) const {
    return as<std::int64_t>(value(key), key);
}
double Params::real(std::string_view key) const {
    return as<double>(value(key), key);
}
const std::string& Params::text(std::string_view key) const {
    return as<std::string>(value(key), key);
}
const IntTuple& Params::tuple(std::string_view key) const {
    return as<IntTuple>(value(key), key);
}

bool isVisible(const ParamSpec& spec, const Params& params) {
    if (!spec.visibleWhen)
        return true;
    const auto& actual = params.value(spec.visibleWhen->param);
    return std::ranges::find(spec.visibleWhen->values, actual) != spec.visibleWhen->values.end();
}

std::string toString(const ParamValue& value) {
    struct Visitor {
        std::string operator()(bool v) const { return v ? "true" : "false"; }
        std::string operator()(std::int64_t v) const { return fmt::format("{}", v); }
        std::string operator()(double v) const { return fmt::format("{}", v); }
        std::string operator()(const std::string& v) const { return v; }
        std::string operator()(const IntTuple& v) const {
            return v.empty() ? std::string("nothing") : fmt::format("{}", fmt::join(v, "×"));
        }
    };
    return std::visit(Visitor{}, value);
}

Json toJson(const ParamValue& value) {
    return std::visit([](const auto& v) { return Json(v); }, value);
}

ParamValue paramFromJson(const ParamSpec& spec, const Json& json) {
    switch (spec.type) {
    case ParamType::Bool:
        if (json.is_boolean())
            return json.get<bool>();
        break;
    case ParamType::Int:
        if (isInt64(json))
            return json.get<std::int64_t>();
        break;
    case ParamType::Real:
        if (json.is_number())
            return json.get<double>();
        break;
    case ParamType::Choice:
    case ParamType::Text:
    case ParamType::Path:
        if (json.is_string())
            return json.get<std::string>();
        break;
    case ParamType::Tuple:
        if (json.is_array() && json.size() <= spec.maxLength && std::ranges::all_of(json, isInt64))
            return json.get<IntTuple>();
        break;
    }
    throw Error(wrongType(spec, dumpExcerpt(json)));
}

Json toJson(const ParamValues& values) {
    Json json = Json::object();
    for (const auto& [key, value] : values)
        json[key] = toJson(value);
    return json;
}

ParamValues paramsFromJson(const Json& json, const ParamSpecs& specs, std::string_view what) {
    return paramsFromJson(json, specs, what,
                          [&](const std::string& key, const Json&) -> ParamValue {
                              throw Error("{} has no parameter \"{}\"", what, excerpt(key));
                          });
}

ParamValues paramsFromJson(const Json& json, const ParamSpecs& specs, std::string_view what,
                           const UndeclaredParam& undeclared) {
    if (!json.is_object())
        throw Error("{} must be an object of parameters, not {}", what, dumpExcerpt(json));
    ParamValues values;
    for (const auto& [key, value] : json.items()) {
        const auto* spec = findParamToRead(specs, key);
        if (!spec) {
            values.emplace(key, undeclared(key, value));
            continue;
        }
        if (!values.emplace(spec->key, paramFromJson(*spec, value)).second)
            throw Error("{} has the parameter \"{}\" twice: under its own name and as \"{}\", as "
                        "earlier versions called it; remove one",
                        what, spec->key, fmt::join(spec->formerKeys, "\" or \""));
    }
    return values;
}

ParamValue paramFromText(const ParamSpec& spec, std::string_view text) {
    if (!spec.zeroName.empty() && text == spec.zeroName)
        text = "0";
    switch (spec.type) {
    case ParamType::Bool:
        if (text == "true" || text == "on" || text == "yes" || text == "1")
            return true;
        if (text == "false" || text == "off" || text == "no" || text == "0")
            return false;
        break;
    case ParamType::Int:
        if (const auto number = wholeNumber(text))
            return *number;
        break;
    case ParamType::Real:
        if (const auto number = realNumber(text))
            return *number;
        break;
    case ParamType::Choice:
    case ParamType::Text:
    case ParamType::Path:
        return std::string(text);
    case ParamType::Tuple:
        if (auto tuple = tupleFromText(text))
            return *std::move(tuple);
        break;
    }
    throw Error(wrongType(spec, fmt::format("\"{}\"", text)));
}

ParamSpec intParam(std::string key, std::string title, std::int64_t defaultValue, double minimum,
                   double maximum, std::string doc) {
    return numeric(std::move(key), std::move(title), ParamType::Int, defaultValue, minimum, maximum,
                   std::move(doc));
}

ParamSpec realParam(std::string key, std::string title, double defaultValue, double minimum,
                    double maximum, std::string doc) {
    return numeric(std::move(key), std::move(title), ParamType::Real, defaultValue, minimum,
                   maximum, std::move(doc));
}

ParamSpec boolParam(std::string key, std::string title, bool defaultValue, std::string doc) {
    return numeric(std::move(key), std::move(title), ParamType::Bool, defaultValue, 0, 1,
                   std::move(doc));
}

ParamSpec choiceParam(std::string key, std::string title, std::string defaultValue,
                      std::vector<ParamChoice> choices, std::string doc) {
    auto spec = numeric(std::move(key), std::move(title), ParamType::Choice,
                        std::move(defaultValue), 0, 0, std::move(doc));
    spec.choices = std::move(choices);
    return spec;
}

ParamSpec tupleParam(std::string key, std::string title, IntTuple defaultValue,
                     std::size_t minLength, std::size_t maxLength, double minimum, double maximum,
                     std::string doc) {
    auto spec = numeric(std::move(key), std::move(title), ParamType::Tuple, std::move(defaultValue),
                        minimum, maximum, std::move(doc));
    spec.minLength = minLength;
    spec.maxLength = maxLength;
    return spec;
}

ParamSpec textParam(std::string key, std::string title, std::string defaultValue, std::string doc) {
    return numeric(std::move(key), std::move(title), ParamType::Text, std::move(defaultValue), 0, 0,
                   std::move(doc));
}

ParamSpec pathParam(std::string key, std::string title, std::string doc) {
    return numeric(std::move(key), std::move(title), ParamType::Path, std::string{}, 0, 0,
                   std::move(doc));
}

ParamSpec formerly(std::string formerKey, ParamSpec spec) {
    spec.formerKeys.push_back(std::move(formerKey));
    return spec;
}

ParamSpec zeroIs(std::string name, ParamSpec spec) {
    spec.zeroName = std::move(name);
    return spec;
}

} // namespace gradwright
