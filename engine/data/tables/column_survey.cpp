// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/column_survey.h"

#include "engine/data/images/picture_sample.h"
#include "engine/data/tables/cell.h"
#include "engine/data/tables/date_cell.h"
#include "engine/data/tables/number_list.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <limits>
#include <tuple>
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

/// How many numbers a cell lists, 0 for one that holds something else.
std::size_t numbersIn(std::string_view cell) {
    std::size_t count = 0;
    for (NumberList list(cell); !list.isAtEnd();) {
        const auto text = list.next();
        if (numberOf(text, ','))
            ++count;
        else if (text != NumberList::kLeftOut)
            return 0;
    }
    return count;
}

} // namespace

ColumnSurvey::ColumnSurvey(const CsvTable& table, std::size_t column,
                           const std::vector<std::string>& missing)
    : table_(table)
    , column_(table.cells[column])
    , name_(table.names[column])
    , missing_(missing) {
    for (const auto& mark : missing)
        if (const auto code = decimalOf(mark))
            missingCodes_.push_back(*code);
    countDecimals();
    countTexts();
}

void ColumnSurvey::countDecimals() {
    textCounts_.resize(column_.texts().size());
    std::size_t texts = 0;
    std::size_t points = 0;
    std::size_t groups = 0; // that may be one of thousands: "1.234"
    column_.forEach([&](CellCode code) {
        if (isTextCode(code)) {
            ++textCounts_[textOfCode(code)];
            ++texts;
            return;
        }
        constexpr int kGroup = 3; // digits
        const auto behind = decimalsOf(code);
        const auto digits = std::abs(digitsOf(code));
        points += behind > 0 ? 1 : 0;
        groups += behind == kGroup && digits >= 1'000 && digits < 1'000'000 ? 1 : 0;
    });
    decimals_ = column_.size() - texts;
    std::size_t missing = 0;
    for (const auto mark : missingCodes_) {
        std::size_t count = 0;
        column_.forEach([&](CellCode code) { count += code == mark ? 1 : 0; });
        if (count == 0)
            continue;
        const auto text = decimalText(mark);
        if (!signs_.emplace(text, count).second)
            continue; // it is listed twice
        missing += count;
        const auto mask = notationsOfUsual(text);
        points -= (mask & kAllNotations) != kAllNotations ? count : 0;
        groups -= mask == notationsOfUsual("1.234") ? count : 0;
    }
    isPlain_ = missing == 0;
    decimals_ -= missing;
    values_ += decimals_;
    points_ += points;
    addNumbers(decimals_ - points, notationsOfUsual("1"), {});
    addNumbers(points - groups, notationsOfUsual("0.5"), {});
    addNumbers(groups, notationsOfUsual("1.234"), {});
}

void ColumnSurvey::countTexts() {
    const auto& texts = column_.texts();
    for (std::size_t i = 0; i < texts.size(); ++i)
        if (textCounts_[i] > 0)
            take(texts[i], textCounts_[i]);
}

void ColumnSurvey::take(std::string_view cell, std::size_t count) {
    const auto countIn = [&](Counts& counts) {
        const auto found = counts.find(cell);
        (found != counts.end() ? found : counts.emplace(cell, 0).first)->second += count;
    };
    if (isMissingSign(cell) || std::ranges::find(missing_, cell) != missing_.end())
        countIn(signs_);
    else if (isMissingWord(cell))
        countIn(words_);
    else
        return add(cell, count);
    isPlain_ = isPlain_ && cell.empty();
}

void ColumnSurvey::add(std::string_view cell, std::size_t count) {
    values_ += count;
    const auto usual = numberOf(cell, ',');
    if (!usual)
        isPlain_ = areUsual_ = false;
    const auto addDistinct = [&] {
        if (distinctNumbers_.size() <= kManyNumbers && !distinctNumbers_.contains(cell))
            distinctNumbers_.emplace(cell);
    };
    if (usual)
        if (const auto mask = notationsOfUsual(cell); mask != 0) {
            points_ += (mask & kAllNotations) != kAllNotations ? count : 0;
            addDistinct();
            return addNumbers(count, mask, {});
        }
    if (mayBeNumber(cell)) {
        const auto [unit, digits] = withoutUnit(cell);
        if (const auto mask = notationsOf(digits); mask != 0) {
            points_ += digits.find('.') != std::string::npos ? count : 0;
            hasParentheses_ = hasParentheses_ || cell.starts_with('(');
            addDistinct();
            return addNumbers(count, mask, unit);
        }
    }
    if (distinctOthers_.size() <= kFewMarks && !distinctOthers_.contains(cell))
        distinctOthers_.emplace(cell);
}

void ColumnSurvey::addNumbers(std::size_t count, std::uint32_t mask, std::string_view unit) {
    if (count == 0)
        return;
    numbers_ += count;
    const auto found = units_.find(unit);
    auto& ofUnit = (found != units_.end() ? found : units_.emplace(unit, OfUnit()).first)->second;
    ofUnit.cells += count;
    for (std::size_t i = 0; i < kNotations; ++i)
        ofUnit.byNotation[i] += ((mask >> i) & 1) != 0 ? count : 0;
}

std::vector<double> ColumnSurvey::textNumbers() const {
    if (!areUsual_)
        return {};
    const auto& texts = column_.texts();
    std::vector<double> numbers;
    numbers.reserve(texts.size());
    for (std::size_t i = 0; i < texts.size(); ++i)
        numbers.push_back(textCounts_[i] == 0 || isWithoutValue(texts[i])
                              ? std::numeric_limits<double>::quiet_NaN()
                              : numberOf(texts[i], ',').value_or(0));
    return numbers;
}

bool ColumnSurvey::hasManyNumbers() const {
    if (distinctNumbers_.size() > kManyNumbers)
        return true;
    std::set<CellCode> distinct;
    for (std::size_t row = 0;
         row < column_.size() && distinct.size() + distinctNumbers_.size() <= kManyNumbers; ++row)
        if (const auto code = column_.code(row);
            !isTextCode(code) && std::ranges::find(missingCodes_, code) == missingCodes_.end())
            distinct.insert(code);
    return distinct.size() + distinctNumbers_.size() > kManyNumbers;
}

template <typename Predicate>
bool ColumnSurvey::holdsForTexts(Predicate predicate) const {
    if (decimals_ > 0)
        return false;
    const auto& texts = column_.texts();
    for (std::size_t i = 0; i < texts.size(); ++i)
        if (textCounts_[i] > 0 && !isWithoutValue(texts[i]) && !predicate(texts[i]))
            return false;
    return true;
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
    if (values_ == 0)
        return {};
    for (const auto order : kDateOrders) {
        if (!holdsForTexts([&](std::string_view cell) { return dateOf(cell, order).has_value(); }))
            continue;
        // 1/2/2015 is more often the second of January than the first of February.
        const auto isSlashed = [](std::string_view cell) { return cell.find('/') != cell.npos; };
        const auto isNotSlashed = [&](std::string_view cell) { return !isSlashed(cell); };
        const auto isEither = [](std::string_view cell) { return dateOf(cell, "mdy").has_value(); };
        if (order == "dmy" && !holdsForTexts(isNotSlashed) && holdsForTexts(isEither))
            continue;
        return std::string(order);
    }
    return {};
}

bool ColumnSurvey::areCompactDates() const {
    constexpr std::size_t kLeastDays = 3; // fewer may be numbers by chance
    constexpr int kFirstYear = 1800;
    constexpr int kLastYear = 2199;
    std::set<std::string, std::less<>> days;
    const auto isDay = [&](const std::string& text) {
        const auto date = dateOf(text, kCompactDate);
        if (!date || date->year < kFirstYear || date->year > kLastYear)
            return false;
        if (days.size() < kLeastDays)
            days.insert(text);
        return true;
    };
    for (std::size_t row = 0; row < column_.size(); ++row) {
        const auto code = column_.code(row);
        if (code == kEmptyCell || std::ranges::find(missingCodes_, code) != missingCodes_.end())
            continue;
        const auto text = column_.textOf(code);
        if (isTextCode(code) && isWithoutValue(text))
            continue;
        if (!isDay(text))
            return false;
    }
    return days.size() == kLeastDays;
}

bool ColumnSurvey::areTimes() const {
    return values_ > 0 && numbers_ == 0 &&
           holdsForTexts([](std::string_view cell) { return hoursOf(cell).has_value(); });
}

std::size_t ColumnSurvey::pixels() const {
    const auto areTooMany = [&](std::size_t odd) {
        return odd * kNumbersPerOddText > values_ - odd;
    };
    std::map<std::size_t, std::size_t> cellsOfLength;
    std::size_t odd = decimals_;
    const auto& texts = column_.texts();
    for (std::size_t i = 0; i < texts.size() && !areTooMany(odd); ++i) {
        if (textCounts_[i] == 0 || isWithoutValue(texts[i]))
            continue;
        if (const auto length = numbersIn(texts[i]); length >= kLeastPixels)
            cellsOfLength[length] += textCounts_[i];
        else
            odd += textCounts_[i];
    }
    const auto usual =
        std::ranges::max_element(cellsOfLength, {}, [](const auto& each) { return each.second; });
    return usual == cellsOfLength.end() || areTooMany(values_ - usual->second) ? 0 : usual->first;
}

bool ColumnSurvey::namesImages() const {
    return values_ > 0 &&
           holdsForTexts([](std::string_view cell) { return hasPictureEnding(std::string(cell)); });
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
        const bool isOneNumberMixed =
            values_ - numbers_ > 0 && distinctOthers_.size() <= kFewMarks && hasManyNumbers();
        reading.kind = others == 0 ? Numbers : Mixed;
        if (others == 0 && reading.notation == NumberNotation{} && areCompactDates()) {
            reading.kind = Dates;
            reading.dateOrder = kCompactDate;
            return reading;
        }
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
    if (areTimes()) {
        reading.kind = Numbers;
        reading.notation.isTime = true;
        return reading;
    }
    if (const auto count = pixels(); count > 0) {
        reading.kind = Pixels;
        reading.pixels = count;
        return reading;
    }
    if (!namesImages())
        reading.words = repeatedWords();
    return reading;
}

std::vector<std::string> ColumnSurvey::repeatedWords() const {
    std::vector<std::string> repeated;
    for (const auto& [word, count] : words_)
        if (count >= kWordIsValueFrom)
            repeated.push_back(word);
    return repeated;
}

std::pair<NumberNotation, std::size_t> ColumnSurvey::notationWith(char decimal) const {
    std::pair<NumberNotation, std::size_t> best;
    for (const auto& [unit, counts] : units_)
        for (std::size_t i = 0; i < kNotations; ++i)
            if (numberNotations()[i].decimal == decimal && counts.byNotation[i] > best.second) {
                best = {numberNotations()[i], counts.byNotation[i]};
                best.first.unit = unit;
            }
    return best;
}

bool ColumnSurvey::hasMarks() const {
    return std::ranges::any_of(units_, [](const auto& unit) {
        return std::ranges::any_of(unit.second.byNotation,
                                   [&](std::size_t count) { return count != unit.second.cells; });
    });
}

bool ColumnSurvey::areDates(std::string_view order) const {
    return values_ > 0 &&
           holdsForTexts([&](std::string_view cell) { return dateOf(cell, order).has_value(); });
}

std::string ColumnSurvey::firstOdd(std::string_view dateOrder) const {
    const auto isDate = [&](const std::string& cell) {
        if (!dateOrder.empty())
            return dateOf(cell, dateOrder).has_value();
        return std::ranges::any_of(
            kDateOrders, [&](std::string_view order) { return dateOf(cell, order).has_value(); });
    };
    for (std::size_t row = 0; row < column_.size(); ++row) {
        const auto cell = column_.text(row);
        if (!cell.empty() && !isWithoutValue(cell) && !isDate(cell))
            return fmt::format("line {} holds \"{}\"", table_.lines[row], excerpt(cell));
    }
    return "its dates are written in several orders";
}

std::vector<ColumnType> ColumnSurvey::types() const {
    using enum ColumnType;
    std::vector<ColumnType> types;
    if (values_ == 0 || namesImages())
        return types;
    if (numbers_ > 0 || areTimes())
        types.push_back(Numbers);
    if (numbers_ > 0 && hasMarks()) {
        if (notationWith('.').second > 0)
            types.push_back(PointNumbers);
        if (notationWith(',').second > 0)
            types.push_back(CommaNumbers);
    }
    types.push_back(Texts);
    if (!dateOrder().empty() || (numbers_ == values_ && areCompactDates()))
        types.push_back(Dates);
    if (areDates("dmy") && areDates("mdy")) {
        types.push_back(DayFirst);
        types.push_back(MonthFirst);
    }
    return types;
}

ColumnReading ColumnSurvey::decideAs(ColumnType type, char decimal, char delimiter) const {
    using enum ColumnReading::Kind;
    ColumnReading reading{.name = name_, .kind = Empty};
    if (values_ == 0)
        return reading;
    reading.isChosen = true;
    if (type == ColumnType::Texts) {
        reading.kind = Texts;
        reading.words = repeatedWords();
        return reading;
    }
    if (isDateType(type)) {
        reading.kind = Dates;
        reading.dateOrder = type == ColumnType::DayFirst     ? "dmy"
                            : type == ColumnType::MonthFirst ? "mdy"
                                                             : dateOrder();
        if (type == ColumnType::Dates && reading.dateOrder.empty() && areCompactDates())
            reading.dateOrder = kCompactDate;
        if (reading.dateOrder != kCompactDate &&
            (reading.dateOrder.empty() || !areDates(reading.dateOrder)))
            throw Error("column \"{}\" is to be read as {}, but {}", name_, keyOfType(type),
                        firstOdd(reading.dateOrder));
        return reading;
    }
    reading.kind = Numbers;
    if (type == ColumnType::Numbers && numbers_ == 0 && areTimes()) {
        reading.notation.isTime = true;
        return reading;
    }
    std::size_t most = 0;
    if (type != ColumnType::Numbers)
        std::tie(reading.notation, most) =
            notationWith(type == ColumnType::PointNumbers ? '.' : ',');
    else if (numbers_ > 0)
        reading.notation = notation(decimal, delimiter, most);
    if (most == 0)
        throw Error("column \"{}\" is to be read as {}, but none of its cells is such a number",
                    name_, keyOfType(type));
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
