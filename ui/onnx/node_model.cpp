// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/onnx/node_model.h"

#include "ui/theme/text.h"

#include <algorithm>

namespace gradwright {
namespace {

QString joined(const std::vector<std::string>& names) {
    QStringList texts;
    for (const auto& name : names)
        texts << (name.empty() ? QStringLiteral("–") : qstr(name));
    return texts.join(QStringLiteral(", "));
}

} // namespace

QString valueText(const OnnxOutline& outline, std::string_view value) {
    const auto* const port = outline.portOf(value);
    if (port == nullptr)
        return {};
    return port->hasShape ? qstr(port->type) + u' ' + qstr(onnxShapeText(*port)) : qstr(port->type);
}

NodeModel::NodeModel(const OnnxOutline& outline, QObject* parent)
    : QAbstractTableModel(parent)
    , outline_(&outline) {}

void NodeModel::reset() {
    beginResetModel();
    rows_ = static_cast<int>(outline_->nodes.size());
    endResetModel();
}

int NodeModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : rows_;
}

int NodeModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : kNodeColumns;
}

QString NodeModel::text(const OnnxOutline::Node& node, int column) const {
    switch (column) {
    case kTitle:
        return qstr(node.title());
    case kOperator:
        return node.domain.empty() ? qstr(node.op) : qstr(node.domain) + u'.' + qstr(node.op);
    case kReads:
        return joined(node.inputs);
    case kMakes:
        return joined(node.outputs);
    default:
        return node.outputs.empty() ? QString() : valueText(*outline_, node.outputs.front());
    }
}

QVariant NodeModel::data(const QModelIndex& index, int role) const {
    // A step replaces the outline before it says so.
    if (index.row() >= std::ssize(outline_->nodes))
        return {};
    if (role == Qt::DisplayRole || role == Qt::ToolTipRole) {
        const QString shown = text(node(index.row()), index.column());
        return index.column() == kShape && shown.isEmpty() && role == Qt::DisplayRole
                   ? QStringLiteral("?")
                   : shown;
    }
    return {};
}

QVariant NodeModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole)
        return {};
    switch (section) {
    case kTitle:
        return tr("Node");
    case kOperator:
        return tr("Operator");
    case kReads:
        return tr("Reads");
    case kMakes:
        return tr("Makes");
    default:
        return tr("Shape");
    }
}

NodeFilter::NodeFilter(NodeModel& nodes, QObject* parent)
    : QSortFilterProxyModel(parent)
    , nodes_(&nodes) {
    setSourceModel(&nodes);
}

void NodeFilter::setTyped(const QString& typed) {
    words_ = typed.split(u' ', Qt::SkipEmptyParts);
    invalidateFilter();
}

bool NodeFilter::filterAcceptsRow(int row, const QModelIndex& parent) const {
    return std::ranges::all_of(words_, [&](const QString& word) {
        for (int column = 0; column < NodeModel::kNodeColumns; ++column)
            if (nodes_->index(row, column, parent)
                    .data()
                    .toString()
                    .contains(word, Qt::CaseInsensitive))
                return true;
        return false;
    });
}

} // namespace gradwright

#include "moc_node_model.cpp"
