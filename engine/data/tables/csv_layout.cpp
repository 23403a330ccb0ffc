// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/csv_layout.h"

#include "engine/data/feed/worker_crew.h"
#include "engine/data/tables/cell.h"
#include "engine/data/tables/column_reading.h"
#include "engine/data/tables/csv_header.h"
#include "engine/support/counted.h"
#include "engine/support/error.h"
#include "engine/support/json.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace gradwright {
namespace {

bool isWholeNumber(std::string_view cell, double value) {
    const auto number = numberOf(cell, ',');
    return number && *number == value;
}

void leaveOutComments(CsvLayout& layout, std::size_t fields) {
    auto& rows = layout.rows;
    if (rows.areAlike())
        return;
    const auto before = rows.size();
    rows.leaveOutRowsIf([&](std::size_t row) {
        return rows.fields(row) != fields && rows.field(row, 0).starts_with('#');
    });
    if (const auto left = before - rows.size(); left > 0)
        layout.notes.push_back(
            fmt::format("{} left out (#)", counted(left, "comment line is", "comment lines are")));
}

/// "150,4,setosa,versicolor,virginica": rows, columns and classes, as scikit-learn's own files
/// begin.
void takeCounts(CsvLayout& layout, std::size_t fields) {
    auto& rows = layout.rows;
    if (rows.size() < 3 || fields < 2)
        return;
    const auto first = rows.fields(0);
    if (first < 2 || !isWholeNumber(rows.field(0, 1), static_cast<double>(fields - 1)))
        return;
    const auto count = rows.field(0, 0);
    const bool isNamed = isWholeNumber(count, static_cast<double>(rows.size() - 2));
    if (!isNamed && !isWholeNumber(count, static_cast<double>(rows.size() - 1)))
        return;
    std::vector<std::string> classes;
    for (std::size_t i = 2; i < first; ++i)
        classes.emplace_back(rows.field(0, i));
    while (!classes.empty() && classes.back().empty())
        classes.pop_back();
    if (std::ranges::any_of(classes, [](const auto& name) { return isTypedCell(name); }) ||
        (first == fields && classes.empty() && first == 2))
        return;
    layout.notes.push_back(
        fmt::format("the first line counts rows and columns{}, and is left out as a row",
                    classes.empty() ? "" : " and names the classes"));
    layout.classes = std::move(classes);
    rows.leaveOutRow(0);
}

/// Whether it holds for all rows but the first.
template <typename Predicate>
bool holdsBelowFirst(const CsvRows& rows, Predicate predicate) {
    for (std::size_t row = 1; row < rows.size(); ++row)
        if (!predicate(row))
            return false;
    return true;
}

/// A delimiter at the end of the first row, of all others, or of all.
void leaveOutEmptyEnd(CsvLayout& layout) {
    auto& rows = layout.rows;
    if (rows.size() < 2)
        return;
    const auto first = rows.fields(0);
    const auto second = rows.fields(1);
    if (!rows.areAlike() &&
        !holdsBelowFirst(rows, [&](std::size_t row) { return rows.fields(row) == second; }))
        return;
    const auto endsEmpty = [&](std::size_t row) { return rows.lastField(row).empty(); };
    const bool endEmpty = holdsBelowFirst(rows, endsEmpty);
    const bool inFirst = first == second + 1 && endsEmpty(0);
    const bool inOthers = second == first + 1 && endEmpty;
    const bool inAll = first == second && first > 2 && endEmpty && endsEmpty(0);
    if (inFirst || inAll)
        rows.leaveOutLastField(0);
    if (inOthers || inAll)
        rows.leaveOutLastFieldBelowFirst();
    if (inFirst || inOthers || inAll)
        layout.notes.emplace_back("the empty last column is left out");
}

/// A first row that is one shorter than all others: R writes names of rows without a name above.
void leaveOutRowNames(CsvLayout& layout, CsvHeader header) {
    auto& rows = layout.rows;
    if (rows.size() < 3 || header == CsvHeader::No || rows.fields(0) < 2)
        return;
    const auto expected = rows.fields(0) + 1;
    if (!holdsBelowFirst(rows, [&](std::size_t row) { return rows.fields(row) == expected; }))
        return;
    // The first row may stand above the table, and the second be its header.
    if (header == CsvHeader::Detect && hasHeader(rows, 1))
        return;
    rows.leaveOutFirstFieldBelowFirst();
    layout.hasRowNames = true;
    layout.notes.emplace_back("the first column has no name above it, as R writes names of rows, "
                              "and is left out");
}

/// Rows that end early, among others that have as many fields as the first one: whoever wrote them
/// left out the delimiters of empty cells at their end. Which cells these are is a guess, so it is
/// told instead of being filled in.
void requireNoShortRows(const CsvRows& rows, const std::string& file, char delimiter) {
    const auto fields = rows.empty() ? 0 : rows.fields(0);
    std::optional<std::size_t> first;
    std::size_t shorter = 0;
    std::size_t lastWhole = 0;
    for (std::size_t row = 1; row < rows.size(); ++row) {
        const auto here = rows.fields(row);
        if (here > fields || 2 * here < fields)
            return; // a note, say
        if (here == fields) {
            lastWhole = row;
            continue;
        }
        first = first.value_or(row);
        ++shorter;
    }
    if (shorter < 2 || lastWhole < *first)
        return; // a single mistake, or what stands below a table
    throw Error("{}, line {}: {}, separated by {}; the first row has {}; {} rows end early: "
                "a cell without a value needs its delimiter, too",
                file, rows.line(*first), counted(rows.fields(*first), "field"),
                nameOfDelimiter(delimiter), fields, shorter);
}

void requireEqualLength(const CsvRows& rows, const std::string& file, char delimiter) {
    if (rows.areAlike())
        return;
    requireNoShortRows(rows, file, delimiter);
    const auto fields = rows.usualFields();
    std::optional<std::size_t> odd; // the first
    std::size_t odds = 0;
    for (std::size_t row = 0; row < rows.size(); ++row)
        if (rows.fields(row) != fields) {
            odd = odd.value_or(row);
            ++odds;
        }
    if (!odd)
        return;
    const auto count = rows.fields(*odd);
    std::string advice;
    if (*odd == 0)
        advice = "; remove what stands above the table";
    else if (rows.size() - *odd == odds)
        advice = "; remove what stands below the table";
    else if (odds > 1)
        advice = fmt::format("; {} rows do not have {}", odds, fields);
    throw Error("{}, line {}: {}, separated by {}; the {} {}{}", file, rows.line(*odd),
                counted(count, "field"), nameOfDelimiter(delimiter),
                *odd == 0 ? "other rows have" : "first row has", fields, advice);
}

/// The share of cells below the first row that are numbers, dates or missing; 0 once it is clear
/// that it is `wanted` at most.
double typedShare(const CsvRows& rows, double wanted = 0) {
    constexpr std::size_t kEnough = 200'000; // cells, from all over the table
    std::size_t typed = 0;
    std::size_t all = 0;
    const auto cells = rows.empty() ? 0 : rows.size() * rows.fields(0);
    const auto distance = 1 + cells / kEnough;
    // All of the cells that are looked at, so that the share cannot be more than was wanted.
    const auto most = (1 - wanted) * (static_cast<double>(cells) / static_cast<double>(distance) +
                                      static_cast<double>(rows.empty() ? 0 : rows.fields(0)));
    enum class Known : char { No, Empty, Typed, Other };
    const auto seen = [](const std::string& text) {
        return text.empty() ? Known::Empty : isTypedCell(text) ? Known::Typed : Known::Other;
    };
    std::vector<std::vector<Known>> known(rows.empty() ? 0 : rows.fields(0)); // by text
    std::unordered_map<std::string, Known> others;                            // of odd rows
    for (std::size_t row = rows.size() > 1 ? 1 : 0; row < rows.size(); row += distance)
        for (std::size_t i = 0; i < rows.fields(row); ++i) {
            auto is = Known::Typed;
            if (const auto code = rows.code(row, i); !code || i >= known.size()) {
                auto& found = others[rows.field(row, i)];
                if (found == Known::No)
                    found = seen(rows.field(row, i));
                is = found;
            } else if (isTextCode(*code)) {
                known[i].resize(rows.texts(i).size());
                auto& found = known[i][textOfCode(*code)];
                if (found == Known::No)
                    found = seen(std::string(rows.texts(i)[textOfCode(*code)]));
                is = found;
            }
            typed += is == Known::Typed ? 1 : 0;
            all += is == Known::Empty ? 0 : 1;
            if (static_cast<double>(all - typed) > most)
                return 0;
        }
    return all == 0 ? 0 : static_cast<double>(typed) / static_cast<double>(all);
}

/// The rows of a text with some marks.
struct Candidate {
    CsvMarks marks;
    CsvRows rows{};   ///< without comments and counts where they are a table
    double alike = 0; ///< share of the rows with the usual number of fields
    double typed = 0; ///< typedShare() of them
};

/// How the text looks with these marks, `typed` left open; of no use where all rows have one field.
std::optional<Candidate> candidateOf(std::string_view text, const std::string& file, CsvMarks marks,
                                     CsvHeader header) {
    try {
        auto rows = readCsvRows(text, file, marks.delimiter, marks.quote);
        const auto usual = rows.usualFields();
        if (usual < 2)
            return {};
        std::size_t alike = 0;
        for (std::size_t row = 0; row < rows.size(); ++row)
            alike += rows.fields(row) == usual ? 1 : 0;
        Candidate candidate{
            marks, {}, static_cast<double>(alike) / static_cast<double>(rows.size())};
        try {
            candidate.rows = layoutOf(std::move(rows), file, marks.delimiter, header).rows;
            if (candidate.rows.empty() || candidate.rows.fields(0) < 2)
                return {};
            candidate.alike = 1;
        } catch (const Error&) {
            candidate.rows = readCsvRows(text, file, marks.delimiter, marks.quote);
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

/// How many single quotes of a line open a field, and how many close one.
std::pair<std::size_t, std::size_t> quotesIn(std::string_view line) {
    constexpr std::string_view kBounds = ",;\t|";
    const auto isBound = [&](std::size_t at) {
        return at >= line.size() || kBounds.find(line[at]) != std::string_view::npos;
    };
    std::pair<std::size_t, std::size_t> counts;
    for (auto at = line.find('\''); at != std::string_view::npos; at = line.find('\'', at + 1)) {
        auto before = at;
        while (before > 0 && line[before - 1] == ' ')
            --before;
        if (before == 0 || isBound(before - 1))
            ++counts.first;
        else if (isBound(std::min(line.find_first_not_of(' ', at + 1), line.size())))
            ++counts.second;
    }
    return counts;
}

/// Whether fields begin and end with single quotes, and none with double ones. Lines in which
/// something else is quoted so ('90s, O'Neill) show that they are apostrophes.
bool hasSingleQuotes(std::string_view text) {
    if (text.find('\'') == std::string_view::npos)
        return false;
    const auto first = text.substr(0, text.find_first_of("\r\n"));
    if (first.starts_with('\'') && first.find('"') == std::string_view::npos &&
        trimmed(first).ends_with('\''))
        return true;
    bool found = false;
    while (!text.empty()) {
        const auto end = std::min(text.find_first_of("\r\n"), text.size());
        const auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.find('"') != std::string_view::npos)
            return false;
        const auto [opening, closing] = quotesIn(line);
        if (opening != closing)
            return false;
        found = found || opening > 0;
    }
    return found;
}

} // namespace

CsvLayout layoutOf(CsvRows rows, const std::string& file, char delimiter, CsvHeader header,
                   bool isAlike) {
    CsvLayout layout{std::move(rows), {}, false, {}};
    leaveOutComments(layout, layout.rows.usualFields());
    if (layout.rows.empty())
        return layout;
    if (header == CsvHeader::Detect || isAlike)
        takeCounts(layout, layout.rows.usualFields());
    leaveOutEmptyEnd(layout);
    leaveOutRowNames(layout, header);
    requireEqualLength(layout.rows, file, delimiter);
    return layout;
}

CsvMarks detectMarks(std::string_view text, const std::string& file, char delimiter,
                     CsvHeader header) {
    const auto evidence = evidenceOf(text);
    const char quote = hasSingleQuotes(evidence) ? '\'' : '"';
    if (delimiter != 0)
        return {delimiter, quote};
    std::array<std::optional<Candidate>, kDelimiters.size()> candidates;
    constexpr std::size_t kBytesForOne = std::size_t{64} << 10;
    WorkerCrew(evidence.size() < kBytesForOne ? 0 : usefulHelpers())
        .run(kDelimiters.size(), [&](std::size_t i) {
            const auto each = kDelimiters[i];
            const bool hasTab = each == kBlanks && evidence.find('\t') != std::string_view::npos;
            if (hasTab || evidence.find(each) != std::string_view::npos)
                candidates[i] = candidateOf(evidence, file, {each, quote}, header);
            if (candidates[i] && each != kBlanks)
                candidates[i]->typed = typedShare(candidates[i]->rows);
        });
    std::optional<Candidate> best;
    for (std::size_t i = 0; i < kDelimiters.size(); ++i) {
        const auto each = kDelimiters[i];
        auto& found = candidates[i];
        if (!found || (each == kBlanks && found->alike < 1))
            continue;
        // Blanks divide words, too: they need more evidence.
        constexpr double kClearly = 0.05;
        constexpr double kFarBetter = 0.3;
        const double gain = each == kBlanks ? kFarBetter : kClearly;
        if (each == kBlanks) // the last ones
            found->typed =
                typedShare(found->rows, best && best->alike == 1 ? best->typed + gain : 0);
        const bool isMoreAlike =
            best && found->alike > best->alike && found->typed + kClearly >= best->typed;
        const bool isMoreTyped =
            best && found->alike == best->alike && found->typed > best->typed + gain;
        if (!best || isMoreAlike || isMoreTyped)
            best = std::move(found);
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
