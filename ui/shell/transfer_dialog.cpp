// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/transfer_dialog.h"

#include "engine/graph/graph_index.h"
#include "ui/forms/file_dialogs.h"
#include "ui/theme/text.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDialogButtonBox>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

namespace gradwright {
namespace {

constexpr int kTransferWidth = 560;
constexpr double kLeastRate = 0.001;

} // namespace

TransferDialog::TransferDialog(const TransferSource& source, QWidget* window)
    : QDialog(window)
    , data_(new QLineEdit)
    , freeze_(new QComboBox)
    , statistics_(new QCheckBox(tr("Keep the &statistics of frozen batch normalizations")))
    , bodyRate_(new QDoubleSpinBox)
    , note_(new QLabel) {
    setObjectName(QStringLiteral("transfer"));
    setWindowTitle(tr("Use as a starting point"));
    setMinimumWidth(kTransferWidth);
    const auto& network = source.project.network;
    const auto head = lastDense(network);
    auto* const text = new QLabel(tr("A new project with the layers and the weights of %1. The "
                                     "last layer, %2, is made anew for the classes of the data.")
                                      .arg(qstr(source.name), qstr(network.main.find(head)->name)));
    text->setWordWrap(true);
    freeze_->setObjectName(QStringLiteral("freeze"));
    fillLayers(network, head);
    statistics_->setObjectName(QStringLiteral("statistics"));
    statistics_->setChecked(true);
    statistics_->setToolTip(tr("Few samples would shift what many have settled. Without, they "
                               "follow the new data, and features of frozen layers are computed "
                               "anew in each epoch."));
    bodyRate_->setObjectName(QStringLiteral("bodyRate"));
    bodyRate_->setRange(kLeastRate, 1);
    bodyRate_->setDecimals(3);
    bodyRate_->setSingleStep(0.1);
    bodyRate_->setValue(1);
    bodyRate_->setToolTip(tr("Times the learning rate for all layers that learn but the last: "
                             "what was trained before deserves smaller steps"));
    note_->setObjectName(QStringLiteral("note"));
    note_->setWordWrap(true);
    auto* const form = new QFormLayout;
    form->addRow(tr("&Data"), makeData());
    form->addRow(tr("&Freeze"), freeze_);
    form->addRow(QString(), statistics_);
    form->addRow(tr("&Rate of the layers in front"), bodyRate_);
    auto* const buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel);
    buttons->button(QDialogButtonBox::Ok)->setText(tr("Create"));
    buttons->button(QDialogButtonBox::Ok)->setObjectName(QStringLiteral("create"));
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(freeze_, &QComboBox::currentIndexChanged, this, &TransferDialog::showChoice);
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 16, 16, 16);
    layout->setSpacing(12);
    layout->addWidget(text);
    layout->addLayout(form);
    layout->addWidget(note_);
    layout->addWidget(buttons);
    showChoice();
}

QWidget* TransferDialog::makeData() {
    auto* const row = new QWidget;
    data_->setObjectName(QStringLiteral("data"));
    data_->setPlaceholderText(tr("As before"));
    data_->setClearButtonEnabled(true);
    auto* const folder = new QPushButton(tr("Folder…"));
    folder->setObjectName(QStringLiteral("chooseFolder"));
    folder->setToolTip(tr("A folder that holds one folder of images per class"));
    auto* const file = new QPushButton(tr("File…"));
    file->setObjectName(QStringLiteral("chooseFile"));
    for (auto* const button : {folder, file})
        button->setAutoDefault(false);
    const auto take = [this](const QString& path) {
        if (!path.isEmpty())
            data_->setText(path);
    };
    connect(folder, &QPushButton::clicked, this, [this, take] {
        take(askFolder(this, tr("A folder that holds one folder of images per class")));
    });
    connect(file, &QPushButton::clicked, this,
            [this, take] { take(askOpenFile(this, tr("A table, a text or IDX files"))); });
    auto* const layout = new QHBoxLayout(row);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(data_, 1);
    layout->addWidget(folder);
    layout->addWidget(file);
    return row;
}

/// In the order in which data flow; the last one first, since it is what most want.
void TransferDialog::fillLayers(const Network& network, NodeId head) {
    const auto& graph = network.main;
    const auto add = [this](const QString& text, const QString& name) {
        freeze_->addItem(text, name);
    };
    add(tr("All layers in front of %1").arg(qstr(graph.find(head)->name)),
        qstr(graph.find(head)->name));
    const GraphIndex index(graph);
    for (const auto place : index.topologicalOrder()) {
        const auto& node = index.node(place);
        if (node.id != head && countFrozen(network, "", node.id).all > 0)
            add(tr("Up to %1").arg(qstr(node.name)), qstr(node.name));
    }
    add(tr("Nothing: all layers learn"), QString());
}

void TransferDialog::showChoice() {
    const bool isAll = freeze_->currentIndex() == 0;
    const bool isNone = freeze_->currentData().toString().isEmpty();
    statistics_->setEnabled(!isNone);
    bodyRate_->setEnabled(!isAll);
    note_->setText(isAll    ? tr("Only the last layer learns: seconds for a few hundred pictures, "
                                    "whose features are computed once.")
                   : isNone ? tr("With few samples, a smaller rate of the layers in front keeps "
                                 "what they know.")
                            : tr("The layers up to there stay as they are; those behind learn."));
}

TransferOptions TransferDialog::options() const {
    TransferOptions options;
    options.data = data_->text().trimmed().toStdString();
    if (const auto layer = freeze_->currentData().toString(); !layer.isEmpty())
        options.freezeUpTo = layer.toStdString();
    options.statistics =
        statistics_->isChecked() ? FrozenStatistics::Fixed : FrozenStatistics::OfBatch;
    options.bodyRate = bodyRate_->isEnabled() ? bodyRate_->value() : 1;
    return options;
}

} // namespace gradwright

#include "moc_transfer_dialog.cpp"
