// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspector/param_row.h"

#include "ui/theme/spoken.h"
#include "ui/theme/text.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QToolButton>
#include <QVBoxLayout>

namespace gradwright {

ParamRow::ParamRow(const ParamSpec& spec, const std::string& place, const ThemeManager& themes,
                   QWidget* parent)
    : QWidget(parent)
    , spec_(spec)
    , editor_(ParamEditor::create(spec, themes))
    , reset_(new QToolButton)
    , problem_(new QLabel) {
    auto* const title = new QLabel(qstr(spec.title));
    title->setProperty("textRole", QStringLiteral("muted"));
    title->setFixedWidth(kLabelWidth);
    title->setWordWrap(true);
    title->setBuddy(editor_);
    for (QWidget* const each : std::initializer_list<QWidget*>{title, editor_})
        explainParam(*each, spec, place);
    reset_->setObjectName(QStringLiteral("reset"));
    reset_->setIcon(themes.icon(QStringLiteral("reset"), &Theme::text3));
    reset_->setIconSize({14, 14});
    reset_->setFixedSize(kResetWidth, 24);
    reset_->setToolTip(tr("Back to %1").arg(valueText(spec, spec.defaultValue)));
    reset_->setAccessibleName(tr("%1 back to its default").arg(qstr(spec.title)));
    reset_->setFocusPolicy(Qt::TabFocus);
    QSizePolicy keep = reset_->sizePolicy();
    keep.setRetainSizeWhenHidden(true);
    reset_->setSizePolicy(keep);
    problem_->setProperty("textRole", QStringLiteral("error"));
    problem_->setWordWrap(true);
    problem_->hide();
    auto* const row = new QHBoxLayout;
    row->setSpacing(4);
    row->addWidget(title);
    row->addWidget(editor_, 1);
    row->addWidget(reset_, 0, Qt::AlignTop);
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(2);
    layout->addLayout(row);
    layout->addWidget(problem_);
    connect(editor_, &ParamEditor::edited, this, [this](const ParamValue& value) {
        showProblem({});
        Q_EMIT edited(value);
    });
    connect(editor_, &ParamEditor::problem, this, &ParamRow::showProblem);
    connect(editor_, &ParamEditor::finished, this, &ParamRow::finished);
    connect(reset_, &QToolButton::clicked, this, [this] {
        Q_EMIT edited(std::nullopt);
        Q_EMIT finished();
    });
}

void ParamRow::setValue(const std::optional<ParamValue>& value) {
    if (value)
        editor_->setValue(*value);
    else
        editor_->setMixed();
    reset_->setVisible(value != spec_.defaultValue);
}

void ParamRow::showProblem(const QString& text) {
    problem_->setText(text);
    problem_->setVisible(!text.isEmpty());
}

} // namespace gradwright

#include "moc_param_row.cpp"
