// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/main_window.h"

#include "engine/layers/catalog.h"
#include "ui/data/data_page.h"
#include "ui/design/design_page.h"
#include "ui/forms/file_dialogs.h"
#include "ui/glossary/glossary.h"
#include "ui/inference/inference_page.h"
#include "ui/palette/layer_palette.h"
#include "ui/runs/runs_panel.h"
#include "ui/session/compute_probe.h"
#include "ui/session/data_probe.h"
#include "ui/session/run_keeper.h"
#include "ui/shell/command_palette.h"
#include "ui/shell/device_chip.h"
#include "ui/shell/header_bar.h"
#include "ui/shell/interrupted_training.h"
#include "ui/shell/notice_bar.h"
#include "ui/shell/pages.h"
#include "ui/shell/project_files.h"
#include "ui/shell/recent_projects.h"
#include "ui/shell/shortcuts_dialog.h"
#include "ui/shell/status_line.h"
#include "ui/shell/welcome_page.h"
#include "ui/steps/batch_steps.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/text.h"
#include "ui/training/train_page.h"

#include <QApplication>
#include <QCloseEvent>
#include <QDragEnterEvent>
#include <QFileInfo>
#include <QMenuBar>
#include <QMimeData>
#include <QScreen>
#include <QSettings>
#include <QStackedWidget>
#include <QTimer>
#include <QVBoxLayout>

#include <algorithm>
#include <cmath>

namespace gradwright {

namespace {

constexpr QSize kFirstSize{1440, 900};
constexpr QSize kSmallestSize{1024, 700};
constexpr QSize kTitleBar{0, 40}; // what window managers put above, on a screen that is no larger
constexpr int kCascade = 28;      ///< a new window stands so far beside the one before

/// Projects and data.
QStringList filesIn(const QMimeData* data) {
    QStringList files;
    for (const QUrl& url : data->urls())
        if (url.isLocalFile())
            files << url.toLocalFile();
    return files;
}

/// The page of that class, which makePages() makes.
template <class T>
T* pageOf(const std::vector<Page*>& pages) {
    for (Page* const page : pages)
        if (auto* const found = qobject_cast<T*>(page))
            return found;
    return nullptr;
}

QString geometryKey() {
    return QStringLiteral("window/geometry");
}

} // namespace

MainWindow::MainWindow(ThemeManager& themes, std::shared_ptr<TrainingQueue> trainings)
    : themes_(&themes)
    , session_(std::move(trainings))
    , probe_(new DataProbe(document_, this))
    , compute_(new ComputeProbe(document_, session_, this))
    , interrupted_(new InterruptedTraining(document_, session_, this))
    , keeper_(new RunKeeper(document_, session_, this))
    , recent_(new RecentProjects(this))
    , files_(new ProjectFiles(document_, session_, *keeper_, *this))
    , header_(new HeaderBar(document_, themes))
    , status_(new StatusLine(document_, themes))
    , notice_(new NoticeBar(themes))
    , stack_(new QStackedWidget)
    , pages_(makePages({document_, themes, session_, *probe_}))
    , design_(pageOf<DesignPage>(pages_))
    , data_(pageOf<DataPage>(pages_))
    , train_(pageOf<TrainPage>(pages_))
    , inference_(pageOf<InferencePage>(pages_))
    , welcome_(new WelcomePage(themes)) {
    setAcceptDrops(true);
    setMinimumSize(kSmallestSize.boundedTo(screen()->availableSize() - kTitleBar));
    files_->setGuard([this] {
        return std::ranges::all_of(pages_, [](Page* page) { return page->mayLeave(); });
    });
    for (Page* const page : pages_) {
        page->setAccessibleName(page->title());
        stack_->addWidget(page);
        header_->addPage(page->title(), page->icon());
    }
    stack_->addWidget(welcome_);
    auto* const content = new QWidget;
    auto* const layout = new QVBoxLayout(content);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(notice_);
    layout->addWidget(stack_, 1);
    layout->addWidget(status_);
    setCentralWidget(content);
    setMenuWidget(header_);
    themes_->setChoice(
        static_cast<ThemeChoice>(std::clamp(QSettings().value(themeKey(), 0).toInt(), 0, 2)));
    makeMenus();
    connectPages();
    connectUnsaved();
    connectDevices();
    connectAnswering();
    if (!restoreGeometry(QSettings().value(geometryKey()).toByteArray()))
        takeFirstSize();
    refreshTitle();
    showGallery();
}

void MainWindow::takeFirstSize() {
    // A screen on which it would not be whole is used up.
    const QSize room = screen()->availableSize();
    resize(kFirstSize.boundedTo(room));
    if (room.width() <= kFirstSize.width() || room.height() <= kFirstSize.height())
        setWindowState(Qt::WindowMaximized);
}

MainWindow::~MainWindow() {
    // They watch document and session, which are members and would go before them.
    delete takeCentralWidget();
    delete interrupted_;
    delete keeper_;
    delete compute_;
    delete probe_;
}

void MainWindow::connectPages() {
    connect(header_, &HeaderBar::pageChosen, this,
            [this](int page) { showPage(*pages_[static_cast<std::size_t>(page)]); });
    connect(header_, &HeaderBar::trainClicked, this, &MainWindow::trainOrPause);
    connect(&session_, &TrainingSession::stateChanged, this, &MainWindow::refreshHeader);
    connect(&document_, &ProjectDocument::analysisChanged, this, &MainWindow::refreshHeader);
    connect(&document_, &ProjectDocument::changed, status_, [this](ProjectDocument::Changes what) {
        if (what.testFlag(ProjectDocument::ReplacedChange))
            status_->showHint({}); // it was about the project before
    });
    connect(&document_, &ProjectDocument::modifiedChanged, this, &MainWindow::refreshTitle);
    connect(&document_, &ProjectDocument::fileChanged, this, &MainWindow::refreshTitle);
    connect(&document_, &ProjectDocument::autosaveFailed, status_, &StatusLine::showHint);
    connect(header_, &HeaderBar::hint, status_, &StatusLine::showHint);
    header_->device().setGpus(session_.gpus());
    connect(compute_, &ComputeProbe::memoryChanged, status_, &StatusLine::setPlannedMemory);
    connect(compute_, &ComputeProbe::planChanged, &header_->device(), &DeviceChip::setPlan);
    connect(&session_, &TrainingSession::loadChanged, this, [this](const LoadChanged& event) {
        header_->device().setLoad(ComputeLoad{event.threads, event.othersBusy});
    });
    connect(&session_, &TrainingSession::stateChanged, this, [this](TrainingState state) {
        if (state == TrainingState::Preparing) {
            status_->showHint({});                // "Press Start" has been followed
            notice_->withdraw(interruptedOffer_); // something else is trained; the next start asks
        }
        if (!session_.isActive())
            header_->device().setLoad({});
    });
    connect(compute_, &ComputeProbe::calibrated, this,
            [this](const ComputePlan& plan, double samplesPerSecond) {
                status_->showHint(
                    tr("Trains fastest with %1 on this machine: %2 samples per second.")
                        .arg(qstr(toString(plan)), fullNumber(std::llround(samplesPerSecond))));
            });
    connect(interrupted_, &InterruptedTraining::found, this, &MainWindow::offerRun);
    connect(train_, &TrainPage::runProjectWanted, this, &MainWindow::openCopy);
    connect(train_, &TrainPage::startWanted, files_,
            [this](const std::filesystem::path& run) { files_->useAsStart(run); });
    for (Page* const page : pages_) {
        connect(page, &Page::hint, status_, &StatusLine::showHint);
        connect(page, &Page::pageWanted, this, [this, page] { showPage(*page); });
        connect(page, &Page::problemsRequested, this, &MainWindow::showProblems);
        connect(page, &Page::galleryRequested, this, &MainWindow::showGallery);
        connect(page, &Page::dataRequested, this, [this] {
            showPage(*data_);
            data_->showFaults();
        });
    }
    design_->steps().setRunSource([this]() -> std::optional<StepRun> {
        const RunHistory* const run = train_->runs().chosen();
        if (run == nullptr)
            return {};
        return StepRun{qstr(run->name), run->folder};
    });
    connect(train_, &TrainPage::layerChosen, this, [this](const std::string& graph, NodeId node) {
        showPage(*design_);
        design_->showPlace(graph, node);
    });
    connect(status_, &StatusLine::problemsClicked, this, &MainWindow::showProblems);
    connect(files_, &ProjectFiles::hint, status_, &StatusLine::showHint);
    connect(files_, &ProjectFiles::opened, this, [this] { showPage(*design_); });
    // Where its columns are, and Start.
    connect(files_, &ProjectFiles::dataOpened, this, [this] { showPage(*train_); });
    connect(welcome_, &WelcomePage::templateChosen, files_, &ProjectFiles::newFromTemplate);
    connect(welcome_, &WelcomePage::blankChosen, files_, &ProjectFiles::newBlank);
    connect(welcome_, &WelcomePage::openChosen, this, [this] {
        if (const QString file = ProjectFiles::ask(*this); !file.isEmpty())
            openFile(file);
    });
    connect(welcome_, &WelcomePage::leaveWanted, this, [this] {
        if (document_.file() || !document_.project().network.main.nodes().empty())
            showPage(*design_);
    });
    connect(welcome_, &WelcomePage::dataWanted, this, [this](bool folder) {
        if (const QString path = ProjectFiles::askData(*this, folder); !path.isEmpty())
            openFile(path);
    });
    connect(welcome_, &WelcomePage::fileChosen, this, &MainWindow::openFile);
}

QString MainWindow::themeKey() {
    return QStringLiteral("theme");
}

std::vector<MainWindow*> MainWindow::all() {
    std::vector<MainWindow*> windows;
    for (QWidget* const widget : QApplication::topLevelWidgets())
        if (auto* const window = qobject_cast<MainWindow*>(widget); window && window->isVisible())
            windows.push_back(window);
    std::ranges::sort(windows, {},
                      [](MainWindow* window) { return window->document().displayName(); });
    return windows;
}

void MainWindow::bringToFront() {
    if (isMinimized())
        showNormal();
    raise();
    activateWindow();
}

MainWindow& MainWindow::openWindow() {
    auto* const window = new MainWindow(*themes_, session_.queue().shared_from_this());
    window->setAttribute(Qt::WA_DeleteOnClose);
    if (!isMaximized() && !isFullScreen())
        window->move(pos() + QPoint(kCascade, kCascade));
    window->show();
    return *window;
}

/// In a window of its own.
void MainWindow::openCopy(const Project& project) {
    MainWindow& window = openWindow();
    window.document_.openUnsaved(project);
    window.showPage(*window.design_);
}

void MainWindow::showCommands() {
    std::vector<ListedAction> all = actionsOf(*header_->menus());
    auto* const found = new QObject; // goes with the list
    addFindable(all, *found);
    auto* const palette = new CommandPalette(std::move(all), *themes_, this);
    found->setParent(palette);
    palette->show();
}

/// Templates, layers, runs and settings, for those who look for them by name.
void MainWindow::addFindable(std::vector<ListedAction>& list, QObject& owner) {
    const auto add = [&](const QString& menu, const QString& text, const QString& tip, auto run,
                         bool explains = false) {
        auto* const made = new QAction(QString(text).replace(u'&', QStringLiteral("&&")), &owner);
        made->setToolTip(tip);
        connect(made, &QAction::triggered, this, run);
        list.push_back({menu, made, true, explains});
    };
    for (const auto& [key, name] : welcome_->templateNames())
        add(tr("Template"), name, welcome_->tryThis(key),
            [this, key = key] { files_->newFromTemplate(key); });
    for (const LayerDef& layer : layerCatalog())
        if (!layer.insideBlocksOnly)
            add(tr("Add layer"), qstr(layer.title), qstr(layer.doc), [this, key = layer.key] {
                showPage(*design_);
                design_->addLayer(key);
            });
    for (const LayerPalette::Block& block : design_->palettePanel().blocks())
        add(tr("Add block"), block.title, block.toolTip, [this, key = block.key.toStdString()] {
            showPage(*design_);
            design_->addLayer(key);
        });
    for (const RunHistory& run : train_->runs().runs())
        add(tr("Show run"), titleOf(run), {}, [this, folder = run.folder] {
            showPage(*train_);
            train_->runs().choose(folder);
        });
    for (const OfferedSetting& each : train_->settings())
        add(tr("Setting"), qstr(each.title), qstr(each.doc), [this, place = each.place] {
            showPage(*train_);
            train_->showSetting(place);
        });
    for (const GlossaryTerm& term : Glossary::own().terms())
        add(
            tr("Glossary"), qstr(term.title), qstr(term.text),
            [this, key = term.key] { showGlossary(key); }, true);
}

void MainWindow::showShortcuts() {
    auto* const dialog =
        new ShortcutsDialog(actionsOf(*header_->menus()), knownGestures(), *themes_, this);
    dialog->open();
}

void MainWindow::offerRun(const InterruptedRun& run) {
    const auto done = run.history.epochs.size();
    const QString text =
        done == 0 ? tr("The training of %1 was interrupted in the first of %2.")
                        .arg(run.project,
                             countedText(run.history.totalEpochs, tr("1 epoch"), tr("%1 epochs")))
                  : tr("The training of %1 was interrupted after epoch %2 of %3.")
                        .arg(run.project)
                        .arg(done)
                        .arg(run.history.totalEpochs);
    interruptedOffer_ = notice_->offer(
        {text, tr("Resume training"), tr("Not now"), [this, run] { continueRun(run); },
         [run] { InterruptedTraining::forget(run.history.folder); }});
}

void MainWindow::continueRun(const InterruptedRun& run) {
    if (session_.isActive()) {
        status_->showHint(tr("Training is running here; stop it first."));
        offerRun(run);
        return;
    }
    // Where the project is open already, the run is resumed there.
    MainWindow* window = this;
    if (run.projectFile)
        if (MainWindow* const other = windowOf(QString::fromStdString(run.projectFile->string())))
            window = other;
    if (!window->files_->openForRun(run.history.folder, run.projectFile))
        return;
    window->bringToFront();
    window->showPage(*window->train_);
    const auto go = [window, folder = run.history.folder] {
        window->train_->continueRun(window->keeper_->placeOf(folder));
    };
    // A run from before the project was saved is just moving beside its file.
    if (window->keeper_->isMoving())
        connect(window->keeper_, &RunKeeper::settled, window, go, Qt::SingleShotConnection);
    else
        go();
}

void MainWindow::trainOrPause() {
    const bool isEmpty = document_.project().network.main.nodes().empty();
    if (!session_.isActive() && !isEmpty && document_.analysis().hasErrors()) {
        showProblems();
        return;
    }
    showPage(*train_);
    train_->trainOrPause();
}

void MainWindow::showPage(Page& page) {
    const QWidget* const focused = focusWidget();
    const bool isOther = stack_->currentWidget() != &page;
    stack_->setCurrentWidget(&page);
    // Qt would go to the page's first field, into which keys that are meant for the page would be
    // typed. Whoever chose the page in the header by keys stays there.
    if (isOther && (focused == nullptr || stack_->isAncestorOf(focused)))
        page.setFocus();
    header_->setPage(stack_->currentIndex());
    refreshHeader();
}

void MainWindow::showProblems() {
    showPage(*design_);
    design_->showNextProblem();
}

void MainWindow::showGallery() {
    recent_->refresh();
    refreshRecent();
    stack_->setCurrentWidget(welcome_);
    welcome_->beginSearch(); // also where the keyboard was on a card
    header_->setPage(-1);
}

MainWindow* MainWindow::windowOf(const QString& file) {
    for (MainWindow* const window : all())
        if (const auto& open = window->document().file();
            open && QFileInfo(QString::fromStdString(open->string())) == QFileInfo(file))
            return window;
    return nullptr;
}

void MainWindow::openFile(const QString& file) {
    endTour();
    if (MainWindow* const window = windowOf(file); window != nullptr && window != this)
        window->bringToFront();
    else
        files_->openFile(file);
}

void MainWindow::openBeside(const QString& file) {
    const bool empty = !document_.file() && !document_.isModified() &&
                       document_.project().network.main.nodes().empty();
    if (MainWindow* const window = windowOf(file))
        window->bringToFront();
    else
        (empty ? *this : openWindow()).openFile(file);
}

void MainWindow::offerRecovery() {
    files_->offerRecovery(*themes_);
    interrupted_->look();
}

void MainWindow::refreshHeader() {
    const auto errors = std::ranges::count(document_.analysis().diagnostics, Severity::Error,
                                           &Diagnostic::severity);
    header_->setTraining(session_.state(), errors);
}

void MainWindow::refreshTitle() {
    setWindowTitle(document_.displayName() + QStringLiteral("[*] - Gradwright"));
    setWindowModified(document_.isModified());
}

void MainWindow::changeEvent(QEvent* event) {
    QMainWindow::changeEvent(event);
    if (event->type() == QEvent::WindowStateChange && fullScreen_ != nullptr)
        fullScreen_->setChecked(isFullScreen());
    // Another window, or another program, may have trained, saved or deleted something.
    if (event->type() == QEvent::ActivationChange && isActiveWindow() &&
        stack_->currentWidget() == welcome_)
        recent_->refresh();
}

void MainWindow::closeEvent(QCloseEvent* event) {
    if (!files_->mayReplace(ProjectFiles::Leaving::Close)) {
        event->ignore();
        return;
    }
    QSettings().setValue(geometryKey(), saveGeometry());
    event->accept();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
    if (filesIn(event->mimeData()).isEmpty())
        return;
    event->acceptProposedAction();
    welcome_->setDropping(true);
}

void MainWindow::dragLeaveEvent(QDragLeaveEvent* event) {
    welcome_->setDropping(false);
    QMainWindow::dragLeaveEvent(event);
}

void MainWindow::dropEvent(QDropEvent* event) {
    const QStringList files = filesIn(event->mimeData());
    welcome_->setDropping(false);
    if (files.isEmpty())
        return;
    event->acceptProposedAction();
    // The program that they were dragged from must not wait for answers that we may ask for.
    QTimer::singleShot(0, this, [this, files] { takeDropped(files); });
}

} // namespace gradwright

#include "moc_main_window.cpp"
