// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/onnx/port_table.h"

#include "ui/onnx/port_edits.h"
#include "ui/theme/text.h"

#include <QHeaderView>
#include <QKeyEvent>

#include <algorithm>

namespace gradwright {
namespace {

constexpr int kPortRowHeight = 26;
constexpr int kPortNameWidth = 112;
constexpr int kPortTypeWidth = 68;
constexpr int kAxisWidth = 62;

} // namespace

PortModel::PortModel(QObject* parent)
    : QAbstractTableModel(parent) {}

void PortModel::setPorts(const std::vector<OnnxPort>& ports) {
    std::size_t axes = 0;
    for (const auto& port : ports)
        axes = std::max(axes, port.axes.size());
    const bool isAlike = ports.size() == ports_.size() && static_cast<int>(axes) == axes_;
    if (!isAlike)
        beginResetModel();
    ports_ = ports;
    axes_ = static_cast<int>(axes);
    if (!isAlike)
        endResetModel();
    else if (!ports_.empty())
        Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
}

int PortModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(ports_.size());
}

int PortModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : kFirstAxis + axes_;
}

QVariant PortModel::data(const QModelIndex& index, int role) const {
    const OnnxPort& shown = port(index.row());
    const auto axis = static_cast<std::size_t>(std::max(index.column() - kFirstAxis, 0));
    switch (role) {
    case Qt::DisplayRole:
    case Qt::EditRole:
        if (index.column() == kPortName)
            return qstr(shown.name);
        if (index.column() == kPortType)
            return shown.type.empty() ? tr("not said") : qstr(shown.type);
        if (axis < shown.axes.size())
            return axisText(shown.axes[axis]);
        return shown.hasShape || axis > 0 ? QString() : tr("not said");
    case Qt::ToolTipRole:
        if (index.column() == kPortName)
            return qstr(shown.name);
        if (index.column() >= kFirstAxis && axis < shown.axes.size())
            return tr("A length, a name, or ? where any length will do");
        return {};
    case Qt::AccessibleTextRole:
        if (index.column() >= kFirstAxis)
            return tr("Axis %1 of %2: %3")
                .arg(axis)
                .arg(qstr(shown.name),
                     axis < shown.axes.size() ? axisText(shown.axes[axis]) : tr("none"));
        return {};
    default:
        return {};
    }
}

QVariant PortModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    if (section == kPortName)
        return tr("Name");
    return section == kPortType ? tr("Type") : tr("Axis %1").arg(section - kFirstAxis);
}

Qt::ItemFlags PortModel::flags(const QModelIndex& index) const {
    const auto flags = QAbstractTableModel::flags(index);
    const bool isAxis = index.column() >= kFirstAxis &&
                        index.column() - kFirstAxis < std::ssize(port(index.row()).axes);
    return isAxis || index.column() == kPortName ? flags | Qt::ItemIsEditable : flags;
}

/// The document may wait for a thread, which a delegate that closes its editor must not.
bool PortModel::setData(const QModelIndex& index, const QVariant& value, int role) {
    if (role != Qt::EditRole || value.toString() == index.data(Qt::EditRole).toString())
        return false;
    QMetaObject::invokeMethod(
        this,
        [this, row = index.row(), column = index.column(), text = value.toString()] {
            if (row < rowCount() && column < columnCount())
                Q_EMIT typed(row, column, text);
        },
        Qt::QueuedConnection);
    return true;
}

PortTable::PortTable(const QString& name, QWidget* parent)
    : QTableView(parent)
    , model_(new PortModel(this)) {
    setAccessibleName(name);
    setModel(model_);
    setSelectionMode(QAbstractItemView::SingleSelection);
    setEditTriggers(QAbstractItemView::DoubleClicked | QAbstractItemView::EditKeyPressed |
                    QAbstractItemView::AnyKeyPressed);
    setTabKeyNavigation(false);
    setShowGrid(false);
    setWordWrap(false);
    setTextElideMode(Qt::ElideMiddle);
    verticalHeader()->hide();
    verticalHeader()->setDefaultSectionSize(kPortRowHeight);
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    horizontalHeader()->setDefaultSectionSize(kAxisWidth);
    horizontalHeader()->setMinimumSectionSize(40);
}

void PortTable::setPorts(const std::vector<OnnxPort>& ports) {
    const int columns = model_->columnCount();
    model_->setPorts(ports);
    if (columns != model_->columnCount()) {
        setColumnWidth(PortModel::kPortName, kPortNameWidth);
        setColumnWidth(PortModel::kPortType, kPortTypeWidth);
        for (int column = PortModel::kFirstAxis; column < model_->columnCount(); ++column)
            setColumnWidth(column, kAxisWidth);
    }
}

void PortTable::keyPressEvent(QKeyEvent* event) {
    const bool isReturn = event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter;
    if (isReturn && state() != QAbstractItemView::EditingState && currentIndex().isValid() &&
        currentIndex().flags().testFlag(Qt::ItemIsEditable))
        edit(currentIndex());
    else
        QTableView::keyPressEvent(event);
}

} // namespace gradwright

#include "moc_port_table.cpp"
