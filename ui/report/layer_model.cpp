// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/report/layer_model.h"

#include "ui/glossary/explanation.h"
#include "ui/glossary/glossary.h"
#include "ui/theme/text.h"

namespace gradwright {

namespace {

bool isNumber(int column) {
    return column >= LayerModel::Parameters;
}

} // namespace

void LayerModel::setRows(std::vector<LayerRow> rows) {
    beginResetModel();
    rows_ = std::move(rows);
    sums_ = {};
    for (const LayerRow& row : rows_)
        for (int column = Parameters; column < ColumnCount; ++column)
            sums_.at(static_cast<std::size_t>(column)) +=
                static_cast<double>(numberAt(row, column));
    endResetModel();
}

std::int64_t LayerModel::numberAt(const LayerRow& row, int column) const {
    return column == Parameters ? row.parameters : column == Macs ? row.macs : row.bytes;
}

int LayerModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int LayerModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant LayerModel::data(const QModelIndex& index, int role) const {
    const LayerRow& row = rows_[static_cast<std::size_t>(index.row())];
    const int column = index.column();
    if (isNumber(column)) {
        const std::int64_t number = numberAt(row, column);
        if (role == Qt::DisplayRole)
            return column == Bytes ? byteSize(number) : fullNumber(number);
        if (role == Qt::ToolTipRole && column == Bytes)
            return tr("%1 bytes in FP32, for one sample").arg(fullNumber(number));
        if (role == SortRole)
            return static_cast<qlonglong>(number);
        if (role == Qt::TextAlignmentRole)
            return QVariant(Qt::AlignRight | Qt::AlignVCenter);
        const double sum = sums_.at(static_cast<std::size_t>(column));
        if (role == ShareRole && sum > 0)
            return static_cast<double>(number) / sum;
        return {};
    }
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole && role != SortRole)
        return {};
    if (role == SortRole && column == Output)
        return index.row(); // shapes have no order of their own
    if (role == SortRole && column == Input)
        return index.row();
    const std::string& text = column == Name    ? row.name
                              : column == Type  ? row.type
                              : column == Input ? row.input
                                                : row.output;
    return qstr(text);
}

QVariant LayerModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant((isNumber(section) ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    if (role == Qt::ToolTipRole) {
        const char* const place = section == Parameters ? "window/parameters"
                                  : section == Macs     ? "window/macs"
                                  : section == Output   ? "window/output-shape"
                                                        : "";
        return explanationTip(Glossary::own().explaining(place), {});
    }
    if (role != Qt::DisplayRole)
        return {};
    const QStringList titles = {tr("Layer"),      tr("Type"), tr("Input"),      tr("Output"),
                                tr("Parameters"), tr("MACs"), tr("Output size")};
    return titles.value(section);
}

} // namespace gradwright

#include "moc_layer_model.cpp"
