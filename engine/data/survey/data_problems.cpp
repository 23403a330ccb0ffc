// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/survey/data_problems.h"

#include "engine/data/catalog.h"
#include "engine/data/images/image_folder.h"
#include "engine/data/images/picture_check.h"
#include "engine/data/survey/column_roles.h"
#include "engine/data/survey/pixel_hint.h"
#include "engine/data/tables/table_columns.h"
#include "engine/support/error.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>
#include <utility>

namespace gradwright {
namespace {

using ProblemKind = DataProblemKind;

constexpr std::size_t kLeastIdRows = 8; ///< fewer say nothing of whether values identify the rows

std::string plural(std::int64_t count, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::vector<std::string> linesOf(const std::vector<std::size_t>& lines) {
    std::vector<std::string> places;
    for (const auto line : lines)
        places.push_back(fmt::format("line {}", line));
    return places;
}

} // namespace

std::string shownShape(const std::string& shape) {
    std::string text;
    for (const char letter : shape)
        text += letter == 'x' ? std::string(" × ") : std::string(1, letter);
    return text;
}

namespace {

class TableReview {
public:
    TableReview(const TableSurvey& survey, const DataChoice& choice)
        : survey_(survey)
        , choice_(choice)
        , rows_(static_cast<std::int64_t>(survey.rows))
        , drops_(Params(dataset(choice.dataset).params, choice.params).text("missing") == "drop")
        , readsPixels_(
              !Params(dataset(choice.dataset).params, choice.params).text("pixels").empty())
        , hint_(pixelHint(survey, choice)) {}

    std::vector<DataProblem> run() {
        if (hint_)
            addPixels(*hint_);
        for (const auto& column : survey_.columns)
            review(column);
        std::ranges::stable_sort(found_, {}, &DataProblem::kind);
        return std::move(found_);
    }

private:
    void review(const ColumnFacts& column) {
        const auto& profile = column.profile;
        const auto role = roleOf(choice_, survey_, profile.name);
        if (role != ColumnRole::LeftOut)
            reviewCase(column, role);
        if (role == ColumnRole::Target) {
            if (profile.missing > 0)
                add(ProblemKind::MissingTarget, column,
                    fmt::format("{} without a target cannot be learned from and left out.",
                                plural(missingIn(column), "row is", "rows are")),
                    linesOf(column.missingLines));
            return;
        }
        if (role == ColumnRole::LeftOut) {
            if (profile.whyUseless == "dates")
                add(ProblemKind::Dates, column,
                    "Dates are left out. Split into year, month and day of the week they can show "
                    "seasons and habits.");
            return;
        }
        reviewInput(column, role);
    }

    void addPixels(const PixelHint& hint) {
        const bool areColours = hint.shape.starts_with("3x");
        auto message = fmt::format(
            "The {} numbers of a row can be the pixels of an image of {}{}. Read as images they "
            "are shown as such, and layers for images see which pixels lie side by side.",
            hint.numbers, shownShape(hint.shape), areColours ? ", channel by channel" : "");
        if (!hint.others.empty())
            message +=
                fmt::format(" {} then left out: {}.",
                            hint.others.size() == 1 ? "Another column is" : "Other columns are",
                            fmt::join(hint.others, ", "));
        found_.push_back({.kind = ProblemKind::Pixels,
                          .count = rows_,
                          .of = rows_,
                          .message = std::move(message)});
    }

    void reviewCase(const ColumnFacts& column, ColumnRole role) {
        if (column.sameButCase.empty())
            return;
        std::vector<std::string> groups;
        for (const auto& group : column.sameButCase)
            groups.push_back(listedGroup(group));
        add(ProblemKind::Case, column,
            fmt::format("{} differ in capital letters alone and are {} of their own{}.",
                        groups.front(), role == ColumnRole::Target ? "classes" : "categories",
                        groups.size() > 1 ? ", and so are others" : ""),
            std::vector(groups.begin() + 1,
                        groups.begin() + static_cast<std::ptrdiff_t>(
                                             std::min(groups.size(), DataProblem::kMostPlaces))));
    }

    void reviewInput(const ColumnFacts& column, ColumnRole role) {
        const auto& profile = column.profile;
        if (profile.distinct < 2) {
            // The border of most images is black in all of them.
            if (readsPixels_ || (hint_ && std::ranges::count(hint_->columns, profile.name) > 0))
                return;
            add(ProblemKind::Constant, column,
                profile.distinct == 0
                    ? std::string("The column holds no value.")
                    : fmt::format("All values are \"{}\", so the column teaches nothing.",
                                  profile.examples.front()));
            return;
        }
        if (role == ColumnRole::Input && isIdentifier(profile))
            add(ProblemKind::Identifier, column,
                fmt::format("The column has {}. A network can memorize the rows by it and learns "
                            "nothing for new ones.",
                            profile.countsRows ? "a number for each row" : profile.whyUseless));
        if (profile.kind == ColumnKind::Mixed)
            add(ProblemKind::Mixed, column,
                fmt::format("In a column of numbers, {}.", profile.whyUseless));
        if (profile.missing > 0 && profile.kind != ColumnKind::Images)
            add(ProblemKind::Missing, column,
                fmt::format("{} of {} have no value here; {}.", profile.missing,
                            plural(rows_, "row", "rows"),
                            drops_ ? "these rows are left out"
                            : profile.kind == ColumnKind::Numbers && role == ColumnRole::Input
                                ? "the column's mean stands in"
                                : "none of the categories is set"),
                linesOf(column.missingLines));
    }

    static bool isIdentifier(const ColumnProfile& profile) {
        return (!profile.whyUseless.empty() || profile.countsRows) &&
               profile.distinct >= kLeastIdRows &&
               (profile.kind == ColumnKind::Numbers || profile.kind == ColumnKind::Texts) &&
               profile.whyUseless != "dates";
    }

    static std::int64_t missingIn(const ColumnFacts& column) {
        return static_cast<std::int64_t>(column.profile.missing);
    }

    void add(ProblemKind kind, const ColumnFacts& column, std::string message,
             std::vector<std::string> places = {}) {
        const bool isOfCells = kind == ProblemKind::Missing || kind == ProblemKind::MissingTarget;
        found_.push_back({.kind = kind,
                          .column = column.profile.name,
                          .count = isOfCells ? missingIn(column) : rows_,
                          .of = rows_,
                          .message = std::move(message),
                          .places = std::move(places)});
    }

    const TableSurvey& survey_;
    const DataChoice& choice_;
    std::int64_t rows_;
    bool drops_;
    bool readsPixels_;
    std::optional<PixelHint> hint_;
    std::vector<DataProblem> found_;
};

constexpr const char* nameOfPart(DataPart part) {
    return part == DataPart::Training ? "training" : part == DataPart::Test ? "test" : "validation";
}

/// "training: line 4 = test: line 17".
std::string placeOfTwins(const Dataset& data, const SampleTwins& twins) {
    constexpr std::size_t shown = 3;
    std::string text;
    for (std::size_t i = 0; i < std::min(shown, twins.samples.size()); ++i)
        text += fmt::format("{}{}: {}", i == 0 ? "" : " = ", nameOfPart(twins.samples[i].part),
                            originOf(data, twins.samples[i]));
    return twins.samples.size() > shown ? text + " …" : text;
}

template <class Wanted>
void takePlaces(DataProblem& problem, const Duplicates& found, const Dataset& data,
                Wanted isWanted) {
    for (const auto& twins : found.groups) {
        if (problem.places.size() == DataProblem::kMostPlaces)
            return;
        if (isWanted(twins)) {
            problem.places.push_back(placeOfTwins(data, twins));
            problem.samples.push_back(twins.samples.back());
        }
    }
}

} // namespace

std::vector<DataProblem> problemsOf(const DataChoice& choice, const KnownData& known) {
    std::vector<DataProblem> all;
    const auto add = [&all](std::vector<DataProblem> some) {
        std::ranges::move(some, std::back_inserter(all));
    };
    if (known.table)
        add(tableProblems(*known.table, choice));
    if (known.data && known.counts) {
        add(folderProblems(choice, known.data->info.classes));
        add(classProblems(*known.counts, known.data->info.classes));
        if (known.duplicates)
            add(sampleProblems(*known.duplicates, *known.data, *known.counts));
    }
    std::ranges::stable_sort(all, {}, &DataProblem::kind);
    return all;
}

std::vector<DataProblem> folderProblems(const DataChoice& choice,
                                        const std::vector<std::string>& classes) {
    if (choice.dataset != "images")
        return {};
    const auto groups = sameButCase(classes);
    if (groups.empty())
        return {};
    DataProblem problem{
        .kind = ProblemKind::Case, .count = std::ssize(groups), .of = std::ssize(classes)};
    problem.message = fmt::format(
        "The folders {} differ in capital letters alone and are classes of their own{}. If they "
        "are one, move the images of one into the other.",
        listedGroup(groups.front()), groups.size() > 1 ? ", and so are others" : "");
    for (std::size_t i = 1; i < std::min(groups.size(), DataProblem::kMostPlaces); ++i)
        problem.places.push_back(listedGroup(groups[i]));
    return {std::move(problem)};
}

std::vector<DataProblem> tableProblems(const TableSurvey& survey, const DataChoice& choice) {
    return TableReview(survey, choice).run();
}

std::vector<DataProblem> classProblems(const PartCounts& counts,
                                       const std::vector<std::string>& classes) {
    const double ratio = counts.imbalance();
    if (counts.classes.size() < 2 || ratio < kUneven)
        return {};
    const auto first = [](const PartNumbers& parts) { return parts.front(); };
    const auto most = std::ranges::max_element(counts.classes, {}, first);
    const auto least = std::ranges::min_element(counts.classes, {}, first);
    const auto nameOf = [&](auto at) {
        return classes.at(static_cast<std::size_t>(at - counts.classes.begin()));
    };
    DataProblem problem{.kind = ProblemKind::Imbalance, .count = first(*least), .of = first(*most)};
    problem.message =
        std::isinf(ratio)
            ? fmt::format("The class \"{}\" does not occur in the training part; \"{}\" has {}.",
                          nameOf(least), nameOf(most), plural(first(*most), "sample", "samples"))
            : fmt::format("The class \"{}\" is {:.3g} times as frequent as \"{}\" ({} and {} "
                          "samples). A network may ignore rare classes and still look accurate.",
                          nameOf(most), ratio, nameOf(least), first(*most), first(*least));
    return {std::move(problem)};
}

std::vector<DataProblem> sampleProblems(const Duplicates& found, const Dataset& data,
                                        const PartCounts& counts) {
    std::vector<DataProblem> problems;
    const auto all = counts.total();
    if (found.unreadable > 0) {
        DataProblem problem{.kind = ProblemKind::Unreadable, .count = found.unreadable, .of = all};
        problem.message =
            fmt::format("{} cannot be read: {}", plural(found.unreadable, "sample", "samples"),
                        found.faults.front().second);
        for (const auto& [sample, fault] : found.faults) {
            problem.places.push_back(originOf(data, sample));
            problem.samples.push_back(sample);
        }
        problems.push_back(std::move(problem));
    }
    if (found.shared > 0) {
        DataProblem problem{.kind = ProblemKind::Shared, .count = found.shared, .of = all};
        problem.message =
            fmt::format("{} of validation and test also stand{} in an earlier part. Figures are "
                        "too good by what the network knows by heart.",
                        plural(found.shared, "sample", "samples"), found.shared == 1 ? "s" : "");
        takePlaces(problem, found, data, [](const auto& twins) { return twins.isShared; });
        problems.push_back(std::move(problem));
    }
    if (found.contradicted > 0) {
        DataProblem problem{
            .kind = ProblemKind::Contradiction, .count = found.contradicted, .of = all};
        problem.message = fmt::format(
            "{} have the same input as others but another {}. No network can be right about all "
            "of them.",
            plural(found.contradicted, "sample", "samples"),
            data.info.hasClasses() ? "class" : "target");
        takePlaces(problem, found, data, [](const auto& twins) { return twins.isContradicted; });
        problems.push_back(std::move(problem));
    }
    if (const auto copies = found.copies - found.shared; copies > 0) {
        DataProblem problem{.kind = ProblemKind::Duplicates, .count = copies, .of = all};
        problem.message = fmt::format("{} repeat{} another one of the same part and count{} twice.",
                                      plural(copies, "sample", "samples"), copies == 1 ? "s" : "",
                                      copies == 1 ? "s" : "");
        takePlaces(problem, found, data, [](const auto& twins) { return !twins.isShared; });
        problems.push_back(std::move(problem));
    }
    return problems;
}

std::vector<DataProblem> imageProblems(const DataChoice& choice) {
    if (choice.dataset != "images")
        return {};
    const Params params(dataset(choice.dataset).params, choice.params);
    if (params.text("unreadable") == "leave_out" || params.text("folder").empty())
        return {};
    std::vector<std::string> files;
    const auto add = [&](const ImageFolder& folder) {
        for (const auto& file : folder.files)
            files.push_back((folder.root / file).string());
    };
    const ImageListing listing{params.text("nested") == "use", params.text("links") == "use",
                               choice.asBefore};
    const auto folder = listImageFolder(params.text("folder"), nullptr, listing);
    add(folder);
    if (!params.text("test_folder").empty())
        add(listImageFolder(params.text("test_folder"), &folder.classes, listing));
    DataProblem problem{.kind = ProblemKind::Unreadable,
                        .of = static_cast<std::int64_t>(files.size())};
    for (const auto& [file, fault] : pictureFaults(files))
        if (fault && static_cast<std::size_t>(++problem.count) <= kMostFaultsListed)
            problem.places.push_back(fmt::format("{}: {}", file, *fault));
    if (problem.count == 0)
        return {};
    problem.message =
        fmt::format("{} of {} cannot be read, so the data cannot be used as they are.",
                    problem.count, plural(problem.of, "image", "images"));
    return {std::move(problem)};
}

} // namespace gradwright
