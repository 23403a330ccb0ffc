// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/table_profile.h"

#include "engine/data/feed/worker_crew.h"
#include "engine/data/tables/cell.h"
#include "engine/data/tables/cell_index.h"
#include "engine/data/tables/image_column.h"
#include "engine/support/counted.h"
#include "engine/support/error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace gradwright {
namespace {

constexpr std::size_t kMostExamples = 6;
/// Fewer rows say nothing about whether their values are a name for each.
constexpr std::size_t kLeastRowsOfIds = 8;
/// Texts that differ in so large a share of the rows are names, not categories.
constexpr double kNamesFrom = 0.9;
/// As for holdsNumbers(): one other text among so many numbers is a mistake.
constexpr std::size_t kNumbersPerMistake = 9;

bool isCalledTarget(const std::string& name) {
    static constexpr std::array<std::string_view, 6> targets = {"target", "label",  "class",
                                                                "y",      "output", "outcome"};
    return std::ranges::find(targets, lowerCased(name)) != targets.end();
}

/// Reads one column.
class ColumnReader {
public:
    ColumnReader(const CsvTable& table, std::size_t column)
        : table_(table)
        , column_(column) {
        found_.name = table.names[column];
    }

    ColumnProfile run() {
        for (std::size_t row = 0; row < table_.rows(); ++row)
            read(row);
        found_.distinct = counted_;
        found_.kind = kind();
        takeExamples();
        found_.whyUseless = whyUseless();
        const auto present = numbers_ + others_;
        found_.countsRows = found_.kind == ColumnKind::Numbers && isWhole_ &&
                            present >= kLeastRowsOfIds && found_.distinct == present &&
                            maximum_ - minimum_ + 1 == static_cast<double>(present) &&
                            (minimum_ == 0 || minimum_ == 1);
        return std::move(found_);
    }

private:
    /// What is known of a text, or of a number as it is written.
    struct Seen {
        std::optional<double> number{};
        std::size_t count = 0; ///< 0 while it is not counted
    };

    void read(std::size_t row) {
        const auto code = table_.cells[column_].code(row);
        if (code == kEmptyCell) {
            ++found_.missing;
            return;
        }
        auto& seen = seenFor(code);
        if (seen.count > 0 || counted_ < ColumnProfile::kMostDistinct || !isMeasured()) {
            counted_ += seen.count == 0 ? 1 : 0;
            ++seen.count;
        }
        if (!seen.number) {
            ++others_;
            return;
        }
        minimum_ = std::min(minimum_, *seen.number);
        maximum_ = std::max(maximum_, *seen.number);
        isWhole_ = isWhole_ && *seen.number == std::floor(*seen.number);
        ++numbers_;
    }

    Seen& seenFor(CellCode code) {
        // A number that has not been counted by now need not be kept.
        if (!isTextCode(code) && counted_ >= ColumnProfile::kMostDistinct && isMeasured()) {
            const auto known = index_.find(code);
            if (known < seen_.size())
                return seen_[known];
            passing_ = {decimalValue(code), 0};
            return passing_;
        }
        const auto canonical = canonicalOf(code);
        const auto index = index_.add(canonical);
        if (index == seen_.size())
            seen_.push_back({numberIn(code), 0});
        return seen_[index];
    }

    /// The first code of a text that may have several.
    [[nodiscard]] CellCode canonicalOf(CellCode code) {
        const auto& cells = table_.cells[column_];
        if (cells.isUnique() || !isTextCode(code))
            return code;
        return firstCodes_.emplace(cells.texts()[textOfCode(code)], code).first->second;
    }

    [[nodiscard]] std::optional<double> numberIn(CellCode code) const {
        if (!isTextCode(code))
            return decimalValue(code);
        if (table_.knowsNumbers(column_))
            return table_.numbers[column_][textOfCode(code)];
        return numberOf(table_.cells[column_].textOf(code), table_.delimiter);
    }

    /// Whether how many more values differ says nothing: numbers that are not all whole, or that
    /// repeat themselves, cannot be a number for each row.
    [[nodiscard]] bool isMeasured() const {
        return others_ == 0 && (!isWhole_ || counted_ < numbers_);
    }

    [[nodiscard]] ColumnKind kind() {
        using enum ColumnReading::Kind;
        const auto read = table_.isRead() ? table_.reading.columns[column_].kind : Texts;
        if (numbers_ + others_ == 0)
            return ColumnKind::Empty;
        if (read == Mixed)
            return ColumnKind::Mixed;
        if (read == Texts && table_.isRead() && table_.reading.columns[column_].isChosen)
            return ColumnKind::Texts;
        if (read == Dates || read == Pixels)
            return ColumnKind::Texts;
        if (others_ == 0) {
            found_.minimum = minimum_;
            found_.maximum = maximum_;
            found_.isWhole = isWhole_;
            return ColumnKind::Numbers;
        }
        if (namesImages(table_, column_, {}))
            return ColumnKind::Images;
        return numbers_ >= kNumbersPerMistake * others_ ? ColumnKind::Mixed : ColumnKind::Texts;
    }

    void takeExamples() {
        std::vector<std::pair<std::size_t, std::string>> all;
        // Only those that are frequent enough are compared by their texts.
        std::vector<std::size_t> counts;
        for (const auto& seen : seen_)
            if (seen.count > 0)
                counts.push_back(seen.count);
        const auto shown = std::min(kMostExamples, counts.size());
        if (shown == 0)
            return;
        std::ranges::nth_element(counts, counts.begin() + static_cast<std::ptrdiff_t>(shown) - 1,
                                 std::greater());
        const auto least = counts[shown - 1];
        for (std::size_t i = 0; i < seen_.size(); ++i)
            if (seen_[i].count >= least && seen_[i].count > 0)
                all.emplace_back(seen_[i].count, table_.cells[column_].textOf(index_.code(i)));
        std::ranges::partial_sort(all, all.begin() + static_cast<std::ptrdiff_t>(shown),
                                  [](const auto& a, const auto& b) {
                                      return a.first != b.first ? a.first > b.first
                                                                : a.second < b.second;
                                  });
        for (std::size_t i = 0; i < shown; ++i)
            found_.examples.push_back(std::move(all[i].second));
    }

    [[nodiscard]] std::string whyUseless() const {
        const auto present = numbers_ + others_;
        switch (found_.kind) {
        case ColumnKind::Empty:
            return "holds no value";
        case ColumnKind::Mixed:
            return fmt::format("{} of {} values are not numbers", others_, present);
        case ColumnKind::Images:
            return {};
        case ColumnKind::Texts:
            if (table_.isRead() && isDateOrPixels())
                return table_.reading.columns[column_].kind == ColumnReading::Kind::Dates ? "dates"
                                                                                          : "";
            return present >= kLeastRowsOfIds && static_cast<double>(found_.distinct) >=
                                                     kNamesFrom * static_cast<double>(present)
                       ? "a different text in nearly every row"
                       : "";
        case ColumnKind::Numbers:
            break;
        }
        const bool isUnique = found_.distinct == present && present >= kLeastRowsOfIds;
        if (!isUnique || !isWhole_)
            return {};
        // As whyLeftOut() has it.
        const bool isNameless = table_.isRead() && table_.reading.columns[column_].isNameless;
        return isNameless || isCalledId(found_.name) ? "a number for each row" : "";
    }

    [[nodiscard]] bool isDateOrPixels() const {
        const auto kind = table_.reading.columns[column_].kind;
        return kind == ColumnReading::Kind::Dates || kind == ColumnReading::Kind::Pixels;
    }

    const CsvTable& table_;
    std::size_t column_;
    ColumnProfile found_;
    CellIndex index_;
    std::vector<Seen> seen_; ///< by the numbers of index_
    Seen passing_;
    std::size_t counted_ = 0; ///< of seen_
    std::unordered_map<std::string_view, CellCode> firstCodes_;
    std::size_t numbers_ = 0;
    std::size_t others_ = 0;
    double minimum_ = std::numeric_limits<double>::infinity();
    double maximum_ = -std::numeric_limits<double>::infinity();
    bool isWhole_ = true;
};

} // namespace

bool isCalledId(const std::string& name) {
    static constexpr std::array<std::string_view, 15> ids = {
        "id", "index",      "idx",    "no",        "no.",        "nr",   "nr.",  "row",
        "#",  "unnamed: 0", "serial", "serial no", "serial no.", "s.no", "s.no."};
    const auto lower = lowerCased(name);
    const bool endsAsId = lower.ends_with("_id") || lower.ends_with(" id") ||
                          lower.ends_with("-id") || name.ends_with("Id") || name.ends_with("ID");
    return endsAsId || std::ranges::find(ids, lower) != ids.end();
}

TableProfile profileOf(const CsvTable& table) {
    TableProfile profile;
    profile.rows = table.rows();
    profile.columns.resize(table.columns());
    constexpr std::size_t kForOne = 100'000; // cells
    WorkerCrew(table.cells.size() < kForOne ? 0 : usefulHelpers())
        .run(table.columns(), [&](std::size_t column) {
            profile.columns[column] = ColumnReader(table, column).run();
        });
    return profile;
}

TableProposal proposalFor(const TableProfile& profile, const std::string& file) {
    TableProposal proposal;
    std::vector<const ColumnProfile*> useful;
    const ColumnProfile* named = nullptr;
    std::size_t targets = 0;
    for (const auto& column : profile.columns) {
        const bool mayBeTarget = column.whyUseless.empty() && column.kind != ColumnKind::Images;
        if (column.whyUseless.empty())
            useful.push_back(&column);
        else
            proposal.ignored.push_back(column.name);
        if (mayBeTarget && isCalledTarget(column.name)) {
            named = &column;
            ++targets;
        }
    }
    const auto last = std::find_if(useful.rbegin(), useful.rend(), [](const ColumnProfile* each) {
        return each->kind != ColumnKind::Images;
    });
    if (last == useful.rend() || useful.size() < 2)
        throw Error("{}: a table needs a column to predict and another one to learn from; of its "
                    "{}, {} can be used",
                    file, counted(profile.columns.size(), "column"), useful.size());
    proposal.target = targets == 1 ? named->name : (*last)->name;
    return proposal;
}

} // namespace gradwright
