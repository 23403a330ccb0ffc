// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/lab/sweep/search_space.h"

#include "engine/lab/sweep/sweep_setting.h"
#include "engine/support/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace gradwright {
namespace {

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos)
        return {};
    return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

std::vector<std::string_view> splitAt(std::string_view text, std::string_view separators) {
    std::vector<std::string_view> parts;
    for (std::size_t begin = 0; begin <= text.size();) {
        const auto end = std::min(text.find_first_of(separators, begin), text.size());
        parts.push_back(trimmed(text.substr(begin, end - begin)));
        begin = end + 1;
    }
    return parts;
}

double rangeEnd(std::string_view text, std::string_view part) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
        throw Error("{}: \"{}\" is not a number; a range is written KEY=LOW..HIGH", part, text);
    return value;
}

/// The shortest text that reads back as the same number.
std::string numberText(double value) {
    return fmt::format("{}", value);
}

Dimension rangeFrom(std::string_view key, std::string_view values, std::string_view part,
                    const ParamSpec& spec) {
    if (spec.type != ParamType::Int && spec.type != ParamType::Real)
        throw Error("{}: {} is not a number; give a list, KEY=a,b,c", part, key);
    const auto pieces = splitAt(values, ":");
    const auto dots = pieces.front().find("..");
    Dimension dimension;
    dimension.key = key;
    dimension.isInteger = spec.type == ParamType::Int;
    dimension.low = rangeEnd(trimmed(pieces.front().substr(0, dots)), part);
    dimension.high = rangeEnd(trimmed(pieces.front().substr(dots + 2)), part);
    if (!(dimension.low < dimension.high))
        throw Error("{}: the first end must be below the second one", part);
    for (std::size_t i = 1; i < pieces.size(); ++i) {
        std::int64_t points = 0;
        const auto& piece = pieces[i];
        const auto [end, error] =
            std::from_chars(piece.data(), piece.data() + piece.size(), points);
        if (piece == "log")
            dimension.isLogarithmic = true;
        else if (error == std::errc{} && end == piece.data() + piece.size() && points >= 2 &&
                 points <= 1000)
            dimension.gridPoints = points;
        else if (piece != "linear")
            throw Error("{}: behind a range stand log or linear and the number of points of a "
                        "grid, 2 to 1000, not \"{}\"",
                        part, piece);
    }
    if (dimension.isLogarithmic && !(dimension.low > 0))
        throw Error("{}: a logarithmic range must begin above 0", part);
    if (dimension.isInteger && (std::trunc(dimension.low) != dimension.low ||
                                std::trunc(dimension.high) != dimension.high))
        throw Error("{}: {} takes whole numbers", part, key);
    return dimension;
}

Dimension dimensionFrom(std::string_view part, const Project& project) {
    const auto equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0)
        throw Error("{}: expected KEY=LOW..HIGH or KEY=a,b,c", part);
    const auto key = trimmed(part.substr(0, equals));
    const auto values = trimmed(part.substr(equals + 1));
    const auto spec = sweepSetting(project, key);
    if (values.find("..") != std::string_view::npos &&
        (spec.type == ParamType::Int || spec.type == ParamType::Real))
        return rangeFrom(key, values, part, spec);
    Dimension dimension;
    dimension.key = key;
    for (const auto value : splitAt(values, ",")) {
        if (value.empty())
            throw Error("{}: a value is missing in the list", part);
        if (std::ranges::find(dimension.values, value) != dimension.values.end())
            throw Error("{}: {} is in the list twice", part, value);
        dimension.values.emplace_back(value);
    }
    return dimension;
}

bool isRecipe(const Dimension& dimension) {
    return dimension.key.find('.') == std::string::npos &&
           (dimension.key == "optimizer" || dimension.key == "schedule" || dimension.key == "loss");
}

/// Both ends of each dimension, or all of a list, must be what the setting takes, with any recipe
/// that is searched, too.
void requireApplicable(const SearchSpace& space, const Project& project) {
    std::vector<Project> bases = {project};
    for (const auto& dimension : space) {
        if (!isRecipe(dimension))
            continue;
        std::vector<Project> more;
        for (const auto& base : bases)
            for (const auto& value : dimension.values) {
                more.push_back(base);
                setSweepSetting(more.back(), dimension.key, value);
            }
        bases = std::move(more);
    }
    for (const auto& base : bases)
        for (const auto& dimension : space)
            for (const auto& value : dimension.isList()
                                         ? dimension.values
                                         : std::vector{dimension.at(0), dimension.at(1)}) {
                auto copy = base;
                setSweepSetting(copy, dimension.key, value);
            }
}

} // namespace

std::string Dimension::at(double unit) const {
    unit = std::clamp(unit, 0.0, 1.0);
    if (isList()) {
        const auto count = values.size();
        return values[std::min(static_cast<std::size_t>(unit * static_cast<double>(count)),
                               count - 1)];
    }
    // A whole number has as much room as those around it, so the ends reach half beyond.
    const double from = isInteger ? low - 0.5 : low;
    const double to = isInteger ? high + 0.5 : high;
    double value = 0;
    if (isLogarithmic) {
        const double a = std::log(isInteger ? std::max(from, 0.5) : from);
        value = std::exp(a + unit * (std::log(to) - a));
    } else {
        value = from + unit * (to - from);
    }
    value = std::clamp(isInteger ? std::round(value) : value, low, high);
    return numberText(value);
}

double Dimension::unitOf(std::string_view text) const {
    if (isList()) {
        const auto found = std::ranges::find(values, text);
        if (found == values.end())
            throw Error("{}: {} is not in the list", key, text);
        return (static_cast<double>(found - values.begin()) + 0.5) /
               static_cast<double>(values.size());
    }
    const double value = rangeEnd(text, key);
    if (value < low || value > high)
        throw Error("{}: {} lies outside of {} to {}", key, text, low, high);
    const double from = isInteger ? low - 0.5 : low;
    const double to = isInteger ? high + 0.5 : high;
    if (isLogarithmic) {
        const double a = std::log(isInteger ? std::max(from, 0.5) : from);
        return (std::log(value) - a) / (std::log(to) - a);
    }
    return (value - from) / (to - from);
}

std::vector<std::string> Dimension::grid(std::int64_t otherwise) const {
    if (isList())
        return values;
    const auto points = gridPoints > 0 ? gridPoints : otherwise;
    std::vector<std::string> texts;
    for (std::int64_t i = 0; i < points; ++i) {
        const double share =
            points > 1 ? static_cast<double>(i) / static_cast<double>(points - 1) : 0.5;
        double value = isLogarithmic
                           ? std::exp(std::log(low) + share * (std::log(high) - std::log(low)))
                           : low + share * (high - low);
        // What the logarithm has rounded: ends stay what was asked for, and 0.01 is 0.01.
        value = i == 0 ? low : i + 1 == points ? high : std::stod(fmt::format("{:.12g}", value));
        const auto text = numberText(isInteger ? std::round(value) : value);
        if (texts.empty() || texts.back() != text)
            texts.push_back(text);
    }
    return texts;
}

SearchSpace searchSpaceFrom(std::string_view text, const Project& project) {
    SearchSpace space;
    for (const auto part : splitAt(text, ";\n")) {
        if (part.empty())
            continue;
        auto dimension = dimensionFrom(part, project);
        if (std::ranges::find(space, dimension.key, &Dimension::key) != space.end())
            throw Error("{}: {} is searched twice", part, dimension.key);
        space.push_back(std::move(dimension));
    }
    if (space.empty())
        throw Error("a search needs a setting to vary, such as learning_rate=0.0001..0.1:log or "
                    "batch=16,32,64");
    if (space.size() > kMaxDimensions)
        throw Error("a search varies at most {} settings, not {}", kMaxDimensions, space.size());
    requireApplicable(space, project);
    return space;
}

std::string textOf(const SearchSpace& space) {
    std::string text;
    for (const auto& dimension : space) {
        text += (text.empty() ? "" : "; ") + dimension.key + "=";
        if (dimension.isList()) {
            for (std::size_t i = 0; i < dimension.values.size(); ++i)
                text += (i > 0 ? "," : "") + dimension.values[i];
            continue;
        }
        text += numberText(dimension.low) + ".." + numberText(dimension.high);
        if (dimension.isLogarithmic)
            text += ":log";
        if (dimension.gridPoints > 0)
            text += fmt::format(":{}", dimension.gridPoints);
    }
    return text;
}

std::string proposedSearch(const Project& project, std::string_view key) {
    const auto spec = sweepSetting(project, key);
    std::string values;
    if (spec.type == ParamType::Bool) {
        values = toString(ParamValue(false)) + "," + toString(ParamValue(true));
    } else if (spec.type == ParamType::Choice && spec.choices.size() > 1) {
        for (const auto& choice : spec.choices)
            values += (values.empty() ? "" : ",") + choice.key;
    } else if (spec.type == ParamType::Int || spec.type == ParamType::Real) {
        double present = 0;
        try {
            present = rangeEnd(sweepSettingText(project, key), key);
        } catch (const Error&) {
            present = 0; // a 0 that has a name
        }
        const bool isInteger = spec.type == ParamType::Int;
        // A share is tried as a whole, a quantity around what it is.
        const bool isShare = !isInteger && spec.minimum == 0 && spec.maximum <= 1;
        double low = isShare ? (spec.minimumExclusive ? 0.05 : 0) : present / (isInteger ? 4 : 10);
        double high = isShare ? spec.maximum * 0.9 : present * (isInteger ? 4 : 10);
        if (isInteger) {
            low = std::round(std::max(low, 1.0));
            high = std::round(std::max(high, low + 3));
        }
        low = std::max(low, spec.minimum);
        high = std::min(high, spec.maximum);
        const auto asValue = [&](double value) {
            return isInteger ? ParamValue(static_cast<std::int64_t>(value)) : ParamValue(value);
        };
        if (!(low < high) || whyInvalid(spec, asValue(low)) || whyInvalid(spec, asValue(high)))
            return {};
        values = fmt::format("{:.6g}..{:.6g}{}", low, high, !isShare && low > 0 ? ":log" : "");
    }
    return values.empty() ? std::string() : fmt::format("{}={}", key, values);
}

Project projectAt(const Project& project, const SearchSpace& space, const SearchPoint& point) {
    auto changed = project;
    for (const bool recipes : {true, false})
        for (std::size_t i = 0; i < space.size(); ++i)
            if (isRecipe(space[i]) == recipes)
                setSweepSetting(changed, space[i].key, point.at(i));
    return changed;
}

std::string textOf(const SearchSpace& space, const SearchPoint& point) {
    std::string text;
    for (std::size_t i = 0; i < space.size(); ++i) {
        auto value = point.at(i);
        if (!space[i].isList() && !space[i].isInteger)
            value = fmt::format("{:.4g}", std::stod(value));
        text += (i > 0 ? ", " : "") + space[i].key + "=" + value;
    }
    return text;
}

} // namespace gradwright
