// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/csv_layout.h"

#include "engine/data/images/picture_sample.h"
#include "engine/data/tables/cell.h"
#include "engine/data/tables/column_reading.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

namespace gradwright {
namespace {

/// The number of fields that most rows have, the larger one of two that are as frequent.
std::size_t usualFields(const std::vector<CsvRow>& rows) {
    std::map<std::size_t, std::size_t> counts;
    for (const auto& row : rows)
        ++counts[row.fields.size()];
    std::size_t usual = 0;
    for (const auto& [fields, count] : counts)
        if (usual == 0 || count >= counts[usual])
            usual = fields;
    return usual;
}

bool isWholeNumber(const std::string& cell, double value) {
    const auto number = numberOf(cell, ',');
    return number && *number == value;
}

void leaveOutComments(CsvLayout& layout, std::size_t fields) {
    auto& rows = layout.rows;
    const auto before = rows.size();
    std::erase_if(rows, [&](const CsvRow& row) {
        return row.fields.size() != fields && row.fields.front().starts_with('#');
    });
    if (const auto left = before - rows.size(); left > 0)
        layout.notes.push_back(
            fmt::format("{} comment line{} left out (#)", left, left == 1 ? " is" : "s are"));
}

/// "150,4,setosa,versicolor,virginica": rows, columns and classes, as scikit-learn's own files
/// begin.
void takeCounts(CsvLayout& layout, std::size_t fields) {
    auto& rows = layout.rows;
    if (rows.size() < 3 || fields < 2)
        return;
    const auto& first = rows.front().fields;
    if (first.size() < 2 || !isWholeNumber(first[1], static_cast<double>(fields - 1)))
        return;
    const bool isNamed = isWholeNumber(first[0], static_cast<double>(rows.size() - 2));
    if (!isNamed && !isWholeNumber(first[0], static_cast<double>(rows.size() - 1)))
        return;
    std::vector<std::string> classes(first.begin() + 2, first.end());
    while (!classes.empty() && classes.back().empty())
        classes.pop_back();
    if (std::ranges::any_of(classes, [](const auto& name) { return isTypedCell(name); }) ||
        (first.size() == fields && classes.empty() && first.size() == 2))
        return;
    layout.notes.push_back(
        fmt::format("the first line counts rows and columns{}, and is left out as a row",
                    classes.empty() ? "" : " and names the classes"));
    layout.classes = std::move(classes);
    rows.erase(rows.begin());
}

bool endsEmpty(const CsvRow& row) {
    return row.fields.back().empty();
}

/// A delimiter at the end of the first row, of all others, or of all.
void leaveOutEmptyEnd(CsvLayout& layout) {
    auto& rows = layout.rows;
    if (rows.size() < 2)
        return;
    const auto first = rows.front().fields.size();
    const auto second = rows[1].fields.size();
    const auto others = std::span(rows).subspan(1);
    const bool areAlike =
        std::ranges::all_of(others, [&](const CsvRow& row) { return row.fields.size() == second; });
    if (!areAlike)
        return;
    const bool endEmpty = std::ranges::all_of(others, endsEmpty);
    const bool inFirst = first == second + 1 && endsEmpty(rows.front());
    const bool inOthers = second == first + 1 && endEmpty;
    const bool inAll = first == second && first > 2 && endEmpty && endsEmpty(rows.front());
    if (inFirst || inAll)
        rows.front().fields.pop_back();
    if (inOthers || inAll)
        for (auto& row : rows)
            if (&row != &rows.front())
                row.fields.pop_back();
    if (inFirst || inOthers || inAll)
        layout.notes.emplace_back("the empty last column is left out");
}

/// A first row that is one shorter than all others: R writes names of rows without a name above.
void leaveOutRowNames(CsvLayout& layout, CsvHeader header) {
    auto& rows = layout.rows;
    if (rows.size() < 3 || header == CsvHeader::No || rows.front().fields.size() < 2)
        return;
    const auto expected = rows.front().fields.size() + 1;
    for (std::size_t i = 1; i < rows.size(); ++i)
        if (rows[i].fields.size() != expected)
            return;
    // The first row may stand above the table, and the second be its header.
    if (header == CsvHeader::Detect && hasHeader({rows.begin() + 1, rows.end()}))
        return;
    for (std::size_t i = 1; i < rows.size(); ++i)
        rows[i].fields.erase(rows[i].fields.begin());
    layout.hasRowNames = true;
    layout.notes.emplace_back("the first column has no name above it, as R writes names of rows, "
                              "and is left out");
}

void requireEqualLength(const std::vector<CsvRow>& rows, const std::string& file, char delimiter) {
    const auto fields = usualFields(rows);
    const auto odd =
        std::ranges::find_if(rows, [&](const CsvRow& row) { return row.fields.size() != fields; });
    if (odd == rows.end())
        return;
    const auto count = odd->fields.size();
    const auto odds =
        std::ranges::count_if(rows, [&](const CsvRow& row) { return row.fields.size() != fields; });
    std::string advice;
    if (odd == rows.begin())
        advice = "; remove what stands above the table";
    else if (rows.end() - odd == odds)
        advice = "; remove what stands below the table";
    else if (odds > 1)
        advice = fmt::format("; {} rows do not have {}", odds, fields);
    throw Error("{}, line {}: {} field{}, separated by {}; the {} {}{}", file, odd->line, count,
                count == 1 ? "" : "s", nameOfDelimiter(delimiter),
                odd == rows.begin() ? "other rows have" : "first row has", fields, advice);
}

/// What a column without its first row holds.
struct Below {
    std::size_t numbers = 0;
    std::size_t others = 0;
    bool repeatsFirst = false;
    bool repeatsItself = false;

    [[nodiscard]] bool isNumeric() const {
        constexpr std::size_t kNumbersPerOddCell = 9;
        return numbers > 0 && numbers >= kNumbersPerOddCell * others;
    }
};

Below belowFirst(const std::vector<CsvRow>& rows, std::size_t column) {
    Below below;
    std::set<std::string_view> seen;
    constexpr std::size_t kMostSeen = 1000;
    constexpr std::size_t kEnough = 5000; // rows, from all over the table
    const auto distance = 1 + rows.size() / kEnough;
    for (std::size_t r = 1; r < rows.size(); r += distance) {
        const auto& cell = rows[r].fields[column];
        if (cell == rows.front().fields[column])
            below.repeatsFirst = true;
        if (isMissing(cell))
            continue;
        if (isNumberInAnyNotation(cell))
            ++below.numbers;
        else
            ++below.others;
        if (seen.size() < kMostSeen && !seen.insert(cell).second)
            below.repeatsItself = true;
    }
    return below;
}

/// The share of cells below the first row that are numbers, dates or missing.
double typedShare(const std::vector<CsvRow>& rows) {
    constexpr std::size_t kEnough = 200'000; // cells, from all over the table
    std::size_t typed = 0;
    std::size_t all = 0;
    const auto cells = rows.empty() ? 0 : rows.size() * rows.front().fields.size();
    const auto distance = 1 + cells / kEnough;
    for (std::size_t r = rows.size() > 1 ? 1 : 0; r < rows.size(); r += distance)
        for (const auto& cell : rows[r].fields)
            if (!cell.empty()) {
                typed += isTypedCell(cell) ? 1 : 0;
                ++all;
            }
    return all == 0 ? 0 : static_cast<double>(typed) / static_cast<double>(all);
}

struct Candidate {
    CsvMarks marks;
    double typed = 0;
    double alike = 0; ///< share of the rows with the usual number of fields
};

/// How the text looks with these marks; of no use where all rows have one field.
std::optional<Candidate> candidateOf(std::string_view text, const std::string& file, CsvMarks marks,
                                     CsvHeader header) {
    try {
        auto rows = readCsvRows(text, file, marks.delimiter, marks.quote);
        const auto usual = usualFields(rows);
        if (usual < 2)
            return {};
        const auto alike = std::ranges::count_if(
            rows, [&](const CsvRow& row) { return row.fields.size() == usual; });
        Candidate candidate{marks, typedShare(rows),
                            static_cast<double>(alike) / static_cast<double>(rows.size())};
        try {
            const auto layout = layoutOf(std::move(rows), file, marks.delimiter, header);
            if (layout.rows.empty() || layout.rows.front().fields.size() < 2)
                return {};
            candidate.typed = typedShare(layout.rows);
            candidate.alike = 1;
        } catch (const Error&) {
            candidate.alike = std::min(candidate.alike, 0.999);
        }
        return candidate;
    } catch (const Error&) {
        return {};
    }
}

/// Up to so many bytes tell the delimiter.
constexpr std::size_t kEvidence = std::size_t{2} << 20;

std::string_view evidenceOf(std::string_view text) {
    if (text.size() <= kEvidence)
        return text;
    const auto part = text.substr(0, kEvidence);
    return part.substr(0, part.rfind('\n') + 1);
}

/// Whether fields begin and end with single quotes, and none with double ones.
bool hasSingleQuotes(std::string_view text) {
    const auto first = text.substr(0, text.find_first_of("\r\n"));
    return first.starts_with('\'') && first.find('"') == std::string_view::npos &&
           trimmed(first).ends_with('\'');
}

} // namespace

CsvLayout layoutOf(std::vector<CsvRow> rows, const std::string& file, char delimiter,
                   CsvHeader header) {
    CsvLayout layout{std::move(rows), {}, false, {}};
    leaveOutComments(layout, usualFields(layout.rows));
    if (layout.rows.empty())
        return layout;
    if (header == CsvHeader::Detect)
        takeCounts(layout, usualFields(layout.rows));
    leaveOutEmptyEnd(layout);
    leaveOutRowNames(layout, header);
    requireEqualLength(layout.rows, file, delimiter);
    return layout;
}

bool hasHeader(const std::vector<CsvRow>& rows) {
    const auto& first = rows.front().fields;
    bool mayBe = rows.size() > 1;
    bool repeats = std::set<std::string_view>(first.begin(), first.end()).size() < first.size();
    bool hasNumbersBelow = false;
    bool hasLabels = false; // texts that repeat, below a text of another kind
    bool mayBeNames = true;
    for (std::size_t c = 0; c < first.size(); ++c) {
        const auto below = belowFirst(rows, c);
        const auto& cell = first[c];
        const bool isText = !isMissing(cell) && !isNumberInAnyNotation(cell) &&
                            !hasPictureEnding(cell) && !isTypedCell(cell);
        if (isText && below.isNumeric())
            return true;
        hasNumbersBelow = hasNumbersBelow || below.numbers > 0;
        repeats = repeats || below.repeatsFirst;
        hasLabels = hasLabels || (isText && below.repeatsItself && !below.repeatsFirst);
        mayBeNames = mayBeNames && (isText || cell.empty());
        if (!isText && below.isNumeric() && isNumberInAnyNotation(cell))
            mayBe = false;
    }
    if (mayBeNames && hasNumbersBelow)
        return true;
    // "NA" or nothing above numbers says little; then a text above texts must be a name.
    return mayBe && !repeats && (mayBeNames || hasLabels);
}

CsvMarks detectMarks(std::string_view text, const std::string& file, char delimiter,
                     CsvHeader header) {
    const auto evidence = evidenceOf(text);
    const char quote = hasSingleQuotes(text) ? '\'' : '"';
    if (delimiter != 0)
        return {delimiter, quote};
    std::optional<Candidate> best;
    for (const auto each : kDelimiters) {
        const auto blanks = each == kBlanks ? std::string_view(" \t") : std::string_view(&each, 1);
        if (evidence.find_first_of(blanks) == std::string_view::npos)
            continue;
        const auto found = candidateOf(evidence, file, {each, quote}, header);
        if (!found || (each == kBlanks && found->alike < 1))
            continue;
        // Blanks divide words, too: they need more evidence.
        constexpr double kClearly = 0.05;
        constexpr double kFarBetter = 0.3;
        const double gain = each == kBlanks ? kFarBetter : kClearly;
        const bool isMoreAlike =
            best && found->alike > best->alike && found->typed + kClearly >= best->typed;
        const bool isMoreTyped =
            best && found->alike == best->alike && found->typed > best->typed + gain;
        if (!best || isMoreAlike || isMoreTyped)
            best = found;
    }
    if (best)
        return best->marks;
    const auto first = text.substr(0, text.find_first_of("\r\n"));
    for (const auto each : {',', ';', '\t', '|'})
        if (first.find(each) != std::string_view::npos)
            return {each, quote};
    return {',', quote};
}

char takeSeparatorLine(std::string_view& text) {
    const auto end = std::min(text.find_first_of("\r\n"), text.size());
    auto line = text.substr(0, end);
    if (line.size() >= 2 && line.starts_with('"') && line.ends_with('"'))
        line = line.substr(1, line.size() - 2);
    if (line.size() != 5 || lowerCased(line.substr(0, 4)) != "sep=")
        return 0;
    text.remove_prefix(end);
    return line[4];
}

} // namespace gradwright
