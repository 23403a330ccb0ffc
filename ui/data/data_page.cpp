// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/data/data_page.h"

#include "engine/data/catalog.h"
#include "engine/data/survey/part_counts.h"
#include "engine/support/error.h"
#include "ui/data/column_details.h"
#include "ui/data/column_table.h"
#include "ui/data/count_bars.h"
#include "ui/data/data_overview.h"
#include "ui/data/data_preview.h"
#include "ui/data/data_review.h"
#include "ui/data/download_dialog.h"
#include "ui/data/problem_list.h"
#include "ui/data/sample_browser.h"
#include "ui/data/sample_details.h"
#include "ui/data/sample_judge.h"
#include "ui/drawing/drawn_set.h"
#include "ui/forms/file_dialogs.h"
#include "ui/session/data_change.h"
#include "ui/session/data_probe.h"
#include "ui/session/training_session.h"
#include "ui/theme/icon_engine.h"
#include "ui/theme/text.h"
#include "ui/theme/theme_manager.h"

#include <QDragEnterEvent>
#include <QFileInfo>
#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QMimeData>
#include <QProgressBar>
#include <QPushButton>
#include <QResizeEvent>
#include <QScrollArea>
#include <QStackedWidget>
#include <QTabBar>
#include <QTableView>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace gradwright {
namespace {

constexpr int kOverviewWidth = 272;
constexpr int kDetailsWidth = 292;
constexpr int kNarrowWidth = 1180; ///< both panels take less
constexpr int kNarrowOverview = 236;
constexpr int kNarrowDetails = 244;
constexpr int kMenuRoom = 48; ///< beside a text, for the sign of a menu

QScrollArea* scrolling(QWidget* widget) {
    auto* const scroll = new QScrollArea;
    scroll->setFocusPolicy(Qt::NoFocus); // what is in it takes the keys
    scroll->setWidget(widget);
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->viewport()->setAutoFillBackground(false);
    widget->setAutoFillBackground(false);
    return scroll;
}

QFrame* sidePanel(const char* role, QWidget* content) {
    auto* const panel = new QFrame;
    panel->setProperty("role", QLatin1String(role));
    auto* const layout = new QVBoxLayout(panel);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(content);
    return panel;
}

} // namespace

DataPage::DataPage(ProjectDocument& document, ThemeManager& themes, TrainingSession& session,
                   DataProbe& probe, QWidget* parent)
    : Page(parent)
    , document_(&document)
    , themes_(&themes)
    , session_(&session)
    , review_(new DataReview(document, probe, this))
    , change_(new DataChange(document, session, this))
    , overview_(new DataOverview(themes))
    , columns_(new ColumnTable(themes))
    , details_(new ColumnDetails(themes))
    , problems_(new ProblemList(themes))
    , samples_(new SampleBrowser(themes))
    , sample_(new SampleDetails(themes))
    , judge_(new SampleJudge(document, this))
    , drawn_(new DrawnSet(document, session, this)) {
    setAcceptDrops(true);
    layOut();
    connectParts();
    connectSamples();
    showSource();
    showLock();
}

void DataPage::connectParts() {
    connect(document_, &ProjectDocument::analysisChanged, this, &DataPage::showAll);
    connect(review_, &DataReview::changed, this, &DataPage::showAll);
    connect(review_, &DataReview::progressed, this, &DataPage::showWork);
    connect(session_, &TrainingSession::stateChanged, this, &DataPage::showLock);
    connect(change_, &DataChange::failed, this, &DataPage::showMessage);
    connect(overview_, &DataOverview::edited, this, &DataPage::change);
    connect(columns_, &ColumnTable::edited, this, &DataPage::change);
    connect(columns_, &ColumnTable::selectionChanged, this, &DataPage::showDetails);
    connect(problems_, &ProblemList::remedyChosen, this, &DataPage::cure);
    connect(problems_, &ProblemList::failureCureWanted, this, &DataPage::findMoved);
    connect(problems_, &ProblemList::columnWanted, this, [this](const std::string& column) {
        showTab(Columns);
        columns_->selectColumn(column);
        columns_->view().setFocus();
    });
}

void DataPage::connectSamples() {
    connect(samples_, &SampleBrowser::selectionMoved, this, &DataPage::showDetails);
    connect(samples_, &SampleBrowser::labelChosen, this, [this](int label) {
        overview_->classes().setChosen(label);
        showMean(label);
    });
    connect(&overview_->classes(), &CountBars::rowChosen, this, [this](int label) {
        showTab(Samples);
        samples_->setLabel(label);
    });
    connect(problems_, &ProblemList::sampleWanted, this, [this](const SampleId& sample) {
        showTab(Samples);
        samples_->showSample(sample);
    });
    connect(sample_, &SampleDetails::augmentationEdited, this, &DataPage::editAugmentation);
    connect(samples_, &SampleBrowser::correctionWanted, this, &DataPage::correctSample);
    connect(samples_, &SampleBrowser::drawingWanted, this, &DataPage::drawSamples);
    connect(drawn_, &DrawnSet::done, this, &Page::hint);
    connect(drawn_, &DrawnSet::failed, this, &DataPage::showMessage);
    connect(document_, &ProjectDocument::filesFailed, this, &DataPage::showMessage);
    connect(samples_, &SampleBrowser::verdictsWanted, this, &DataPage::judge);
    connect(judge_, &SampleJudge::judged, samples_, &SampleBrowser::setVerdicts);
    connect(judge_, &SampleJudge::judged, this,
            [this](const std::shared_ptr<const SampleVerdicts>& verdicts) {
                showProgress();
                Q_EMIT hint(tr("The samples that %1 doubts most come first.").arg(verdicts->model));
            });
    connect(judge_, &SampleJudge::failed, this, [this](const QString& reason) {
        samples_->setVerdicts(nullptr);
        showMessage(reason);
        showProgress();
    });
    connect(judge_, &SampleJudge::progressed, this, [this](std::size_t done, std::size_t all) {
        showWork(tr("Reading the samples"), done, all);
    });
}

void DataPage::layOut() {
    left_ = sidePanel("leftPanel", scrolling(overview_));
    detailStack_ = new QStackedWidget;
    detailStack_->addWidget(scrolling(sample_));
    detailStack_->addWidget(scrolling(details_));
    right_ = sidePanel("rightPanel", detailStack_);
    auto* const row = new QHBoxLayout;
    row->setSpacing(0);
    row->addWidget(left_);
    row->addWidget(makeCenter(), 1);
    row->addWidget(right_);
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(makeHeader());
    layout->addWidget(makeBanner());
    layout->addLayout(row, 1);
    drop_ = new QFrame(this);
    drop_->setObjectName(QStringLiteral("dropZone"));
    auto* const text = new QLabel(tr("Drop a table, a text, IDX files or a folder of images here"));
    text->setProperty("textRole", QStringLiteral("page"));
    text->setAlignment(Qt::AlignCenter);
    text->setWordWrap(true);
    auto* const over = new QVBoxLayout(drop_);
    over->addWidget(text);
    drop_->hide();
}

QWidget* DataPage::makeHeader() {
    auto* const header = new QFrame;
    header->setProperty("role", QStringLiteral("header"));
    name_ = new QLabel;
    name_->setObjectName(QStringLiteral("dataName"));
    name_->setProperty("textRole", QStringLiteral("page"));
    name_->setTextFormat(Qt::PlainText);
    origin_ = new QLabel;
    origin_->setObjectName(QStringLiteral("dataOrigin"));
    origin_->setProperty("textRole", QStringLiteral("muted"));
    origin_->setTextFormat(Qt::PlainText);
    origin_->setMinimumWidth(40);
    origin_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    working_ = new QLabel;
    working_->setProperty("textRole", QStringLiteral("muted"));
    progress_ = new QProgressBar;
    progress_->setObjectName(QStringLiteral("reviewProgress"));
    progress_->setAccessibleName(tr("Data looked at"));
    progress_->setTextVisible(false);
    progress_->setFixedWidth(120);
    cancel_ = new QPushButton(tr("Cancel"));
    cancel_->setObjectName(QStringLiteral("cancelReview"));
    cancel_->setToolTip(tr("Stop looking at the data"));
    connect(cancel_, &QPushButton::clicked, this, [this] {
        judge_->cancel();
        review_->cancel();
        samples_->setVerdicts(nullptr);
        showProgress();
    });
    complete_ = new QPushButton(tr("Check all"));
    complete_->setObjectName(QStringLiteral("completeReview"));
    complete_->setToolTip(tr("Compare all samples; not all of them have been looked at"));
    connect(complete_, &QPushButton::clicked, review_, &DataReview::complete);
    lock_ = new QLabel(tr("Locked while training"));
    lock_->setProperty("textRole", QStringLiteral("muted"));
    replace_ = new QToolButton;
    replace_->setObjectName(QStringLiteral("replaceData"));
    replace_->setText(tr("Replace data"));
    replace_->setProperty("kind", QStringLiteral("chip"));
    replace_->setPopupMode(QToolButton::InstantPopup);
    replace_->setToolTip(tr("Choose other data for this network; they are shown before they are "
                            "used. Files and folders may be dropped on the page, too."));
    replace_->setMenu(new QMenu(replace_));
    replace_->setIcon(themes_->icon(QStringLiteral("open")));
    replace_->setIconSize(iconBesideText(16));
    replace_->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    replace_->setMinimumWidth(fontMetrics().horizontalAdvance(replace_->text()) +
                              replace_->iconSize().width() + kMenuRoom);
    fillReplaceMenu();
    auto* const row = new QHBoxLayout(header);
    row->setContentsMargins(14, 8, 14, 8);
    row->setSpacing(10);
    row->addWidget(name_);
    row->addWidget(origin_, 1);
    for (QWidget* const each :
         std::initializer_list<QWidget*>{working_, progress_, cancel_, complete_, lock_, replace_})
        row->addWidget(each);
    return header;
}

void DataPage::fillReplaceMenu() {
    QMenu& menu = *replace_->menu();
    menu.addAction(themes_->icon(QStringLiteral("open")), tr("A table, a text or IDX files…"), this,
                   [this] { chooseFile(false); });
    menu.addAction(themes_->icon(QStringLiteral("image")), tr("A folder of images…"), this,
                   [this] { chooseFile(true); });
    menu.addAction(tr("Download a known data set…"), this, [this] { download(); });
    menu.addSeparator();
    for (const DatasetDef& def : datasets()) {
        if (!isOfFiles(def))
            menu.addAction(qstr(def.title), this,
                           [this, key = def.key] { openPreview().read(key); });
    }
}

QWidget* DataPage::makeBanner() {
    banner_ = new QFrame;
    banner_->setObjectName(QStringLiteral("dataMessage"));
    message_ = new QLabel;
    message_->setWordWrap(true);
    message_->setTextFormat(Qt::PlainText);
    auto* const close = new QPushButton(tr("Dismiss"));
    connect(close, &QPushButton::clicked, banner_, &QWidget::hide);
    auto* const row = new QHBoxLayout(banner_);
    row->setContentsMargins(14, 8, 12, 8);
    row->addWidget(message_, 1);
    row->addWidget(close);
    const auto dress = [this] {
        const Theme& theme = themes_->theme();
        banner_->setStyleSheet(QStringLiteral("QFrame#dataMessage { background: %1; border: none;"
                                              "border-bottom: 1px solid %2; }")
                                   .arg(theme.errorTint.name(), theme.error.name()));
    };
    dress();
    connect(themes_, &ThemeManager::changed, banner_, dress);
    banner_->hide();
    return banner_;
}

QWidget* DataPage::makeCenter() {
    auto* const center = new QFrame;
    center->setProperty("role", QStringLiteral("panel"));
    tabs_ = new QTabBar;
    tabs_->setObjectName(QStringLiteral("dataTabs"));
    tabs_->setAccessibleName(tr("Parts of the page"));
    tabs_->setExpanding(false);
    tabs_->setDrawBase(false);
    tabs_->addTab(tr("Samples"));
    tabs_->addTab(tr("Columns"));
    tabs_->addTab(tr("Problems"));
    stack_ = new QStackedWidget;
    stack_->addWidget(samples_);
    stack_->addWidget(columns_);
    stack_->addWidget(scrolling(problems_));
    connect(tabs_, &QTabBar::currentChanged, this,
            [this](int tab) { showTab(static_cast<Tab>(tab)); });
    auto* const layout = new QVBoxLayout(center);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(tabs_);
    layout->addWidget(stack_, 1);
    return center;
}

void DataPage::showEvent(QShowEvent* event) {
    Page::showEvent(event);
    review_->setActive(true);
}

void DataPage::hideEvent(QHideEvent* event) {
    Page::hideEvent(event);
    review_->setActive(false);
}

void DataPage::resizeEvent(QResizeEvent* event) {
    Page::resizeEvent(event);
    const bool isNarrow = event->size().width() < kNarrowWidth;
    left_->setFixedWidth(isNarrow ? kNarrowOverview : kOverviewWidth);
    right_->setFixedWidth(isNarrow ? kNarrowDetails : kDetailsWidth);
    drop_->setGeometry(rect());
}

// ---- what is changed

void DataPage::change(const QString& what, const DataChoice& choice) {
    if (isLocked())
        return;
    try {
        change_->make(tr("Change %1").arg(what), choice);
    } catch (const Error& error) {
        showMessage(QString::fromUtf8(error.what()));
        showAll();
    }
}

void DataPage::cure(const DataRemedy& remedy) {
    if (isLocked())
        return;
    try {
        if (remedy.data)
            change_->make(qstr(remedy.title), *remedy.data);
        else if (remedy.training)
            document_->perform(qstr(remedy.title), {SetTraining{*remedy.training}});
    } catch (const Error& error) {
        showMessage(QString::fromUtf8(error.what()));
    }
}

/// The network does not follow: its inputs stay what they are.
void DataPage::editAugmentation(const QString& what, const DataChoice& choice) {
    if (isLocked())
        return;
    try {
        document_->perform(tr("Change %1").arg(what), {SetData{choice}});
    } catch (const Error& error) {
        showMessage(QString::fromUtf8(error.what()));
    }
}

void DataPage::judge() {
    if (!review_->parts())
        return;
    banner_->hide();
    judge_->start(review_->parts(), samples_->part());
    showWork(tr("Reading the samples"), 0, 0);
    showProgress();
}

void DataPage::chooseFile(bool folder) {
    const QString path =
        folder ? askFolder(window(), tr("A folder that holds one folder of images per class"))
               : askOpenFile(window(), tr("A table, a text or IDX files"));
    if (!path.isEmpty())
        offer({path.toStdString()});
}

/// The same data at another place: what was chosen of them stays.
void DataPage::findMoved() {
    if (isLocked())
        return;
    DataChoice choice = document_->project().data;
    const bool isFolder = choice.params.contains("folder");
    auto& place = choice.params[isFolder ? "folder" : "file"];
    const QString name = QFileInfo(qstr(std::get<std::string>(place))).fileName();
    const QString found = isFolder
                              ? askFolder(window(), tr("Where the folder %1 is now").arg(name))
                              : askOpenFile(window(), tr("Where the file %1 is now").arg(name));
    if (found.isEmpty())
        return;
    place = found.toStdString();
    change(tr("place of the data"), choice);
}

void DataPage::offer(const std::vector<std::filesystem::path>& files) {
    openPreview().read(files);
}

void DataPage::download() {
    try {
        auto* const dialog = new DownloadDialog(jobs_, knownSets(), window());
        connect(dialog, &QDialog::accepted, this,
                [this, dialog] { openPreview().read(dialog->title(), *dialog->choice()); });
        dialog->open();
    } catch (const Error& error) {
        showMessage(QString::fromUtf8(error.what()));
    }
}

DataPreview& DataPage::openPreview() {
    auto* const preview = new DataPreview(*themes_, jobs_, document_->project(), window());
    connect(preview, &QDialog::accepted, this,
            [this, preview] { take(*preview->choice(), preview->classWeights()); });
    preview->open();
    return *preview;
}

void DataPage::take(const DataChoice& choice, const std::string& classWeights) {
    if (isLocked()) {
        showMessage(tr("A training has begun meanwhile; stop it to replace the data."));
        return;
    }
    try {
        change_->make(tr("Replace the data"), choice, classWeights);
        banner_->hide();
        Q_EMIT hint(tr("The data are replaced; Undo brings the former ones back."));
    } catch (const Error& error) {
        showMessage(QString::fromUtf8(error.what()));
    }
}

void DataPage::setDropping(bool dropping) {
    const Theme& theme = themes_->theme();
    drop_->setStyleSheet(QStringLiteral("QFrame#dropZone { background: %1; border: 2px dashed %2;"
                                        "border-radius: 10px; }")
                             .arg(theme.selection.name(), theme.focus.name()));
    drop_->setVisible(dropping);
    drop_->raise();
}

void DataPage::dragEnterEvent(QDragEnterEvent* event) {
    const QString file = droppedPath(event->mimeData());
    // A project is opened by the window.
    if (file.isEmpty() || isLocked() || file.endsWith(QStringLiteral(".gradwright")))
        return;
    event->acceptProposedAction();
    setDropping(true);
}

void DataPage::dragLeaveEvent(QDragLeaveEvent* event) {
    setDropping(false);
    Page::dragLeaveEvent(event);
}

void DataPage::dropEvent(QDropEvent* event) {
    setDropping(false);
    const QString file = droppedPath(event->mimeData());
    if (file.isEmpty())
        return;
    event->acceptProposedAction();
    rememberFolder(file);
    // The program that it was dragged from must not wait for an answer.
    QTimer::singleShot(0, this, [this, file] { offer({file.toStdString()}); });
}

} // namespace gradwright

#include "moc_data_page.cpp"
