// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/column_survey.h"

#include "engine/data/images/picture_sample.h"
#include "engine/data/tables/cell.h"
#include "engine/data/tables/date_cell.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

namespace gradwright {
namespace {

/// One other text among so many numbers is a mistake, not a category.
constexpr std::size_t kNumbersPerOddText = 9;
/// So many different numbers are measured, not codes of categories.
constexpr std::size_t kManyNumbers = 20;
/// So few different texts among them are marks, such as "unknown".
constexpr std::size_t kFewMarks = 3;
/// A word for "missing" that occurs so often in a column of texts is one of its values.
constexpr std::size_t kWordIsValueFrom = 2;
constexpr std::size_t kLeastPixels = 4;

constexpr std::uint32_t bit(std::size_t index) {
    return std::uint32_t{1} << index;
}
constexpr std::uint32_t kAllNotations = bit(kNotations) - 1;

std::uint32_t notationsWith(char decimal) {
    std::uint32_t mask = 0;
    for (std::size_t i = 0; i < kNotations; ++i)
        if (numberNotations()[i].decimal == decimal)
            mask |= bit(i);
    return mask;
}

/// The numbers of a cell that holds nothing but numbers with blanks between them, 0 for others.
std::size_t numbersIn(std::string_view cell) {
    std::size_t count = 0;
    while (!cell.empty()) {
        const auto end = std::min(cell.find(' '), cell.size());
        if (end > 0) {
            if (!numberOf(cell.substr(0, end), ','))
                return 0;
            ++count;
        }
        cell.remove_prefix(std::min(end + 1, cell.size()));
    }
    return count;
}

} // namespace

ColumnSurvey::ColumnSurvey(const CsvTable& table, std::size_t column,
                           const std::vector<std::string>& missing)
    : table_(table)
    , column_(column)
    , name_(table.names[column])
    , missing_(missing) {}

void ColumnSurvey::take(std::string_view cell) {
    const auto count = [](Counts& counts, std::string_view text) {
        const auto found = counts.find(text);
        ++(found != counts.end() ? found : counts.emplace(text, 0).first)->second;
    };
    if (isMissingSign(cell) || std::ranges::find(missing_, cell) != missing_.end())
        count(signs_, cell);
    else if (isMissingWord(cell))
        count(words_, cell);
    else
        return add(cell);
    isPlain_ = isPlain_ && cell.empty();
    if (areUsual_)
        usual_.push_back(std::numeric_limits<double>::quiet_NaN());
}

void ColumnSurvey::add(std::string_view cell) {
    ++values_;
    const auto usual = numberOf(cell, ',');
    if (!usual && areUsual_) {
        isPlain_ = areUsual_ = false;
        usual_ = {};
    } else if (areUsual_) {
        if (usual_.empty())
            usual_.reserve(table_.rows());
        usual_.push_back(*usual);
    }
    if (usual)
        if (const auto mask = notationsOfUsual(cell); mask != 0) {
            points_ += (mask & kAllNotations) != kAllNotations ? 1 : 0;
            return addNumber(cell, mask, {});
        }
    if (mayBeNumber(cell)) {
        const auto [unit, digits] = withoutUnit(cell);
        if (const auto mask = notationsOf(digits); mask != 0) {
            points_ += digits.find('.') != std::string::npos ? 1 : 0;
            return addNumber(cell, mask, unit);
        }
    }
    if (distinctOthers_.size() <= kFewMarks && !distinctOthers_.contains(cell))
        distinctOthers_.emplace(cell);
}

void ColumnSurvey::addNumber(std::string_view cell, std::uint32_t mask, std::string_view unit) {
    ++numbers_;
    if (!lastUnit_ || lastUnit_->first != unit) {
        const auto found = units_.find(unit);
        lastUnit_ = &*(found != units_.end() ? found : units_.emplace(unit, OfUnit()).first);
    }
    auto& ofUnit = lastUnit_->second;
    ++ofUnit.cells;
    for (std::size_t i = 0; i < kNotations; ++i)
        ofUnit.byNotation[i] += (mask >> i) & 1;
    if (distinctNumbers_.size() <= kManyNumbers && !distinctNumbers_.contains(cell))
        distinctNumbers_.emplace(cell);
}

std::vector<double> ColumnSurvey::takeNumbers() {
    return areUsual_ ? std::move(usual_) : std::vector<double>();
}

bool ColumnSurvey::isWithoutValue(std::string_view cell) const {
    return signs_.contains(cell) || words_.contains(cell);
}

char ColumnSurvey::decimalEvidence() const {
    std::uint32_t best = 0;
    std::size_t most = 0;
    for (const auto& [unit, counts] : units_)
        for (std::size_t i = 0; i < kNotations; ++i) {
            const auto cells = counts.byNotation[i];
            if (cells > most)
                best = 0;
            if (cells >= most)
                best |= bit(i);
            most = std::max(most, cells);
        }
    const bool mayBePoint = (best & notationsWith('.')) != 0;
    const bool mayBeComma = (best & notationsWith(',')) != 0;
    return mayBePoint == mayBeComma ? '\0' : mayBePoint ? '.' : ',';
}

NumberNotation ColumnSurvey::notation(char decimal, char delimiter, std::size_t& most) const {
    const auto unit =
        std::ranges::max_element(units_, {}, [](const auto& each) { return each.second.cells; });
    const auto& counts = unit->second.byNotation;
    most = *std::ranges::max_element(counts);
    std::uint32_t best = 0;
    for (std::size_t i = 0; i < kNotations; ++i)
        if (counts[i] == most)
            best |= bit(i);
    // 1,234 is either 1234 or 1.234, and 1.234 likewise: other columns know, else the usual wins.
    const bool isAmbiguous = (best & notationsWith('.')) != 0 && (best & notationsWith(',')) != 0;
    const bool hasPointsOnly = (best & bit(0)) != 0;
    if (isAmbiguous && decimal == 0 && !hasPointsOnly && delimiter == ';')
        decimal = ',';
    if (isAmbiguous && decimal != 0 && (!hasPointsOnly || points_ > 0))
        best &= notationsWith(decimal);
    auto result = numberNotations()[static_cast<std::size_t>(std::countr_zero(best))];
    result.unit = unit->first;
    return result;
}

std::string ColumnSurvey::dateOrder() const {
    for (const auto order : kDateOrders) {
        bool fits = values_ > 0;
        for (std::size_t row = 0; row < table_.rows() && fits; ++row) {
            const auto cell = table_.at(row, column_);
            fits = isWithoutValue(cell) || dateOf(cell, order);
        }
        // 1/2/2015 is more often the second of January than the first of February.
        if (fits && order == "dmy" && table_.rows() > 0) {
            bool isSlashed = false;
            bool isEither = true;
            for (std::size_t row = 0; row < table_.rows(); ++row) {
                const auto cell = table_.at(row, column_);
                if (isWithoutValue(cell))
                    continue;
                isSlashed = isSlashed || cell.find('/') != std::string::npos;
                isEither = isEither && dateOf(cell, "mdy");
            }
            if (isSlashed && isEither)
                continue;
        }
        if (fits)
            return std::string(order);
    }
    return {};
}

std::size_t ColumnSurvey::pixels() const {
    std::size_t count = 0;
    for (std::size_t row = 0; row < table_.rows(); ++row) {
        const auto cell = table_.at(row, column_);
        if (isWithoutValue(cell))
            continue;
        const auto here = numbersIn(cell);
        if (here < kLeastPixels || (count != 0 && here != count))
            return 0;
        count = here;
    }
    return count;
}

bool ColumnSurvey::namesImages() const {
    for (std::size_t row = 0; row < table_.rows(); ++row) {
        const auto cell = table_.at(row, column_);
        if (!isWithoutValue(cell) && !hasPictureEnding(cell))
            return false;
    }
    return values_ > 0;
}

ColumnReading ColumnSurvey::decide(char decimal, char delimiter) const {
    using enum ColumnReading::Kind;
    ColumnReading reading{.name = name_, .kind = Empty};
    if (values_ == 0)
        return reading;
    if (numbers_ > 0) {
        std::size_t most = 0;
        reading.notation = notation(decimal, delimiter, most);
        const auto others = values_ - most;
        const bool isOneNumberMixed = values_ - numbers_ > 0 &&
                                      distinctNumbers_.size() > kManyNumbers &&
                                      distinctOthers_.size() <= kFewMarks;
        reading.kind = others == 0 ? Numbers : Mixed;
        if (others == 0 || most >= kNumbersPerOddText * others || isOneNumberMixed ||
            numbers_ >= kNumbersPerOddText * (values_ - numbers_))
            return reading;
        reading.notation = {};
    }
    reading.kind = Texts;
    if (auto order = dateOrder(); !order.empty()) {
        reading.kind = Dates;
        reading.dateOrder = std::move(order);
        return reading;
    }
    if (const auto count = pixels(); count > 0) {
        reading.kind = Pixels;
        reading.pixels = count;
        return reading;
    }
    if (namesImages())
        return reading;
    for (const auto& [word, count] : words_)
        if (count >= kWordIsValueFrom)
            reading.words.push_back(word);
    return reading;
}

std::map<std::string, std::size_t, std::less<>>
ColumnSurvey::missingIn(const ColumnReading& reading) const {
    auto missing = signs_;
    for (const auto& [word, count] : words_)
        if (std::ranges::find(reading.words, word) == reading.words.end())
            missing.emplace(word, count);
    return missing;
}

} // namespace gradwright
