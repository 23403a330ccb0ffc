// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/survey/pixel_hint.h"

#include "engine/data/catalog.h"
#include "engine/data/survey/column_roles.h"
#include "engine/data/tables/cell.h"
#include "engine/data/tables/table_params.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <utility>

namespace gradwright {
namespace {

constexpr std::size_t kLeastPixelColumns = 64;
constexpr std::size_t kMostOthers = 4; ///< with more, the numbers are one feature among several
constexpr std::int64_t kLeastSide = 5;

std::int64_t rootOf(std::int64_t number) {
    const auto root = std::llround(std::sqrt(static_cast<double>(number)));
    return root * root == number && root >= kLeastSide ? root : 0;
}

/// Empty where no square image has so many pixels.
std::string squareOf(std::int64_t numbers) {
    constexpr std::int64_t kColours = 3;
    if (const auto side = rootOf(numbers); side > 0)
        return fmt::format("{}x{}", side, side);
    if (const auto side = numbers % kColours == 0 ? rootOf(numbers / kColours) : 0; side > 0)
        return fmt::format("{}x{}x{}", kColours, side, side);
    return {};
}

/// "pixel" of "pixel12"; nothing in front of "12" and "3x4", and "?" where no number ends it.
std::string stemOf(const std::string& name) {
    const auto isDigit = [](char letter) { return letter >= '0' && letter <= '9'; };
    if (name.empty() || !isDigit(name.back()))
        return "?";
    return name.substr(
        0, static_cast<std::size_t>(std::ranges::find_if(name, isDigit) - name.begin()));
}

bool areCalledByNumbers(const std::vector<std::string>& names) {
    constexpr double kNearlyAll = 0.9;
    std::map<std::string, std::size_t> stems;
    for (const auto& name : names)
        ++stems[stemOf(name)];
    stems.erase("?");
    return std::ranges::any_of(stems, [&](const auto& stem) {
        return static_cast<double>(stem.second) >= kNearlyAll * static_cast<double>(names.size());
    });
}

bool mayBePixels(const ColumnProfile& profile) {
    constexpr double kByteMost = 255;
    return profile.kind == ColumnKind::Numbers && profile.minimum >= 0 &&
           profile.maximum <= (profile.isWhole ? kByteMost : 1);
}

} // namespace

std::optional<PixelHint> pixelHint(const TableSurvey& survey, const DataChoice& choice) {
    const Params params(dataset(choice.dataset).params, choice.params);
    if (!params.has("pixels") || !trimmed(params.text("pixels")).empty())
        return {};
    PixelHint hint;
    std::vector<std::string> numbers;
    for (const auto& column : survey.columns) {
        const auto role = roleOf(choice, survey, column.profile.name);
        if (role == ColumnRole::Target || role == ColumnRole::LeftOut)
            continue;
        if (column.pixels > 0) {
            hint.columns.push_back(column.profile.name);
            hint.numbers = static_cast<std::int64_t>(column.pixels);
        } else if (role == ColumnRole::Input && mayBePixels(column.profile)) {
            numbers.push_back(column.profile.name);
        } else {
            hint.others.push_back(column.profile.name);
        }
    }
    if (hint.columns.size() > 1)
        return {};
    if (hint.columns.empty()) {
        if (numbers.size() < kLeastPixelColumns || !areCalledByNumbers(numbers))
            return {};
        hint.numbers = std::ssize(numbers);
        hint.columns = std::move(numbers);
    } else {
        std::ranges::move(numbers, std::back_inserter(hint.others));
    }
    hint.shape = squareOf(hint.numbers);
    if (hint.shape.empty() || hint.others.size() > kMostOthers)
        return {};
    return hint;
}

DataChoice withPixels(DataChoice choice, const PixelHint& hint) {
    const Params params(dataset(choice.dataset).params, choice.params);
    auto ignored = columnNamesIn(params.text("ignore"));
    std::ranges::copy(hint.others, std::back_inserter(ignored));
    if (!ignored.empty())
        choice.params.insert_or_assign("ignore", columnList(ignored));
    choice.params.insert_or_assign("pixels", hint.shape);
    return choice;
}

} // namespace gradwright
