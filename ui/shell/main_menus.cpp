// SPDX-License-Identifier: GPL-3.0-or-later
//
// The menus of the main window.
#include "engine/io/code_formats.h"
#include "engine/support/version.h"
#include "ui/design/design_page.h"
#include "ui/formats/formats_dialog.h"
#include "ui/onnx/onnx_window.h"
#include "ui/shell/header_bar.h"
#include "ui/shell/main_window.h"
#include "ui/shell/project_files.h"
#include "ui/shell/recent_projects.h"
#include "ui/shell/status_line.h"
#include "ui/steps/batch_steps.h"
#include "ui/training/train_page.h"

#include <QActionGroup>
#include <QApplication>
#include <QMenu>
#include <QMenuBar>
#include <QMessageBox>
#include <QSettings>
#include <QStackedWidget>

namespace gradwright {

void MainWindow::makeMenus() {
    makeFileMenu();
    addPageActions(PageMenu::Edit, *header_->menus()->addMenu(tr("&Edit")));
    makeViewMenu();
    QMenu* const model = header_->menus()->addMenu(tr("&Model"));
    addPageActions(PageMenu::Model, *model);
    model->addSeparator();
    // One entry: the menu is as long as small screens allow.
    QMenu* const use = model->addMenu(tr("From training to use"));
    use->addAction(tr("Optimize for inference…"), this, &MainWindow::showOptimization);
    use->addAction(tr("Quantize…"), this, &MainWindow::showQuantization);
    use->addAction(tr("Network in other number formats…"), this, [this] {
        auto* const dialog = new FormatsDialog(*themes_, document_, this);
        dialog->showNetwork();
        dialog->show();
    });
    makeRunMenu();
    makeWindowMenu();
    makeHelpMenu();
}

/// What the pages add to one of the menus.
void MainWindow::addPageActions(PageMenu menu, QMenu& to) const {
    for (const Page* const page : pages_)
        for (const Page::Actions& each : page->menuActions())
            if (each.menu == menu)
                (each.submenu.isEmpty() ? &to : to.addMenu(each.submenu))->addActions(each.actions);
}

void MainWindow::makeWindowMenu() {
    QMenu* const menu = header_->menus()->addMenu(tr("&Window"));
    const auto add = [&](const QString& text, const char* icon, const QKeySequence& keys,
                         auto run) {
        QAction* const made = menu->addAction(themes_->icon(QLatin1String(icon)), text);
        made->setShortcut(keys);
        connect(made, &QAction::triggered, this, run);
    };
    add(tr("New window"), "new", QKeySequence(QStringLiteral("Ctrl+Shift+N")),
        [this] { openWindow(); });
    add(tr("Open in new window…"), "open", QKeySequence(QStringLiteral("Ctrl+Shift+O")), [this] {
        if (const QString file = ProjectFiles::ask(*this); !file.isEmpty())
            windowOf(file) != nullptr ? windowOf(file)->bringToFront()
                                      : openWindow().openFile(file);
    });
    add(tr("Close window"), "close", QKeySequence(QStringLiteral("Ctrl+W")), [this] { close(); });
    menu->addSeparator();
    // The other windows come and go.
    auto* const windows = new QActionGroup(this);
    connect(menu, &QMenu::aboutToShow, this, [this, menu, windows] {
        qDeleteAll(windows->actions());
        for (MainWindow* const window : all()) {
            QString title = window->document().displayName();
            QAction* const made =
                menu->addAction(title.replace(QStringLiteral("&"), QStringLiteral("&&")));
            made->setCheckable(true);
            made->setChecked(window == this);
            windows->addAction(made);
            connect(made, &QAction::triggered, window, &MainWindow::bringToFront);
        }
    });
}

void MainWindow::makeHelpMenu() {
    QMenu* const help = header_->menus()->addMenu(tr("&Help"));
    QAction* const commands =
        help->addAction(themes_->icon(QStringLiteral("search")), tr("Find a command…"), this,
                        &MainWindow::showCommands);
    commands->setShortcut(QKeySequence(QStringLiteral("Ctrl+K")));
    QAction* const explain = help->addAction(themes_->icon(QStringLiteral("help")),
                                             tr("What is this?"), this, &MainWindow::explainThis);
    explain->setShortcut(QKeySequence(QStringLiteral("F1")));
    explain->setToolTip(tr("Explain what has the focus, or what the pointer is on"));
    help->addAction(tr("Glossary…"), this, [this] { showGlossary(); });
    help->addAction(tr("Number formats…"), this,
                    [this] { (new FormatsDialog(*themes_, document_, this))->show(); });
    help->addAction(tr("Tour"), this, &MainWindow::startTour);
    QAction* const keys =
        help->addAction(tr("Keys and gestures"), this, &MainWindow::showShortcuts);
    keys->setShortcut(QKeySequence(QStringLiteral("Ctrl+F1")));
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
    add(tr("Open…"), QStringLiteral("open"), QKeySequence(QKeySequence::Open), [this] {
        if (const QString file = ProjectFiles::ask(*this); !file.isEmpty())
            openFile(file);
    });
    add(tr("Import model…"), {}, {}, [this] {
        if (const QString file = ProjectFiles::askModel(*this); !file.isEmpty())
            openFile(file);
    });
    add(tr("Edit ONNX model…"), {}, {}, [this] {
        if (const QString file = OnnxWindow::ask(*this); !file.isEmpty())
            OnnxWindow::openFile(*themes_, file, *this);
    });
    add(tr("Load weights…"), {}, {}, [this] {
        if (const QString file = ProjectFiles::askWeights(*this); !file.isEmpty())
            files_->loadWeights(file);
    });
    add(tr("Use as a starting point…"), {}, {}, [this] { files_->useAsStart(); });
    recentMenu_ = menu->addMenu(tr("Open recent"));
    connect(menu, &QMenu::aboutToShow, this, [this] {
        recent_->refresh();
        fillRecentMenu();
    });
    add(tr("Unsaved trained networks…"), QStringLiteral("train"), {}, [this] { showUnsaved(); });
    menu->addSeparator();
    add(tr("Save"), QStringLiteral("save"), QKeySequence(QKeySequence::Save),
        [this] { files_->save(); });
    add(tr("Save as…"), {}, QKeySequence(QStringLiteral("Ctrl+Shift+S")),
        [this] { files_->saveAs(); });
    QMenu* const exports = menu->addMenu(tr("Export"));
    addPageActions(PageMenu::Export, *exports);
    for (const CodeFormat& format : codeFormats())
        exports->addAction(tr("As %1…").arg(QString::fromStdString(format.title)), this,
                           [this, key = format.key] { files_->exportCode(key); });
    exports->addAction(tr("As C++…"), this, [this] { files_->exportCpp(); });
    exports->addAction(tr("As ONNX…"), this, [this] { files_->exportModel(); });
    menu->addSeparator();
    add(tr("Quit"), {}, QKeySequence(QStringLiteral("Ctrl+Q")),
        [] { QApplication::closeAllWindows(); });
}

void MainWindow::makeViewMenu() {
    QMenu* const menu = header_->menus()->addMenu(tr("&View"));
    for (std::size_t i = 0; i < pages_.size(); ++i) {
        QAction* const made =
            menu->addAction(pages_[i]->title(), this, [this, i] { showPage(*pages_[i]); });
        made->setShortcut(QKeySequence(QStringLiteral("Ctrl+%1").arg(i + 1)));
    }
    menu->addSeparator();
    addPageActions(PageMenu::View, *menu);
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
        // Another window may have changed it.
        connect(themes_, &ThemeManager::changed, made, [this, made, choice] {
            made->setChecked(static_cast<int>(themes_->choice()) == choice);
        });
    }
    fullScreen_ = menu->addAction(tr("Full screen"));
    fullScreen_->setCheckable(true);
    fullScreen_->setShortcut(QKeySequence(QStringLiteral("F11")));
    // A maximized window is so again afterwards.
    connect(fullScreen_, &QAction::triggered, this,
            [this](bool on) { setWindowState(windowState().setFlag(Qt::WindowFullScreen, on)); });
}

/// Of a training that is paused; where none runs, through a batch on the canvas.
void MainWindow::goOneStep() {
    if (session_.state() == TrainingState::Paused) {
        train_->step();
    } else if (session_.isActive()) {
        status_->showHint(tr("Pause the training first (F5), then F10 continues step by step."));
    } else if (document_.project().network.main.nodes().empty()) {
        status_->showHint(tr("Open a network first; F10 then goes through a batch step by step."));
    } else {
        showPage(*design_);
        design_->steps().next();
    }
}

void MainWindow::makeRunMenu() {
    QMenu* const menu = header_->menus()->addMenu(tr("&Run"));
    QAction* const run =
        menu->addAction(themes_->icon(QStringLiteral("play")),
                        tr("Start, pause or resume training"), this, [this] { trainOrPause(); });
    run->setShortcut(QKeySequence(QStringLiteral("F5")));
    QAction* const step =
        menu->addAction(themes_->icon(QStringLiteral("step")), tr("Next step of the training"),
                        this, [this] { goOneStep(); });
    // On the Design page the key goes through a batch step by step.
    const auto chooseKey = [this, step] {
        const bool isDesign = stack_->currentWidget() == design_;
        step->setShortcut(isDesign ? QKeySequence() : QKeySequence(QStringLiteral("F10")));
    };
    connect(stack_, &QStackedWidget::currentChanged, step, chooseKey);
    chooseKey();
    QAction* const stop = menu->addAction(themes_->icon(QStringLiteral("stop")),
                                          tr("Stop training"), this, [this] { train_->stop(); });
    stop->setShortcut(QKeySequence(QStringLiteral("Shift+F5")));
    menu->addSeparator();
    menu->addAction(themes_->icon(QStringLiteral("chip")), tr("Devices…"), this,
                    &MainWindow::showDevices);
    menu->addSeparator();
    addPageActions(PageMenu::Run, *menu);
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

} // namespace gradwright
