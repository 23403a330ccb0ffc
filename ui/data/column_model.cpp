// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/data/column_model.h"

#include "ui/theme/shown_text.h"
#include "ui/theme/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

namespace gradwright {
namespace {

/// Counted up to a limit.
QString distinctText(const ColumnProfile& profile) {
    return fullNumber(static_cast<std::int64_t>(profile.distinct));
}

} // namespace

QString titleOf(ColumnRole role) {
    switch (role) {
    case ColumnRole::Input:
        return ColumnModel::tr("Input");
    case ColumnRole::Category:
        return ColumnModel::tr("Categories");
    case ColumnRole::Target:
        return ColumnModel::tr("Target");
    case ColumnRole::ExtraTarget:
        return ColumnModel::tr("Also a target");
    case ColumnRole::LeftOut:
        return ColumnModel::tr("Left out");
    }
    return {};
}

QString titleOf(ColumnType type) {
    switch (type) {
    case ColumnType::Detect:
        return ColumnModel::tr("Detect");
    case ColumnType::Numbers:
        return ColumnModel::tr("Numbers");
    case ColumnType::PointNumbers:
        return ColumnModel::tr("Numbers, decimal point");
    case ColumnType::CommaNumbers:
        return ColumnModel::tr("Numbers, decimal comma");
    case ColumnType::Texts:
        return ColumnModel::tr("Text");
    case ColumnType::Dates:
        return ColumnModel::tr("Dates");
    case ColumnType::DayFirst:
        return ColumnModel::tr("Dates, day first");
    case ColumnType::MonthFirst:
        return ColumnModel::tr("Dates, month first");
    }
    return {};
}

QString firstText(const ColumnFacts& column) {
    constexpr int kLongestCell = 24; // letters
    QStringList cells;
    for (const std::string& cell : column.first) {
        const QString text = qstr(cell).simplified();
        cells << (text.isEmpty()               ? QString(QChar(0x2013))
                  : text.size() > kLongestCell ? text.left(kLongestCell) + QChar(0x2026)
                                               : text);
    }
    return cells.join(QStringLiteral(", "));
}

QString typeText(const ColumnFacts& column, const DataInfo* info) {
    const ColumnProfile& profile = column.profile;
    if (info)
        for (const TableColumn& read : info->columns)
            if (read.name == profile.name && read.pixels > 0)
                return ColumnModel::tr("Lists of %1 numbers").arg(read.pixels);
    switch (profile.kind) {
    case ColumnKind::Empty:
        return ColumnModel::tr("Empty");
    case ColumnKind::Numbers:
        return profile.isWhole ? ColumnModel::tr("Whole numbers") : ColumnModel::tr("Numbers");
    case ColumnKind::Mixed:
        return ColumnModel::tr("Numbers and texts");
    case ColumnKind::Images:
        return ColumnModel::tr("Image files");
    case ColumnKind::Texts:
        break;
    }
    return profile.whyUseless == "dates" ? ColumnModel::tr("Dates") : ColumnModel::tr("Texts");
}

QString associationText(const Association& association) {
    if (association.measure == Association::Measure::None)
        return {};
    const QString number = QString::number(std::abs(association.value), 'f', 2);
    const bool isNegative = association.value < 0 && number != QStringLiteral("0.00");
    return isNegative ? QChar(0x2212) + number : number;
}

void ColumnModel::setTable(const TableSurvey& survey, const DataChoice& choice,
                           const std::optional<DataInfo>& info) {
    const auto namesOf = [](const TableSurvey& table) {
        std::vector<std::string> names;
        for (const auto& column : table.columns)
            names.push_back(column.profile.name);
        return names;
    };
    // The selection and an open list stay while the columns are the same.
    const bool isSame = namesOf(survey) == namesOf(survey_);
    if (!isSame)
        beginResetModel();
    survey_ = survey;
    choice_ = choice;
    info_ = info;
    if (!isSame)
        endResetModel();
    else if (rowCount() > 0)
        Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, kSections - 1));
}

void ColumnModel::clear() {
    if (survey_.columns.empty())
        return;
    beginResetModel();
    survey_ = {};
    endResetModel();
}

void ColumnModel::setLocked(bool locked) {
    locked_ = locked;
}

const ColumnFacts* ColumnModel::factsAt(int row) const {
    return row >= 0 && row < rowCount() ? &survey_.columns[static_cast<std::size_t>(row)] : nullptr;
}

int ColumnModel::rowOf(const std::string& column) const {
    const auto* const facts = survey_.find(column);
    return facts == nullptr ? -1 : static_cast<int>(facts - survey_.columns.data());
}

std::vector<ColumnRole> ColumnModel::roles(int row) const {
    return rolesFor(choice_, survey_, factsAt(row)->profile.name);
}

ColumnRole ColumnModel::role(int row) const {
    return roleOf(choice_, survey_, factsAt(row)->profile.name);
}

ColumnType ColumnModel::type(int row) const {
    return typeOf(choice_, survey_, factsAt(row)->profile.name);
}

std::vector<ColumnModel::Choice> ColumnModel::choices(const QModelIndex& cell) const {
    std::vector<Choice> found;
    if (cell.column() == Role)
        for (const ColumnRole each : roles(cell.row()))
            found.push_back({titleOf(each), static_cast<int>(each)});
    if (cell.column() == Type)
        for (const ColumnType each : typesFor(choice_, survey_, factsAt(cell.row())->profile.name))
            found.push_back({titleOf(each), static_cast<int>(each)});
    return found;
}

int ColumnModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(survey_.columns.size());
}

int ColumnModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : kSections;
}

/// "1", "3"; of the target "3 classes" or "a value".
QString ColumnModel::inputsText(int row) const {
    const std::string& name = factsAt(row)->profile.name;
    if (role(row) == ColumnRole::Target) {
        if (!info_)
            return {};
        return info_->hasClasses() ? tr("%1 classes").arg(fullNumber(std::ssize(info_->classes)))
                                   : tr("a value");
    }
    if (!info_)
        return {};
    const auto& columns = info_->columns;
    const auto found = std::ranges::find(columns, name, &TableColumn::name);
    return found == columns.end() ? QString()
                                  : fullNumber(static_cast<std::int64_t>(found->inputs()));
}

QVariant ColumnModel::shown(int row, int section) const {
    const ColumnFacts& facts = *factsAt(row);
    switch (section) {
    case Name:
        return qstr(facts.profile.name);
    case Type:
        return typeText(facts, info_ ? &*info_ : nullptr);
    case Role:
        return titleOf(role(row));
    case Inputs:
        return inputsText(row);
    case First:
        return firstText(facts);
    case Missing:
        return facts.profile.missing == 0
                   ? QString()
                   : fullNumber(static_cast<std::int64_t>(facts.profile.missing));
    case Distinct:
        return distinctText(facts.profile);
    case WithTarget:
        return associationText(facts.association);
    default:
        return {};
    }
}

QVariant ColumnModel::sorted(int row, int section) const {
    const ColumnFacts& facts = *factsAt(row);
    switch (section) {
    case Inputs:
        return inputsText(row).remove(u',').toLongLong();
    case Missing:
        return static_cast<qulonglong>(facts.profile.missing);
    case Distinct:
        return static_cast<qulonglong>(facts.profile.distinct);
    case WithTarget:
        return facts.association.measure == Association::Measure::None
                   ? -1.0
                   : std::abs(facts.association.value);
    default:
        return shown(row, section);
    }
}

QVariant ColumnModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid())
        return {};
    const int section = index.column();
    switch (role) {
    case Qt::DisplayRole:
        return shown(index.row(), section);
    case kSortRole:
        return sorted(index.row(), section);
    case Qt::EditRole:
        return section == Role   ? QVariant(static_cast<int>(this->role(index.row())))
               : section == Type ? QVariant(static_cast<int>(type(index.row())))
                                 : shown(index.row(), section);
    case Qt::TextAlignmentRole:
        return section >= Inputs && section != First ? QVariant(Qt::AlignRight | Qt::AlignVCenter)
                                                     : QVariant(Qt::AlignLeft | Qt::AlignVCenter);
    case Qt::ToolTipRole:
        if (section == Type && type(index.row()) != ColumnType::Detect)
            return tr("%1, since it was chosen to be read as: %2")
                .arg(shown(index.row(), section).toString(), titleOf(type(index.row())));
        if (section == Role && roles(index.row()).size() == 1)
            return tr("Choose another column as the target to change this.");
        return shown(index.row(), section);
    default:
        return {};
    }
}

QVariant ColumnModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal)
        return {};
    static constexpr std::array<const char*, kSections> titles = {
        QT_TR_NOOP("Column"),   QT_TR_NOOP("Type"),         QT_TR_NOOP("Role"),
        QT_TR_NOOP("Inputs"),   QT_TR_NOOP("First values"), QT_TR_NOOP("Missing"),
        QT_TR_NOOP("Distinct"), QT_TR_NOOP("Relation")};
    static constexpr std::array<const char*, kSections> tips = {
        "",
        QT_TR_NOOP("What the cells are read as: click to change it"),
        QT_TR_NOOP("What the column is for: click to change it"),
        QT_TR_NOOP("How many inputs of the network the column becomes"),
        QT_TR_NOOP("The first cells, as they are read"),
        QT_TR_NOOP("Cells without a value"),
        QT_TR_NOOP("Different values"),
        QT_TR_NOOP("How strongly the column goes together with the target, from 0 to 1")};
    const auto at = static_cast<std::size_t>(section);
    if (role == Qt::DisplayRole)
        return tr(titles.at(at));
    if (role == Qt::ToolTipRole)
        return tr(tips.at(at));
    if (role == Qt::TextAlignmentRole)
        return section >= Inputs && section != First ? QVariant(Qt::AlignRight | Qt::AlignVCenter)
                                                     : QVariant(Qt::AlignLeft | Qt::AlignVCenter);
    return {};
}

Qt::ItemFlags ColumnModel::flags(const QModelIndex& index) const {
    auto all = QAbstractTableModel::flags(index);
    if ((index.column() == Role || index.column() == Type) && !locked_ && choices(index).size() > 1)
        all |= Qt::ItemIsEditable;
    return all;
}

bool ColumnModel::setData(const QModelIndex& index, const QVariant& value, int role) {
    if (role != Qt::EditRole)
        return false;
    if (index.column() == Type) {
        const auto chosen = static_cast<ColumnType>(value.toInt());
        if (chosen == type(index.row()))
            return false;
        Q_EMIT typeChosen(factsAt(index.row())->profile.name, chosen);
        return true;
    }
    if (index.column() != Role)
        return false;
    const auto chosen = static_cast<ColumnRole>(value.toInt());
    if (chosen == this->role(index.row()))
        return false;
    Q_EMIT roleChosen(factsAt(index.row())->profile.name, chosen);
    return true;
}

} // namespace gradwright

#include "moc_column_model.cpp"
