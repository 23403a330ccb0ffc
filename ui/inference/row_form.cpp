// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inference/row_form.h"

#include "engine/data/tables/cell.h"
#include "ui/forms/tab_order.h"
#include "ui/inference/cell_field.h"
#include "ui/theme/elided_label.h"
#include "ui/theme/shown_text.h"
#include "ui/theme/text.h"

#include <QLabel>
#include <QStyle>
#include <QVBoxLayout>

#include <algorithm>

namespace gradwright {
namespace {

/// "0 to 55.9, mean 3.03, 4 missing".
QString rangeText(const ColumnSummary& seen) {
    auto text =
        QObject::tr("%1 to %2, mean %3")
            .arg(plainNumber(seen.least, 5), plainNumber(seen.most, 5), plainNumber(seen.mean, 4));
    if (seen.missing > 0)
        text += QObject::tr(", %1 missing").arg(fullNumber(seen.missing));
    return text;
}

} // namespace

RowForm::RowForm(ThemeManager& theme, QWidget* parent)
    : QScrollArea(parent)
    , theme_(&theme) {
    setWidgetResizable(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setObjectName(QStringLiteral("row form"));
    setAccessibleName(tr("Values of a row"));
    setFocusPolicy(Qt::NoFocus); // its fields take the keys
    viewport()->setAutoFillBackground(false);
}

void RowForm::setColumns(std::vector<TableColumn> columns, const TableSummary& seen) {
    columns_ = std::move(columns);
    seen_ = seen;
    seen_.columns.resize(columns_.size());
    fields_.clear();
    contexts_.clear();
    auto* form = new QWidget;
    auto* layout = new QVBoxLayout(form);
    layout->setContentsMargins(0, 0, 8, 0);
    layout->setSpacing(2);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        auto* name = new ElidedLabel(qstr(columns_[i].name));
        name->setProperty("textRole", QStringLiteral("section"));
        name->setToolTip(name->text());
        name->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
        auto* field = CellField::make(columns_[i], seen_.columns[i], *theme_);
        name->setBuddy(field);
        auto* context = new QLabel;
        context->setProperty("textRole", QStringLiteral("caption"));
        context->setWordWrap(true);
        fields_.push_back(field);
        contexts_.push_back(context);
        layout->addWidget(name);
        layout->addWidget(field);
        layout->addWidget(context);
        layout->addSpacing(8);
        connect(field, &CellField::edited, this, [this, i] {
            showContext(i);
            Q_EMIT edited();
        });
        showContext(i);
    }
    layout->addStretch(1);
    form->setAutoFillBackground(false);
    setWidget(form);
    form->setAutoFillBackground(false);
    setTabOrderAsShown(*form);
}

void RowForm::setCells(const std::vector<std::string>& cells) {
    for (std::size_t i = 0; i < std::min(cells.size(), fields_.size()); ++i) {
        fields_[i]->setCell(cells[i]);
        showContext(i);
    }
}

std::vector<std::string> RowForm::cells() const {
    std::vector<std::string> cells;
    for (const auto* field : fields_)
        cells.push_back(field->cell());
    return cells;
}

QString RowForm::problem() const {
    for (std::size_t i = 0; i < fields_.size(); ++i)
        if (const auto problem = fields_[i]->problem(); !problem.isEmpty())
            return QStringLiteral("%1: %2").arg(qstr(columns_[i].name), problem);
    return {};
}

/// What was seen in training, what is wrong, or that the value lies beyond all that was seen.
void RowForm::showContext(std::size_t column) {
    const auto& seen = seen_.columns[column];
    const auto& kind = columns_[column];
    auto text = fields_[column]->problem();
    bool warns = !text.isEmpty();
    if (!warns && kind.isNumeric()) {
        const auto cell = fields_[column]->cell();
        const auto number = numberOf(cell, ';');
        warns = number && (*number < seen.least || *number > seen.most);
        text = isMissing(cell)
                   ? tr("Missing: the mean, %1, stands in").arg(plainNumber(kind.missing, 4))
               : warns ? tr("Not seen in training: %1").arg(rangeText(seen))
                       : rangeText(seen);
    } else if (!warns && kind.image) {
        text = tr("Scaled to %1").arg(qstr(toString(kind.image->shape)));
    }
    auto* label = contexts_[column];
    label->setText(text);
    label->setVisible(!text.isEmpty());
    label->setProperty("textRole", warns ? QStringLiteral("error") : QStringLiteral("caption"));
    label->style()->unpolish(label);
    label->style()->polish(label);
}

} // namespace gradwright

#include "moc_row_form.cpp"
