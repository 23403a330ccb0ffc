// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/main_window.h"

#include "engine/io/code_formats.h"
#include "engine/support/version.h"
#include "ui/design/design_page.h"
#include "ui/inference/inference_page.h"
#include "ui/session/data_probe.h"
#include "ui/shell/command_palette.h"
#include "ui/shell/header_bar.h"
#include "ui/shell/interrupted_training.h"
#include "ui/shell/notice_bar.h"
#include "ui/shell/project_files.h"
#include "ui/shell/shortcuts_dialog.h"
#include "ui/shell/status_line.h"
#include "ui/shell/welcome_page.h"
#include "ui/training/train_page.h"

#include <QActionGroup>
#include <QCloseEvent>
#include <QDragEnterEvent>
#include <QFileInfo>
#include <QMenu>
#include <QMenuBar>
#include <QMessageBox>
#include <QMimeData>
#include <QScreen>
#include <QSettings>
#include <QStackedWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace gradwright {

namespace {

constexpr QSize kFirstSize{1440, 900};
constexpr QSize kSmallestSize{1024, 700};

QString projectOf(const QMimeData* data) {
    for (const QUrl& url : data->urls())
        if (url.isLocalFile() && url.fileName().endsWith(QStringLiteral(".gradwright")))
            return url.toLocalFile();
    return {};
}

QString geometryKey() {
    return QStringLiteral("window/geometry");
}

QString themeKey() {
    return QStringLiteral("theme");
}

} // namespace

MainWindow::MainWindow(ThemeManager& themes)
    : themes_(&themes)
    , probe_(new DataProbe(document_, this))
    , interrupted_(new InterruptedTraining(document_, session_, this))
    , files_(new ProjectFiles(document_, *this))
    , header_(new HeaderBar(document_, themes))
    , status_(new StatusLine(document_, themes))
    , notice_(new NoticeBar(themes))
    , pages_(new QStackedWidget)
    , design_(new DesignPage(document_, themes))
    , train_(new TrainPage(document_, themes, session_))
    , inference_(new InferencePage(document_, themes, session_))
    , welcome_(new WelcomePage(themes)) {
    setAcceptDrops(true);
    setMinimumSize(kSmallestSize);
    for (QWidget* const page : std::initializer_list<QWidget*>{design_, train_, inference_})
        pages_->addWidget(page);
    pages_->addWidget(welcome_);
    header_->addPage(tr("Design"), QStringLiteral("design"));
    header_->addPage(tr("Train"), QStringLiteral("train"));
    header_->addPage(tr("Inference"), QStringLiteral("inference"));
    auto* const content = new QWidget;
    auto* const layout = new QVBoxLayout(content);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(notice_);
    layout->addWidget(pages_, 1);
    layout->addWidget(status_);
    setCentralWidget(content);
    setMenuWidget(header_);
    themes_->setChoice(
        static_cast<ThemeChoice>(std::clamp(QSettings().value(themeKey(), 0).toInt(), 0, 2)));
    makeMenus();
    connectPages();
    if (!restoreGeometry(QSettings().value(geometryKey()).toByteArray()))
        takeFirstSize();
    refreshTitle();
    showGallery();
}

void MainWindow::takeFirstSize() {
    resize(kFirstSize);
    // A screen on which it would not be whole is used up.
    const QSize room = screen()->availableSize();
    if (room.width() <= kFirstSize.width() || room.height() <= kFirstSize.height())
        setWindowState(Qt::WindowMaximized);
}

MainWindow::~MainWindow() {
    // They watch document and session, which are members and would go before them.
    delete takeCentralWidget();
    delete interrupted_;
    delete probe_;
}

void MainWindow::connectPages() {
    connect(header_, &HeaderBar::pageChosen, this,
            [this](int page) { showPage(static_cast<Page>(page)); });
    connect(header_, &HeaderBar::trainClicked, this, &MainWindow::trainOrPause);
    connect(&session_, &TrainingSession::stateChanged, this, &MainWindow::refreshHeader);
    connect(&document_, &ProjectDocument::analysisChanged, this, &MainWindow::refreshHeader);
    connect(&document_, &ProjectDocument::modifiedChanged, this, &MainWindow::refreshTitle);
    connect(&document_, &ProjectDocument::fileChanged, this, &MainWindow::refreshTitle);
    connect(&document_, &ProjectDocument::autosaveFailed, status_, &StatusLine::showHint);
    connect(header_, &HeaderBar::hint, status_, &StatusLine::showHint);
    connect(interrupted_, &InterruptedTraining::found, this, &MainWindow::offerRun);
    connect(design_, &DesignPage::hint, status_, &StatusLine::showHint);
    const auto toProblems = [this] {
        showPage(Design);
        design_->showNextProblem();
    };
    connect(status_, &StatusLine::problemsClicked, this, toProblems);
    connect(train_, &TrainPage::problemsRequested, this, toProblems);
    connect(files_, &ProjectFiles::hint, status_, &StatusLine::showHint);
    connect(files_, &ProjectFiles::opened, this, [this] { showPage(Design); });
    connect(welcome_, &WelcomePage::templateChosen, files_, &ProjectFiles::newFromTemplate);
    connect(welcome_, &WelcomePage::blankChosen, files_, &ProjectFiles::newBlank);
    connect(welcome_, &WelcomePage::openChosen, files_, &ProjectFiles::open);
    connect(welcome_, &WelcomePage::fileChosen, files_, &ProjectFiles::openFile);
}

void MainWindow::makeMenus() {
    makeFileMenu();
    header_->menus()->addMenu(tr("&Edit"))->addActions(design_->editActions());
    makeViewMenu();
    header_->menus()->addMenu(tr("&Model"))->addActions(design_->modelActions());
    makeRunMenu();
    makeHelpMenu();
}

void MainWindow::makeHelpMenu() {
    QMenu* const help = header_->menus()->addMenu(tr("&Help"));
    QAction* const commands =
        help->addAction(themes_->icon(QStringLiteral("search")), tr("Find a command…"), this,
                        &MainWindow::showCommands);
    commands->setShortcut(QKeySequence(QStringLiteral("Ctrl+K")));
    QAction* const keys =
        help->addAction(themes_->icon(QStringLiteral("help")), tr("Keys and gestures"), this,
                        &MainWindow::showShortcuts);
    keys->setShortcut(QKeySequence(QStringLiteral("F1")));
    help->addSeparator();
    help->addAction(tr("About Gradwright"), this, [this] {
        QMessageBox::about(this, tr("About Gradwright"),
                           tr("<b>Gradwright %1</b><br>Design, train and use neural networks by "
                              "sight.<br>Free software under the GNU GPL, version 3 or later.")
                               .arg(QString::fromLatin1(kVersion)));
    });
}

void MainWindow::makeFileMenu() {
    QMenu* const menu = header_->menus()->addMenu(tr("&File"));
    const auto add = [&](const QString& text, const QString& icon, const QKeySequence& keys,
                         auto run) {
        QAction* const made = menu->addAction(themes_->icon(icon), text);
        made->setShortcut(keys);
        connect(made, &QAction::triggered, this, run);
    };
    add(tr("New from template…"), QStringLiteral("new"), QKeySequence(QKeySequence::New),
        [this] { showGallery(); });
    add(tr("New blank project"), QStringLiteral("plus"), {}, [this] { files_->newBlank(); });
    add(tr("Open…"), QStringLiteral("open"), QKeySequence(QKeySequence::Open),
        [this] { files_->open(); });
    QMenu* const recent = menu->addMenu(tr("Open recent"));
    connect(menu, &QMenu::aboutToShow, recent, [this, recent] {
        recent->clear();
        for (const QString& file : ProjectFiles::recent())
            recent->addAction(file, this, [this, file] { files_->openFile(file); });
        recent->setEnabled(!recent->isEmpty());
    });
    menu->addSeparator();
    add(tr("Save"), QStringLiteral("save"), QKeySequence(QKeySequence::Save),
        [this] { files_->save(); });
    add(tr("Save as…"), {}, QKeySequence(QStringLiteral("Ctrl+Shift+S")),
        [this] { files_->saveAs(); });
    QMenu* const exports = menu->addMenu(tr("Export"));
    for (const CodeFormat& format : codeFormats())
        exports->addAction(tr("As %1…").arg(QString::fromStdString(format.title)), this,
                           [this, key = format.key] { files_->exportCode(key); });
    menu->addSeparator();
    add(tr("Quit"), {}, QKeySequence(QStringLiteral("Ctrl+Q")), [this] { close(); });
}

void MainWindow::makeViewMenu() {
    QMenu* const menu = header_->menus()->addMenu(tr("&View"));
    const QStringList titles = {tr("Design"), tr("Train"), tr("Inference")};
    for (int page = 0; page < PageCount; ++page) {
        QAction* const made = menu->addAction(titles[page], this,
                                              [this, page] { showPage(static_cast<Page>(page)); });
        made->setShortcut(QKeySequence(QStringLiteral("Ctrl+%1").arg(page + 1)));
    }
    menu->addSeparator();
    menu->addActions(design_->viewActions());
    menu->addSeparator();
    QMenu* const looks = menu->addMenu(tr("Theme"));
    auto* const group = new QActionGroup(this);
    const QStringList names = {tr("As the system"), tr("Dark"), tr("Light")};
    for (int choice = 0; choice < names.size(); ++choice) {
        QAction* const made = looks->addAction(names[choice]);
        made->setCheckable(true);
        made->setChecked(static_cast<int>(themes_->choice()) == choice);
        group->addAction(made);
        connect(made, &QAction::triggered, this, [this, choice] {
            themes_->setChoice(static_cast<ThemeChoice>(choice));
            QSettings().setValue(themeKey(), choice);
        });
    }
    QAction* const full = menu->addAction(tr("Full screen"));
    full->setCheckable(true);
    full->setShortcut(QKeySequence(QStringLiteral("F11")));
    connect(full, &QAction::toggled, this,
            [this](bool on) { on ? showFullScreen() : showNormal(); });
}

void MainWindow::makeRunMenu() {
    QMenu* const menu = header_->menus()->addMenu(tr("&Run"));
    QAction* const run = menu->addAction(themes_->icon(QStringLiteral("play")),
                                         tr("Train or pause"), this, [this] { trainOrPause(); });
    run->setShortcut(QKeySequence(QStringLiteral("F5")));
    QAction* const step = menu->addAction(themes_->icon(QStringLiteral("step")), tr("One step"),
                                          this, [this] { train_->step(); });
    step->setShortcut(QKeySequence(QStringLiteral("F10")));
    QAction* const stop = menu->addAction(themes_->icon(QStringLiteral("stop")), tr("Stop"), this,
                                          [this] { train_->stop(); });
    stop->setShortcut(QKeySequence(QStringLiteral("Shift+F5")));
    connect(menu, &QMenu::aboutToShow, this, [this, step, stop] {
        step->setEnabled(session_.state() == TrainingState::Paused);
        stop->setEnabled(session_.isActive());
    });
    connect(menu, &QMenu::aboutToHide, this, [step, stop] {
        // Their shortcuts decide for themselves.
        step->setEnabled(true);
        stop->setEnabled(true);
    });
}

void MainWindow::showCommands() {
    auto* const palette = new CommandPalette(actionsOf(*header_->menus()), *themes_, this);
    palette->show();
}

void MainWindow::showShortcuts() {
    auto* const dialog = new ShortcutsDialog(actionsOf(*header_->menus()), knownGestures(), this);
    dialog->open();
}

void MainWindow::offerRun(const InterruptedRun& run) {
    const auto done = run.history.epochs.size();
    notice_->offer(
        tr("The training of %1 was cut off after epoch %2 of %3.")
            .arg(run.project)
            .arg(done)
            .arg(run.history.totalEpochs),
        tr("Continue training"),
        [this, run] {
            if (session_.isActive() || !files_->openForRun(run.history.folder, run.projectFile))
                return;
            showPage(Train);
            train_->continueRun(run.history.folder);
        },
        [run] { InterruptedTraining::forget(run.history.folder); });
}

void MainWindow::trainOrPause() {
    if (!session_.isActive() && document_.analysis().hasErrors()) {
        showPage(Design);
        design_->showNextProblem();
        return;
    }
    showPage(Train);
    train_->trainOrPause();
}

void MainWindow::showPage(Page page) {
    pages_->setCurrentIndex(page);
    header_->setPage(page);
    refreshHeader();
}

void MainWindow::showGallery() {
    welcome_->setRecent(ProjectFiles::recent());
    pages_->setCurrentWidget(welcome_);
    header_->setPage(-1);
}

void MainWindow::openFile(const QString& file) {
    files_->openFile(file);
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

void MainWindow::closeEvent(QCloseEvent* event) {
    if (!files_->mayReplace()) {
        event->ignore();
        return;
    }
    QSettings().setValue(geometryKey(), saveGeometry());
    event->accept();
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
    if (!projectOf(event->mimeData()).isEmpty())
        event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent* event) {
    const QString file = projectOf(event->mimeData());
    if (file.isEmpty())
        return;
    event->acceptProposedAction();
    files_->openFile(file);
}

} // namespace gradwright
