// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/refused_nodes.h"

#include "engine/exchange/onnx_model.h"
#include "ui/theme/text.h"

#include <QApplication>
#include <QClipboard>
#include <QDialogButtonBox>
#include <QFileInfo>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

namespace gradwright {
namespace {

constexpr QSize kRefusedSize{760, 420};
constexpr int kNodeWidth = 240;
constexpr int kOperatorWidth = 150;

} // namespace

RefusedNodesDialog::RefusedNodesDialog(const QString& file,
                                       const std::vector<OnnxProblem>& problems, QWidget* window)
    : QDialog(window) {
    setObjectName(QStringLiteral("refusedNodes"));
    setWindowTitle(tr("Import model"));
    resize(kRefusedSize.boundedTo(window->size() - QSize(80, 80)));
    const bool isOfNodes = isOnnxName(file.toStdString());
    auto* const text = new QLabel(
        (isOfNodes ? tr("%1 cannot be opened: no layer computes %n of its nodes as the model has "
                        "them.",
                        nullptr, static_cast<int>(problems.size()))
                   : tr("%1 cannot be opened: no layer computes %n of its layers as the model has "
                        "them.",
                        nullptr, static_cast<int>(problems.size())))
            .arg(QFileInfo(file).fileName()));
    text->setWordWrap(true);
    auto* const list = new QTreeWidget;
    list->setObjectName(QStringLiteral("nodes"));
    list->setAccessibleName(isOfNodes ? tr("Nodes") : tr("Layers"));
    list->setHeaderLabels({isOfNodes ? tr("Node") : tr("Layer"),
                           isOfNodes ? tr("Operator") : tr("Class"), tr("Reason")});
    list->setRootIsDecorated(false);
    list->setUniformRowHeights(true);
    list->setTextElideMode(Qt::ElideLeft); // names begin alike
    list->setSelectionMode(QAbstractItemView::ExtendedSelection);
    for (const auto& problem : problems) {
        auto* const item =
            new QTreeWidgetItem({qstr(problem.node), qstr(problem.op), qstr(problem.reason)});
        for (int column = 0; column < item->columnCount(); ++column)
            item->setToolTip(column, item->text(column));
        list->addTopLevelItem(item);
    }
    list->setColumnWidth(0, kNodeWidth);
    list->setColumnWidth(1, kOperatorWidth);
    list->header()->setStretchLastSection(true);
    auto* const buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    QPushButton* const copy = buttons->addButton(tr("Copy"), QDialogButtonBox::ActionRole);
    copy->setObjectName(QStringLiteral("copyNodes"));
    connect(copy, &QPushButton::clicked, this,
            [lines = qstr(problemLines(problems))] { QApplication::clipboard()->setText(lines); });
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 16, 16, 16);
    layout->setSpacing(12);
    layout->addWidget(text);
    layout->addWidget(list, 1);
    layout->addWidget(buttons);
}

} // namespace gradwright

#include "moc_refused_nodes.cpp"
