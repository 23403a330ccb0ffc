// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/data/column_details.h"

#include "ui/data/column_model.h"
#include "ui/data/count_bars.h"
#include "ui/data/data_label.h"
#include "ui/data/histogram_view.h"
#include "ui/glossary/explanation.h"
#include "ui/theme/shown_text.h"
#include "ui/theme/text.h"

#include <QGridLayout>
#include <QLabel>
#include <QVBoxLayout>

namespace gradwright {
namespace {

constexpr int kFigureDigits = 5;

QString measureText(const Association& association, const QString& target) {
    const QString value = associationText(association);
    switch (association.measure) {
    case Association::Measure::None:
        return {};
    case Association::Measure::Pearson:
        return ColumnDetails::tr("Correlation with %1: %2").arg(target, value);
    case Association::Measure::CorrelationRatio:
        return ColumnDetails::tr("Correlation ratio with %1: %2").arg(target, value);
    case Association::Measure::CramersV:
        return ColumnDetails::tr("Cramér's V with %1: %2").arg(target, value);
    }
    return {};
}

std::string_view placeOf(Association::Measure measure) {
    switch (measure) {
    case Association::Measure::CorrelationRatio:
        return "window/correlation-ratio";
    case Association::Measure::CramersV:
        return "window/cramers-v";
    default:
        return "window/correlation";
    }
}

} // namespace

ColumnDetails::ColumnDetails(const ThemeManager& themes, QWidget* parent)
    : QWidget(parent)
    , name_(dataLabel("columnName", "title"))
    , type_(dataLabel("columnType", "muted"))
    , figures_(new QGridLayout)
    , histogram_(new HistogramView(themes))
    , common_(new CountBars(themes))
    , commonTitle_(dataLabel("commonTitle", "section"))
    , histogramTitle_(dataLabel("histogramTitle", "section"))
    , first_(dataLabel("firstValues", "muted"))
    , association_(dataLabel("association", "muted")) {
    setObjectName(QStringLiteral("columnDetails"));
    histogram_->setObjectName(QStringLiteral("histogram"));
    histogram_->setAccessibleName(tr("Distribution"));
    common_->setObjectName(QStringLiteral("commonValues"));
    common_->setAccessibleName(tr("Most common values"));
    histogramTitle_->setText(tr("Distribution"));
    commonTitle_->setText(tr("Most common values"));
    figures_->setHorizontalSpacing(12);
    figures_->setVerticalSpacing(2);
    figures_->setColumnStretch(1, 1);
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(14, 12, 14, 12);
    layout->setSpacing(6);
    layout->addWidget(name_);
    layout->addWidget(type_);
    layout->addLayout(figures_);
    layout->addWidget(first_);
    layout->addWidget(association_);
    layout->addSpacing(6);
    layout->addWidget(histogramTitle_);
    layout->addWidget(histogram_);
    layout->addSpacing(6);
    layout->addWidget(commonTitle_);
    layout->addWidget(common_);
    layout->addStretch(1);
}

void ColumnDetails::addFigure(const QString& name, const QString& value) {
    const int row = figures_->count() / 2;
    auto* const title = new QLabel(name);
    title->setProperty("textRole", QStringLiteral("muted"));
    auto* const figure = new QLabel(value);
    figure->setTextInteractionFlags(Qt::TextSelectableByMouse);
    figure->setAlignment(Qt::AlignRight);
    figure->setAccessibleName(QStringLiteral("%1: %2").arg(name, value));
    figures_->addWidget(title, row, 0);
    figures_->addWidget(figure, row, 1);
}

void ColumnDetails::setColumn(const ColumnFacts& column, const QString& type, std::size_t rows,
                              const QString& target) {
    while (QLayoutItem* const item = figures_->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    const ColumnProfile& profile = column.profile;
    const auto number = [](std::size_t count) {
        return fullNumber(static_cast<std::int64_t>(count));
    };
    name_->setText(qstr(profile.name));
    type_->setText(profile.whyUseless.empty() ? type
                                              : tr("%1: %2").arg(type, qstr(profile.whyUseless)));
    const auto present = rows - profile.missing;
    addFigure(tr("Values"), number(present));
    addFigure(tr("Missing"), profile.missing == 0 ? tr("none") : number(profile.missing));
    addFigure(tr("Distinct"), number(profile.distinct));
    first_->setText(tr("Begins with: %1").arg(firstText(column)));
    const bool isNumber = profile.kind == ColumnKind::Numbers;
    if (isNumber) {
        const auto shown = [](double value) { return plainNumber(value, kFigureDigits); };
        addFigure(tr("Minimum"), shown(column.numbers.minimum));
        addFigure(tr("Maximum"), shown(column.numbers.maximum));
        addFigure(tr("Mean"), shown(column.numbers.mean));
        addFigure(tr("Deviation"), shown(column.numbers.deviation));
        addFigure(tr("Median"), shown(column.numbers.median));
    }
    association_->setText(measureText(column.association, target));
    association_->setVisible(!association_->text().isEmpty());
    explain(*association_, placeOf(column.association.measure));
    histogram_->setHistogram(column.histogram);
    for (QWidget* const each :
         {static_cast<QWidget*>(histogram_), static_cast<QWidget*>(histogramTitle_)})
        each->setVisible(isNumber);
    std::vector<CountBars::Row> values;
    for (const CommonValue& value : column.common)
        if (value.count > 1)
            values.push_back({qstr(value.text), static_cast<std::int64_t>(value.count)});
    common_->setRows(std::move(values));
    // Of values that occur once each there is nothing to see.
    const bool hasCommon = !column.common.empty() && column.common.front().count > 1;
    for (QWidget* const each :
         {static_cast<QWidget*>(common_), static_cast<QWidget*>(commonTitle_)})
        each->setVisible(hasCommon);
}

} // namespace gradwright

#include "moc_column_details.cpp"
