// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/data/data_overview.h"

#include "engine/data/catalog.h"
#include "ui/data/count_bars.h"
#include "ui/data/data_label.h"
#include "ui/data/split_bar.h"
#include "ui/forms/data_text.h"
#include "ui/forms/section.h"
#include "ui/theme/shown_text.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QGridLayout>
#include <QLabel>
#include <QStyle>
#include <QVBoxLayout>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace gradwright {
namespace {

constexpr std::size_t kMostClassBars = 100;
constexpr int kMeanSide = 140; ///< px

} // namespace

bool hasOwnTestPart(const DataChoice& choice) {
    const Params params(dataset(choice.dataset).params, choice.params);
    if (!params.has("test_fraction"))
        return true;
    for (const char* const key : {"test_file", "test_folder"})
        if (params.has(key) && !params.text(key).empty())
            return true;
    return false;
}

DataOverview::DataOverview(ThemeManager& themes, QWidget* parent)
    : QWidget(parent)
    , status_(dataLabel("dataSummary", "muted"))
    , notes_(dataLabel("dataReadingNotes", "caption"))
    , parts_(new Section(tr("Parts"), themes))
    , split_(new SplitBar(themes))
    , splitNote_(dataLabel("splitNote", "caption"))
    , classesSection_(new Section(tr("Classes"), themes))
    , classes_(new CountBars(themes))
    , classesNote_(dataLabel("classesNote", "caption"))
    , meanSection_(new Section(tr("Mean image"), themes))
    , mean_(new QLabel)
    , meanText_(dataLabel("meanText", "caption")) {
    auto* const samples = new Section(tr("Samples"), themes);
    samples->add(status_);
    samples->add(notes_);
    addParts(themes);
    parts_->explainBy("window/parts");
    classes_->setObjectName(QStringLiteral("classCounts"));
    classes_->setAccessibleName(tr("Samples of each class"));
    classesSection_->add(classes_);
    classesSection_->add(classesNote_);
    classesSection_->explainBy("window/class-counts");
    classes_->setChoosable(true);
    mean_->setObjectName(QStringLiteral("meanImage"));
    meanSection_->add(mean_);
    meanSection_->add(meanText_);
    meanSection_->hide();
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    for (QWidget* const section : {samples, parts_, classesSection_, meanSection_})
        layout->addWidget(section);
    layout->addStretch(1);
    connect(split_, &SplitBar::validationChosen, this, &DataOverview::chooseValidation);
    connect(split_, &SplitBar::testChosen, this, &DataOverview::chooseTest);
}

void DataOverview::addParts(ThemeManager& themes) {
    split_->setObjectName(QStringLiteral("splitBar"));
    split_->setAccessibleName(tr("Parts of the samples"));
    parts_->add(split_);
    auto* const grid = new QWidget;
    auto* const rows = new QGridLayout(grid);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->setHorizontalSpacing(8);
    rows->setVerticalSpacing(2);
    rows->setColumnStretch(1, 1);
    const std::array titles{tr("Training"), tr("Validation"), tr("Test")};
    static constexpr std::array<QColor Theme::*, kDataParts> colours{
        &Theme::training, &Theme::validation, &Theme::run3};
    for (std::size_t part = 0; part < kDataParts; ++part) {
        auto* const mark = new QLabel;
        mark->setFixedSize(10, 10);
        const auto dress = [mark, &themes, colour = colours.at(part)] {
            mark->setStyleSheet(QStringLiteral("background: %1; border-radius: 2px;")
                                    .arg((themes.theme().*colour).name()));
        };
        dress();
        connect(&themes, &ThemeManager::changed, mark, dress);
        rows_.at(part) = {new QLabel(titles.at(part)), new QLabel, new QLabel};
        auto& [name, share, count] = rows_.at(part);
        share->setProperty("textRole", QStringLiteral("muted"));
        count->setObjectName(QStringLiteral("partCount/%1").arg(part));
        const int row = static_cast<int>(part);
        rows->addWidget(mark, row, 0);
        rows->addWidget(name, row, 1);
        rows->addWidget(share, row, 2, Qt::AlignRight);
        rows->addWidget(count, row, 3, Qt::AlignRight);
    }
    parts_->add(grid);
    parts_->add(splitNote_);
}

void DataOverview::setData(const ProjectDocument& document,
                           const std::shared_ptr<const ReviewedParts>& parts) {
    choice_ = document.project().data;
    const std::string& problem = document.dataProblem();
    const bool isProblem = !problem.empty();
    const auto& info = document.dataInfo();
    status_->setText(isProblem ? qstr(problem).section(u'\n', 0, 0)
                     : info    ? dataText(*info)
                               : tr("Reading…"));
    status_->setProperty("textRole", isProblem ? QStringLiteral("error") : QStringLiteral("muted"));
    status_->style()->unpolish(status_);
    status_->style()->polish(status_);
    QStringList notes;
    for (const std::string& note : document.dataNotes())
        notes << qstr(note);
    notes_->setText(notes.join(u'\n'));
    notes_->setVisible(!notes.isEmpty());
    showParts(parts);
}

void DataOverview::showParts(const std::shared_ptr<const ReviewedParts>& parts) {
    parts_->setVisible(parts != nullptr);
    classesSection_->setVisible(parts != nullptr && !parts->counts.classes.empty());
    // The border stays where it was dragged until the new parts are there.
    if (std::exchange(shown_, parts) == parts || parts == nullptr)
        return;
    const PartCounts& counts = parts->counts;
    const bool isFixed = hasOwnTestPart(choice_);
    split_->setCounts(counts.samples, isFixed);
    const auto all = std::max<std::int64_t>(1, counts.total());
    for (std::size_t part = 0; part < kDataParts; ++part) {
        const double share =
            100 * static_cast<double>(counts.samples.at(part)) / static_cast<double>(all);
        rows_.at(part).share->setText(QStringLiteral("%1 %").arg(share, 0, 'f', 1));
        rows_.at(part).count->setText(fullNumber(counts.samples.at(part)));
    }
    parts_->setNote(tr("seed %1").arg(choice_.splitSeed));
    splitNote_->setText(
        isFixed ? tr("The data bring their own test part; it is never trained on.")
        : counts.classes.empty()
            ? tr("Drag the borders to change the parts.")
            : tr("Each class in proportion. Drag the borders to change the parts."));
    const auto& names = parts->data->info.classes;
    std::vector<CountBars::Row> rows;
    for (std::size_t label = 0; label < std::min(kMostClassBars, counts.classes.size()); ++label)
        rows.push_back({qstr(names[label]), counts.ofClass(label)});
    classes_->setRows(std::move(rows));
    classesSection_->setNote(fullNumber(static_cast<std::int64_t>(counts.classes.size())));
    const double ratio = counts.imbalance();
    classesNote_->setText(
        counts.classes.size() > kMostClassBars
            ? tr("… and %1 more classes").arg(counts.classes.size() - kMostClassBars)
        : std::isinf(ratio)
            ? tr("A class does not occur in the training part.")
            : tr("Largest %1 × smallest, in the training part").arg(plainNumber(ratio, 3)));
}

void DataOverview::setLocked(bool locked) {
    split_->setLocked(locked);
}

void DataOverview::showMean(const QImage& image, const QString& text) {
    meanSection_->setVisible(!image.isNull());
    if (image.isNull())
        return;
    mean_->setPixmap(QPixmap::fromImage(image.scaled(
        kMeanSide, kMeanSide, Qt::KeepAspectRatio,
        std::max(image.width(), image.height()) < kMeanSide ? Qt::FastTransformation
                                                            : Qt::SmoothTransformation)));
    mean_->setAccessibleName(text);
    meanText_->setText(text);
}

void DataOverview::chooseValidation(double share) {
    DataChoice choice = choice_;
    choice.validationFraction = share;
    Q_EMIT edited(tr("split"), choice);
}

void DataOverview::chooseTest(double share) {
    DataChoice choice = choice_;
    choice.params.insert_or_assign("test_fraction", share);
    Q_EMIT edited(tr("split"), choice);
}

} // namespace gradwright

#include "moc_data_overview.cpp"
