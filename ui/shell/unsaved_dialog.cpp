// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/unsaved_dialog.h"

#include "engine/exchange/data_program.h"
#include "engine/exchange/onnx_export.h"
#include "engine/io/atomic_file.h"
#include "engine/io/code_formats.h"
#include "engine/project/runs.h"
#include "ui/forms/save_dialog.h"
#include "ui/shell/export_model.h"
#include "ui/shell/network_texts.h"
#include "ui/shell/remove_runs.h"
#include "ui/theme/text.h"

#include <QAction>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QMenu>
#include <QMessageBox>
#include <QPushButton>
#include <QToolButton>
#include <QTreeWidget>
#include <QVBoxLayout>

#include <algorithm>

namespace gradwright {

namespace {

constexpr QSize kUnsavedSize{780, 480};
constexpr int kRoomAround = 80; ///< of the window, that stays in sight
constexpr int kNetworkRow = 28;
constexpr int kExportWidth = 84; ///< with the sign of its menu

enum Column { Name, Runs, Best, Trained, Size, ColumnCount };
constexpr int kNetworkRole = Qt::UserRole;
constexpr int kRunRole = Qt::UserRole + 1;

QString stateOf(const RunSummary& run) {
    if (run.locked)
        return UnsavedDialog::tr("being trained by %1").arg(writerText(run));
    if (run.finished)
        return UnsavedDialog::tr("finished");
    return run.trained ? UnsavedDialog::tr("stopped") : UnsavedDialog::tr("not started");
}

QString epochsText(const RunSummary& run) {
    return run.epochs == 1 ? UnsavedDialog::tr("1 epoch")
                           : UnsavedDialog::tr("%1 epochs").arg(run.epochs);
}

void setRow(QTreeWidgetItem& row, const QStringList& texts) {
    for (int column = 0; column < texts.size(); ++column) {
        row.setText(column, texts[column]);
        if (column != Name && column != Trained)
            row.setTextAlignment(column, Qt::AlignRight | Qt::AlignVCenter);
    }
}

QString sizeText(std::uintmax_t bytes) {
    return byteSize(static_cast<std::int64_t>(bytes));
}

} // namespace

UnsavedDialog::UnsavedDialog(RecentProjects& recent, const ThemeManager& themes, QWidget* window)
    : QDialog(window)
    , recent_(&recent)
    , themes_(&themes)
    , tree_(new QTreeWidget)
    , empty_(new QLabel(tr("There are none. A network that is trained without being saved as a "
                           "project appears here.")))
    , total_(new QLabel)
    , note_(new QLabel) {
    setAttribute(Qt::WA_DeleteOnClose);
    setWindowTitle(tr("Unsaved trained networks"));
    resize(kUnsavedSize.boundedTo(window->size() - QSize(kRoomAround, kRoomAround)));
    auto* const hint = new QLabel(tr("Networks that were trained from a template or a blank canvas "
                                     "and never saved as a project, with all of their runs."));
    hint->setWordWrap(true);
    hint->setProperty("textRole", QStringLiteral("muted"));
    tree_->setObjectName(QStringLiteral("unsaved"));
    tree_->setAccessibleName(windowTitle());
    tree_->setColumnCount(ColumnCount);
    tree_->setHeaderLabels({tr("Network"), tr("Runs"), tr("Best"), tr("Last trained"), tr("Size")});
    tree_->setUniformRowHeights(true);
    tree_->setRootIsDecorated(false);
    tree_->setItemsExpandable(false);
    tree_->setStyleSheet(
        QStringLiteral("QTreeView::item { padding: 0 8px; height: %1px; }").arg(kNetworkRow));
    tree_->setAllColumnsShowFocus(true);
    tree_->header()->setStretchLastSection(false);
    tree_->header()->setSectionResizeMode(QHeaderView::ResizeToContents);
    tree_->header()->setSectionResizeMode(Name, QHeaderView::Stretch);
    for (const int column : {Runs, Best, Size})
        tree_->headerItem()->setTextAlignment(column, Qt::AlignRight | Qt::AlignVCenter);
    empty_->setObjectName(QStringLiteral("nothing"));
    empty_->setProperty("textRole", QStringLiteral("muted"));
    total_->setObjectName(QStringLiteral("total"));
    total_->setProperty("textRole", QStringLiteral("muted"));
    total_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    total_->setWordWrap(true);
    note_->setObjectName(QStringLiteral("note"));
    note_->setProperty("textRole", QStringLiteral("muted"));
    note_->setWordWrap(true);
    note_->setTextFormat(Qt::PlainText);
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 16, 16, 16);
    layout->setSpacing(10);
    layout->addWidget(hint);
    layout->addWidget(empty_);
    layout->addWidget(tree_, 1);
    layout->addWidget(note_);
    layout->addWidget(total_);
    layout->addWidget(makeButtons());
    connect(tree_, &QTreeWidget::currentItemChanged, this, &UnsavedDialog::refreshButtons);
    connect(tree_, &QTreeWidget::itemActivated, open_, &QPushButton::click);
    connect(recent_, &RecentProjects::changed, this, &UnsavedDialog::fill);
    fill();
    recent_->refresh();
    tree_->setFocus();
}

QWidget* UnsavedDialog::makeButtons() {
    auto* const bar = new QWidget;
    auto* const row = new QHBoxLayout(bar);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(8);
    const auto add = [&](const QString& text, const char* name) {
        auto* const button = new QPushButton(text);
        button->setObjectName(QLatin1String(name));
        button->setAutoDefault(false);
        row->addWidget(button);
        return button;
    };
    remove_ = add(tr("Delete…"), "deleteUnsaved");
    row->addStretch();
    auto* const close = add(tr("Close"), "closeUnsaved");
    export_ = new QToolButton;
    export_->setText(tr("Export"));
    export_->setObjectName(QStringLiteral("exportUnsaved"));
    export_->setProperty("kind", QStringLiteral("chip"));
    export_->setPopupMode(QToolButton::InstantPopup);
    export_->setFocusPolicy(Qt::StrongFocus);
    export_->setMinimumWidth(kExportWidth);
    row->addWidget(export_);
    save_ = add(tr("Save as project…"), "saveUnsaved");
    open_ = add(tr("Open"), "openUnsaved");
    open_->setProperty("kind", QStringLiteral("primary"));
    exports_ = new QMenu(this);
    for (const CodeFormat& format : codeFormats())
        exports_->addAction(tr("Network as %1…").arg(qstr(format.title)), this,
                            [this, key = format.key] { exportCode(key); });
    exports_->addAction(tr("Network and weights as ONNX…"), this, &UnsavedDialog::exportModel);
    exportWeights_ =
        exports_->addAction(tr("Weights as safetensors…"), this, &UnsavedDialog::exportWeights);
    export_->setMenu(exports_);
    connect(close, &QPushButton::clicked, this, &QDialog::reject);
    connect(remove_, &QPushButton::clicked, this, &UnsavedDialog::removeChosen);
    connect(open_, &QPushButton::clicked, this, [this] {
        if (const auto [network, run] = chosen(); network)
            Q_EMIT openRequested(std::string(network->project.uuid));
    });
    connect(save_, &QPushButton::clicked, this, [this] {
        if (const auto [network, run] = chosen(); network)
            Q_EMIT saveRequested(std::string(network->project.uuid));
    });
    return bar;
}

void UnsavedDialog::fill() {
    const auto before = chosen();
    const std::string uuid = before.network ? before.network->project.uuid : std::string();
    const auto run = before.run ? before.run->folder : std::filesystem::path();
    networks_ = recent_->networks();
    {
        const QSignalBlocker quiet(tree_);
        tree_->clear();
        qsizetype runs = 0;
        std::uintmax_t bytes = 0;
        for (std::size_t i = 0; i < networks_->size(); ++i) {
            const UnsavedNetwork& network = (*networks_)[i];
            runs += static_cast<qsizetype>(network.runs.size());
            bytes += network.bytes;
            auto* const top = new QTreeWidgetItem(tree_);
            setRow(*top, {qstr(network.project.name), QString::number(network.runs.size()),
                          bestText(network.best()), whenText(localTime(network.time())),
                          sizeText(network.bytes)});
            QFont bold = top->font(Name);
            bold.setWeight(QFont::DemiBold);
            top->setFont(Name, bold);
            top->setIcon(Name, themes_->icon(network.problem.empty() ? QStringLiteral("train")
                                                                     : QStringLiteral("error")));
            top->setData(Name, kNetworkRole, static_cast<int>(i));
            top->setData(Name, kRunRole, -1);
            for (std::size_t j = 0; j < network.runs.size(); ++j) {
                const RunSummary& each = network.runs[j];
                auto* const row = new QTreeWidgetItem(top);
                setRow(*row, {tr("Run %1, %2").arg(network.runs.size() - j).arg(stateOf(each)),
                              epochsText(each), bestText(&each), whenText(localTime(each.time)),
                              sizeText(each.bytes)});
                row->setToolTip(Name, qstr(each.folder.string()));
                row->setData(Name, kNetworkRole, static_cast<int>(i));
                row->setData(Name, kRunRole, static_cast<int>(j));
                if (each.folder == run)
                    tree_->setCurrentItem(row);
            }
            top->setExpanded(true);
            if (run.empty() && network.project.uuid == uuid)
                tree_->setCurrentItem(top);
        }
        if (!tree_->currentItem())
            tree_->setCurrentItem(tree_->topLevelItem(0));
        const bool any = !networks_->empty();
        empty_->setVisible(!any && !recent_->isReading());
        tree_->setVisible(any);
        total_->setVisible(any);
        const auto count = static_cast<qsizetype>(networks_->size());
        total_->setText(tr("%1, %2, %3 in all")
                            .arg(count == 1 ? tr("1 network") : tr("%1 networks").arg(count),
                                 runsText(runs), sizeText(bytes)));
        total_->setToolTip(qstr(unsavedRunsRoot().string()));
    }
    refreshButtons();
}

void UnsavedDialog::choose(const std::string& uuid) {
    for (int i = 0; i < tree_->topLevelItemCount(); ++i)
        if ((*networks_)[static_cast<std::size_t>(i)].project.uuid == uuid)
            tree_->setCurrentItem(tree_->topLevelItem(i));
}

UnsavedDialog::Chosen UnsavedDialog::chosen() const {
    const QTreeWidgetItem* const item = tree_->currentItem();
    if (!item || !networks_)
        return {};
    const auto& network = (*networks_)[item->data(Name, kNetworkRole).toULongLong()];
    const int run = item->data(Name, kRunRole).toInt();
    return {&network, run < 0 ? nullptr : &network.runs[static_cast<std::size_t>(run)]};
}

/// The chosen run, or of a network its best, else its newest.
const RunSummary* UnsavedDialog::weightsRun() const {
    const auto [network, run] = chosen();
    if (!network || run)
        return run;
    const RunSummary* const best = network->best();
    return best ? best : &network->runs.front();
}

void UnsavedDialog::refreshButtons() {
    const auto [network, run] = chosen();
    const bool readable = network && network->problem.empty();
    open_->setEnabled(readable);
    save_->setEnabled(readable);
    export_->setEnabled(readable);
    QString note;
    bool locked = false;
    if (network)
        for (const RunSummary& each : network->runs)
            if (each.locked && (!run || run == &each)) {
                locked = true;
                note = tr("Cannot be deleted: it is being trained by %1.").arg(writerText(each));
            }
    if (network && !network->problem.empty())
        note = tr("Cannot be opened: %1").arg(qstr(network->problem));
    else if (network && !network->missingFile.empty() && note.isEmpty())
        note = tr("Its project file is gone: %1").arg(qstr(network->missingFile.string()));
    remove_->setEnabled(network && !locked);
    remove_->setToolTip(locked ? note : QString());
    note_->setText(note);
    note_->setVisible(!note.isEmpty());
}

void UnsavedDialog::removeChosen() {
    const auto keep = networks_; // they are read again while a question is open
    const auto [network, run] = chosen();
    if (!network)
        return;
    // The last run takes the network along.
    const bool whole = !run || network->runs.size() == 1;
    if (!removeRuns(*this, whole ? removalOf(*network) : removalOf(*network, *run)))
        return;
    Q_EMIT removed(std::string(network->project.uuid));
    recent_->refresh();
}

void UnsavedDialog::exportCode(const std::string& key) {
    const auto keep = networks_;
    const auto [network, run] = chosen();
    if (!network)
        return;
    const CodeFormat& format = codeFormat(key);
    const QString ending = qstr(format.ending);
    const QString file =
        askSaveFile(this, tr("Export as %1").arg(qstr(format.title)),
                    qstr(slugOf(network->project.name)).replace(u'-', u'_') + ending,
                    {tr("Python files (*%1)").arg(ending)}, {ending});
    if (file.isEmpty())
        return;
    try {
        const Project project =
            run ? projectOfRun(RunDirectory::open(run->folder)) : network->project;
        auto program = format.write(project.network);
        if (run) {
            const auto folder = RunDirectory::open(run->folder);
            program = withDataProgram(program, key, dataInfoOfRun(folder),
                                      folder.path().filename().string(), project.network);
        }
        writeFileAtomically(file.toStdString(), std::string_view(program));
        Q_EMIT hint(tr("The network was exported as %1 to %2").arg(qstr(format.title), file));
    } catch (const std::exception& error) {
        QMessageBox::warning(this, windowTitle(), QString::fromUtf8(error.what()));
    }
}

void UnsavedDialog::exportModel() {
    const auto keep = networks_;
    const auto [network, ignored] = chosen();
    const RunSummary* const run = weightsRun();
    if (!run)
        return;
    const auto written =
        exportModelAs(*this, qstr(slugOf(network->project.name)), [&](const OnnxWish& wish) {
            const auto opened = RunDirectory::open(run->folder);
            return exportOnnx(projectOfRun(opened), opened, wish);
        });
    if (!written.file.isEmpty())
        Q_EMIT hint(tr("The network was exported as ONNX to %1").arg(written.file) +
                    changesText(written));
}

void UnsavedDialog::exportWeights() {
    const auto keep = networks_;
    const auto [network, ignored] = chosen();
    const RunSummary* const run = weightsRun();
    if (!run)
        return;
    const QString ending = QStringLiteral(".safetensors");
    const QString file =
        askSaveFile(this, tr("Export weights"), qstr(slugOf(network->project.name)) + ending,
                    {tr("Weights (*%1)").arg(ending)}, {ending});
    if (file.isEmpty())
        return;
    QString problem;
    waitFor([&] {
        try {
            copyFileAtomically(weightsOfRun(RunDirectory::open(run->folder)), file.toStdString());
        } catch (const std::exception& error) {
            problem = QString::fromUtf8(error.what());
        }
    });
    if (problem.isEmpty())
        Q_EMIT hint(tr("The weights were saved as %1").arg(file));
    else
        QMessageBox::warning(this, windowTitle(), problem);
}

void UnsavedDialog::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Delete && remove_->isEnabled())
        removeChosen();
    else
        QDialog::keyPressEvent(event);
}

} // namespace gradwright

#include "moc_unsaved_dialog.cpp"
