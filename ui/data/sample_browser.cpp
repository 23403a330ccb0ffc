// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/data/sample_browser.h"

#include "ui/data/sample_pictures.h"
#include "ui/drawing/class_menu.h"
#include "ui/forms/param_editor.h"
#include "ui/glossary/explanation.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/search_field.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QAction>
#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QSignalBlocker>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>
#include <utility>

namespace gradwright {
namespace {

constexpr int kTypedSettles = 250; ///< ms
constexpr int kSampleRowHeight = 26;
constexpr int kCellWidth = 110;
constexpr int kBarMargin = 14;
constexpr int kBarGap = 8;
constexpr int kNarrowestBarOfSamples = 300;
constexpr std::size_t kTellEverySamples = 8192; ///< samples that are looked at

/// The samples that were chosen, and what a network makes of them; by loss where that is known.
ShownSamples judged(std::shared_ptr<const Dataset> data, std::vector<SampleId> samples,
                    const SampleVerdicts* verdicts) {
    ShownSamples shown{std::move(data), std::move(samples), {}, {}};
    if (verdicts == nullptr)
        return shown;
    struct Judged {
        SampleId sample;
        float loss;
        std::int32_t predicted;
    };
    std::vector<Judged> all;
    for (const SampleId& sample : shown.samples) {
        const auto found = verdicts->byOrigin.find(verdicts->keyOf(*shown.data, sample));
        if (found == verdicts->byOrigin.end())
            continue;
        const auto& [loss, predicted, label] = found->second;
        const bool isCorrected =
            label >= 0 && sourceOf(*shown.data, sample).label(sample.index) != label;
        all.push_back({sample, isCorrected ? ShownSamples::kCorrected : loss, predicted});
    }
    // Those that have been corrected are done with.
    std::ranges::stable_sort(all, [](const Judged& a, const Judged& b) {
        if (std::isnan(a.loss) || std::isnan(b.loss))
            return !std::isnan(a.loss) && std::isnan(b.loss);
        return a.loss > b.loss;
    });
    shown.samples.clear();
    for (const Judged& each : all) {
        shown.samples.push_back(each.sample);
        shown.losses.push_back(each.loss);
        if (each.predicted >= 0)
            shown.predicted.push_back(each.predicted);
    }
    return shown;
}

} // namespace

SampleBrowser::SampleBrowser(ThemeManager& themes, QWidget* parent)
    : QWidget(parent)
    , pictures_(new SamplePictures(themes, this))
    , part_(new QComboBox)
    , label_(new QComboBox)
    , text_(new QLineEdit)
    , judge_(new QPushButton(tr("Likely wrong first")))
    , draw_(new QToolButton)
    , count_(new QLabel)
    , stack_(new QStackedWidget)
    , tiles_(new TileView(*pictures_, themes))
    , rows_(new QTableView)
    , rowModel_(new RowModel(this)) {
    draw_->setIcon(themes.icon(QStringLiteral("pen")));
    makeRows();
    makeActions();
    makeSearchField(*text_, themes, tr("Find"), tr("Find in the samples"));
    stack_->addWidget(tiles_);
    stack_->addWidget(rows_);
    count_->setObjectName(QStringLiteral("sampleCount"));
    count_->setProperty("textRole", QStringLiteral("muted"));
    count_->setContentsMargins(14, 4, 14, 6);
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(makeBar());
    layout->addWidget(stack_, 1);
    layout->addWidget(count_);
    typed_.setSingleShot(true);
    typed_.setInterval(kTypedSettles);
    connect(&typed_, &QTimer::timeout, this, &SampleBrowser::select);
    connect(tiles_, &TileView::selectionMoved, this, &SampleBrowser::selectionMoved);
}

void SampleBrowser::setDrawing(bool offered, const QString& obstacle) {
    draw_->setVisible(offered);
    draw_->setEnabled(offered && obstacle.isEmpty());
    drawing_->setEnabled(draw_->isEnabled());
    draw_->setToolTip(obstacle.isEmpty() ? tr("Draw samples and add them to these (Ins)")
                                         : obstacle);
    layOutBar();
}

QWidget* SampleBrowser::makeBar() {
    part_->setObjectName(QStringLiteral("samplePart"));
    part_->setAccessibleName(tr("Part"));
    part_->addItem(tr("All parts"), -1);
    for (const DataPart part : {DataPart::Training, DataPart::Validation, DataPart::Test})
        part_->addItem(titleOf(part), static_cast<int>(part));
    label_->setObjectName(QStringLiteral("sampleClass"));
    label_->setAccessibleName(tr("Class"));
    label_->setMinimumWidth(120);
    label_->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    for (QComboBox* const box : {part_, label_})
        leaveWheelToForm(*box);
    text_->setObjectName(QStringLiteral("sampleText"));
    text_->setMinimumWidth(80);
    judge_->setObjectName(QStringLiteral("judgeSamples"));
    judge_->setCheckable(true);
    explain(*judge_, "window/sample-loss",
            tr("Sorts the samples by the loss of the trained network."));
    connect(part_, &QComboBox::currentIndexChanged, this, [this] {
        // Verdicts are those of a part.
        if (judge_->isChecked())
            Q_EMIT verdictsWanted();
        select();
    });
    connect(label_, &QComboBox::currentIndexChanged, this, [this] {
        Q_EMIT labelChosen(label_->currentData().toInt());
        select();
    });
    connect(text_, &QLineEdit::textChanged, &typed_, qOverload<>(&QTimer::start));
    connect(judge_, &QPushButton::clicked, this, [this](bool on) {
        if (on)
            Q_EMIT verdictsWanted();
        else
            setVerdicts(nullptr);
    });
    draw_->setObjectName(QStringLiteral("drawSample"));
    draw_->setAccessibleName(tr("Draw samples"));
    draw_->setIconSize({18, 18});
    connect(draw_, &QToolButton::clicked, this, &SampleBrowser::drawingWanted);
    bar_ = new QWidget;
    upper_ = new QHBoxLayout;
    lower_ = new QHBoxLayout;
    auto* const rows = new QVBoxLayout(bar_);
    rows->setContentsMargins(kBarMargin, 8, kBarMargin, 8);
    rows->setSpacing(0);
    rows->addLayout(upper_);
    rows->addLayout(lower_);
    for (QHBoxLayout* const row : {upper_, lower_})
        row->setSpacing(kBarGap);
    upper_->addWidget(part_);
    upper_->addWidget(label_);
    upper_->addWidget(text_, 1);
    upper_->addWidget(judge_);
    upper_->addWidget(draw_);
    // Else one long row would keep the page from becoming narrow enough for two.
    bar_->setMinimumWidth(kNarrowestBarOfSamples);
    setDrawing(false, {});
    return bar_;
}

void SampleBrowser::layOutBar() {
    int wanted = 2 * kBarMargin + label_->minimumWidth() + text_->minimumWidth();
    int count = 2;
    for (const QWidget* const each : {static_cast<QWidget*>(part_), static_cast<QWidget*>(judge_),
                                      static_cast<QWidget*>(draw_)})
        if (!each->isHidden()) {
            wanted += each->sizeHint().width();
            ++count;
        }
    const bool isOneRow = width() >= wanted + (count - 1) * kBarGap;
    if (isOneRow == (upper_->indexOf(text_) >= 0))
        return;
    QHBoxLayout* const from = isOneRow ? lower_ : upper_;
    QHBoxLayout* const to = isOneRow ? upper_ : lower_;
    for (QWidget* const each : {static_cast<QWidget*>(text_), static_cast<QWidget*>(judge_),
                                static_cast<QWidget*>(draw_)}) {
        from->removeWidget(each);
        to->addWidget(each, each == text_ ? 1 : 0);
    }
    bar_->layout()->setSpacing(isOneRow ? 0 : kBarGap);
}

void SampleBrowser::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    layOutBar();
}

void SampleBrowser::makeActions() {
    const auto made = [this](const QString& text, const char* name, Qt::Key key, auto slot) {
        auto* const action = new QAction(text, tiles_);
        action->setObjectName(QLatin1String(name));
        action->setShortcut(key);
        action->setShortcutContext(Qt::WidgetShortcut);
        connect(action, &QAction::triggered, this, slot);
        return action;
    };
    relabel_ = made(tr("Another class…"), "relabelSample", Qt::Key_F2, &SampleBrowser::chooseClass);
    leaveOut_ = made(tr("Leave out"), "leaveOutSample", Qt::Key_Delete, [this] {
        const auto sample = selected();
        if (!sample)
            return;
        keptPlace_ = selectedPlace();
        Q_EMIT correctionWanted(*sample, {});
    });
    for (QWidget* const view : {static_cast<QWidget*>(tiles_), static_cast<QWidget*>(rows_)})
        view->addActions({relabel_, leaveOut_});
    // Where there is nothing to choose from yet, too.
    drawing_ = new QAction(tr("Draw samples…"), tiles_);
    drawing_->setObjectName(QStringLiteral("drawSamples"));
    drawing_->setShortcut(Qt::Key_Insert);
    drawing_->setShortcutContext(Qt::WidgetShortcut);
    connect(drawing_, &QAction::triggered, this, &SampleBrowser::drawingWanted);
    tiles_->addAction(drawing_);
    setCorrectable(false, false);
}

void SampleBrowser::setCorrectable(bool canLeaveOut, bool canRelabel) {
    leaveOut_->setEnabled(canLeaveOut);
    relabel_->setEnabled(canRelabel);
    for (QWidget* const view : {static_cast<QWidget*>(tiles_), static_cast<QWidget*>(rows_)})
        view->setContextMenuPolicy(canLeaveOut || canRelabel ? Qt::ActionsContextMenu
                                                             : Qt::NoContextMenu);
}

/// The menu takes the first letter of a class as its key.
void SampleBrowser::chooseClass() {
    const auto sample = selected();
    if (!sample || !parts_)
        return;
    auto* const menu = new QMenu(this);
    menu->setObjectName(QStringLiteral("relabelMenu"));
    menu->setAttribute(Qt::WA_DeleteOnClose);
    fillClassMenu(*menu, parts_->data->info.classes,
                  [this, sample, data = parts_->data](const QString& name) {
                      if (!shown_ || shown_->data != data)
                          return; // the data have been read anew
                      if (verdicts_)
                          keptPlace_ = selectedPlace();
                      Q_EMIT correctionWanted(*sample, name);
                  });
    const QAbstractItemView& view = hasImages() ? static_cast<QAbstractItemView&>(*tiles_) : *rows_;
    const QRect cell = view.visualRect(view.currentIndex());
    menu->popup(view.viewport()->mapToGlobal(cell.isValid() ? cell.center() : QPoint(0, 0)));
}

void SampleBrowser::makeRows() {
    rows_->setModel(rowModel_);
    rows_->setObjectName(QStringLiteral("sampleRows"));
    rows_->setAccessibleName(tr("Samples"));
    rows_->setSelectionBehavior(QAbstractItemView::SelectRows);
    rows_->setSelectionMode(QAbstractItemView::SingleSelection);
    rows_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    rows_->setShowGrid(false);
    rows_->setTabKeyNavigation(false);
    rows_->setWordWrap(false);
    rows_->verticalHeader()->hide();
    rows_->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    rows_->verticalHeader()->setMinimumSectionSize(kSampleRowHeight);
    rows_->verticalHeader()->setDefaultSectionSize(kSampleRowHeight);
    auto* const header = rows_->horizontalHeader();
    header->setDefaultSectionSize(kCellWidth);
    header->setStretchLastSection(true);
    header->setHighlightSections(false);
    header->setSectionsClickable(true);
    header->setSortIndicatorShown(true);
    header->setSortIndicator(-1, Qt::AscendingOrder);
    header->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    connect(header, &QHeaderView::sortIndicatorChanged, this, &SampleBrowser::sortBy);
    connect(rows_->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            &SampleBrowser::selectionMoved);
}

bool SampleBrowser::hasImages() const {
    return parts_ && parts_->data->info.input.rank() == 3 && parts_->data->info.columns.empty();
}

void SampleBrowser::setParts(std::shared_ptr<const ReviewedParts> parts, bool areDrawings,
                             bool areCorrected) {
    if (parts == parts_)
        return;
    // Another split, or another scaling, leaves filter and order alone.
    const bool isOther = !parts || !parts_ ||
                         parts->data->info.classes != parts_->data->info.classes ||
                         sampleColumns(*parts->data) != sampleColumns(*parts_->data);
    parts_ = std::move(parts);
    if (isOther || !areCorrected) {
        verdicts_.reset();
        judge_->setChecked(false);
    }
    pictures_->setData(parts_ ? parts_->data : nullptr, areDrawings);
    if (isOther) {
        order_ = {};
        const QSignalBlocker quiet(rows_->horizontalHeader());
        rows_->horizontalHeader()->setSortIndicator(-1, Qt::AscendingOrder);
        fillLabels();
    }
    if (!parts_) {
        jobs_.cancel(std::exchange(job_, 0));
        present(nullptr);
        return;
    }
    stack_->setCurrentWidget(hasImages() ? static_cast<QWidget*>(tiles_) : rows_);
    select();
}

void SampleBrowser::fillLabels() {
    const QSignalBlocker quiet(label_);
    label_->clear();
    label_->addItem(tr("All classes"), -1);
    const bool hasLabels = parts_ && !parts_->counts.classes.empty();
    if (hasLabels)
        for (std::size_t label = 0; label < parts_->data->info.classes.size(); ++label)
            label_->addItem(qstr(parts_->data->info.classes[label]), static_cast<int>(label));
    label_->setVisible(hasLabels);
}

void SampleBrowser::setLabel(int label) {
    label_->setCurrentIndex(std::max(0, label_->findData(label)));
}

int SampleBrowser::label() const {
    return label_->count() == 0 ? -1 : label_->currentData().toInt();
}

DataPart SampleBrowser::part() const {
    const int part = part_->currentData().toInt();
    return part < 0 ? DataPart::Training : static_cast<DataPart>(part);
}

SampleFilter SampleBrowser::filter() const {
    SampleFilter wanted;
    if (const int part = part_->currentData().toInt(); part >= 0)
        wanted.part = static_cast<DataPart>(part);
    if (label() >= 0)
        wanted.label = label();
    wanted.text = text_->text().trimmed().toStdString();
    return wanted;
}

void SampleBrowser::setVerdicts(std::shared_ptr<const SampleVerdicts> verdicts) {
    judge_->setChecked(verdicts != nullptr);
    if (verdicts_ == verdicts)
        return;
    verdicts_ = std::move(verdicts);
    fromTop_ = true;
    select();
}

void SampleBrowser::sortBy(int section, Qt::SortOrder order) {
    // By place in front of sampleColumns(), and by loss in the order that verdicts have anyway.
    const int column = section - RowModel::kOwnColumns;
    order_ = {column < 0 ? -1 : column, order == Qt::DescendingOrder};
    fromTop_ = true;
    if (verdicts_)
        setVerdicts(nullptr);
    else
        select();
}

/// Finds the samples that are wanted.
void SampleBrowser::select() {
    typed_.stop();
    jobs_.cancel(std::exchange(job_, 0));
    if (!parts_)
        return;
    const int job = job_ = jobs_.next();
    auto asked = filter();
    if (verdicts_ && verdicts_->data != parts_->data)
        asked.part.reset(); // a correction moves others from part to part
    jobs_.start([this, job, parts = parts_, wanted = std::move(asked), order = order_,
                 verdicts = verdicts_](const std::stop_token& stop) -> BackgroundJobs::Delivery {
        const auto tell = [this, job](std::size_t done, std::size_t all) {
            if (done > 0 && done % kTellEverySamples == 0)
                jobs_.deliver(job, [this, done, all] {
                    count_->setText(tr("Looking at %1 of %2…")
                                        .arg(fullNumber(static_cast<std::int64_t>(done)),
                                             fullNumber(static_cast<std::int64_t>(all))));
                });
        };
        auto chosen = selectSamples(*parts->data, parts->split, wanted, order, stop, tell);
        if (!chosen)
            return {};
        const auto shown = std::make_shared<const ShownSamples>(
            judged(parts->data, std::move(*chosen), verdicts.get()));
        return [this, shown] {
            job_ = 0;
            present(shown);
        };
    });
}

void SampleBrowser::present(std::shared_ptr<const ShownSamples> shown) {
    const bool fromTop = std::exchange(fromTop_, false) && !wanted_;
    const std::optional<SampleId> before = wanted_ ? wanted_ : selected();
    const bool isCorrected = keptPlace_ && shown && shown_ && shown->data != shown_->data;
    shown_ = std::move(shown);
    tiles_->setSamples(hasImages() ? shown_ : nullptr);
    rowModel_->setSamples(hasImages() ? nullptr : shown_);
    if (!shown_) {
        count_->setText({});
        Q_EMIT selectionMoved();
        Q_EMIT listed();
        return;
    }
    count_->setText(
        tr("%1 of %2")
            .arg(fullNumber(std::ssize(shown_->samples)),
                 countedText(parts_->counts.total(), tr("1 sample"), tr("%1 samples"))));
    // What was chosen stays so where it is still there.
    std::ptrdiff_t place = shown_->samples.empty() ? -1 : 0;
    if (before && !fromTop) {
        const auto found = std::ranges::find(shown_->samples, *before);
        if (found != shown_->samples.end())
            place = found - shown_->samples.begin();
    }
    // Whoever goes down the list goes on where they were.
    if (isCorrected && place >= 0)
        place = std::min<std::ptrdiff_t>(*std::exchange(keptPlace_, {}),
                                         std::ssize(shown_->samples) - 1);
    wanted_.reset();
    if (hasImages())
        tiles_->select(static_cast<int>(place));
    else
        rows_->setCurrentIndex(place < 0 ? QModelIndex()
                                         : rowModel_->index(static_cast<int>(place), 0));
    Q_EMIT selectionMoved();
    Q_EMIT listed();
}

void SampleBrowser::showSample(const SampleId& sample) {
    wanted_ = sample;
    const QSignalBlocker quietPart(part_);
    const QSignalBlocker quietText(text_);
    part_->setCurrentIndex(0);
    text_->clear();
    label_->setCurrentIndex(0);
    select();
}

int SampleBrowser::selectedPlace() const {
    return hasImages() ? tiles_->selected() : rows_->currentIndex().row();
}

std::optional<SampleId> SampleBrowser::selected() const {
    const int place = selectedPlace();
    if (!shown_ || place < 0 || place >= std::ssize(shown_->samples))
        return {};
    return shown_->samples[static_cast<std::size_t>(place)];
}

} // namespace gradwright

#include "moc_sample_browser.cpp"
