// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/template_card.h"

#include "engine/graph/analysis.h"
#include "engine/project/templates.h"
#include "engine/support/error.h"
#include "engine/training/recipes/optimizers.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/text.h"

#include <QKeyEvent>
#include <QPainter>

#include <algorithm>

namespace gradwright {

namespace {

constexpr int kPicture = 84; ///< height
constexpr int kTemplatePad = 14;

} // namespace

TemplateSummary summarizeTemplate(const std::string& key, const QString& section,
                                  const QString& tryThis) {
    TemplateSummary summary;
    summary.key = key;
    summary.section = section;
    summary.tryThis = tryThis;
    try {
        const Project project = openTemplate(key);
        const Analysis analysis = analyze(project.network);
        summary.name = qstr(project.name);
        summary.description = qstr(project.description);
        summary.data = qstr(dataset(project.data.dataset).title);
        const auto epochs = project.training.epochs();
        summary.recipe = TemplateCard::tr("%1, %2, batch %3")
                             .arg(qstr(optimizer(project.training.optimizer.key).title),
                                  countedText(epochs, TemplateCard::tr("1 epoch"),
                                              TemplateCard::tr("%1 epochs")))
                             .arg(project.training.batch());
        summary.layers = static_cast<std::int64_t>(analysis.nodes.size());
        summary.parameters = analysis.parameters;
        summary.macs = analysis.macs;
        summary.strip = NetworkStrip(project.network.main);
    } catch (const std::exception& error) {
        summary.name = qstr(key);
        summary.problem = QString::fromUtf8(error.what());
    }
    return summary;
}

TemplateCard::TemplateCard(const std::string& key, const ThemeManager& themes, QWidget* parent)
    : QAbstractButton(parent)
    , themes_(&themes)
    , key_(key) {
    setObjectName(qstr(key));
    setText(qstr(key));
    setAccessibleName(text());
    setCursor(Qt::PointingHandCursor);
    setFocusPolicy(Qt::StrongFocus);
    setFixedHeight(kHeight);
    setMinimumWidth(kMinimumWidth);
    connect(themes_, &ThemeManager::changed, this, qOverload<>(&QWidget::update));
}

void TemplateCard::setSummary(TemplateSummary summary) {
    summary_ = std::move(summary);
    setText(summary_->name);
    setAccessibleName(summary_->name);
    setAccessibleDescription(summary_->description);
    setEnabled(summary_->problem.isEmpty());
    setToolTip(summary_->problem);
    update();
}

bool TemplateCard::answers(const QString& typed) const {
    QString all = qstr(key_);
    if (summary_)
        all += QLatin1Char('\n') + summary_->name + QLatin1Char('\n') + summary_->description +
               QLatin1Char('\n') + summary_->section + QLatin1Char('\n') + summary_->data;
    return std::ranges::all_of(
        typed.split(QLatin1Char(' '), Qt::SkipEmptyParts),
        [&](const QString& word) { return all.contains(word, Qt::CaseInsensitive); });
}

void TemplateCard::paintEvent(QPaintEvent*) {
    const Theme& theme = themes_->theme();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(hasFocus() ? QPen(theme.focus, 2) : QPen(theme.divider, 1));
    painter.setBrush(underMouse() && isEnabled() ? theme.hover : theme.panel);
    painter.drawRoundedRect(QRectF(rect()).adjusted(1, 1, -1, -1), 8, 8);
    const QRectF picture(9, 9, width() - 18, kPicture);
    painter.setPen(Qt::NoPen);
    painter.setBrush(theme.canvas);
    painter.drawRoundedRect(picture, 5, 5);
    if (!summary_)
        return;
    summary_->strip.paint(painter, picture, theme);

    const QRectF texts(kTemplatePad, 9 + kPicture, width() - 2 * kTemplatePad,
                       height() - 9 - kPicture);
    const auto line = [&](double top, double tall) {
        return QRectF(texts.left(), texts.top() + top, texts.width(), tall);
    };
    painter.setPen(isEnabled() ? theme.text : theme.disabled);
    painter.setFont(textFont(type::kBody, QFont::DemiBold));
    const auto fitted = [&](const QString& text) {
        return painter.fontMetrics().elidedText(text, Qt::ElideRight,
                                                static_cast<int>(texts.width()));
    };
    painter.drawText(line(8, 18), Qt::AlignLeft | Qt::AlignVCenter, fitted(summary_->name));
    painter.setPen(theme.text2);
    painter.setFont(textFont(type::kCaption));
    if (!summary_->problem.isEmpty()) {
        painter.setPen(theme.error);
        painter.drawText(line(28, 16), Qt::AlignLeft | Qt::AlignVCenter, tr("Cannot be opened"));
        return;
    }
    painter.drawText(line(27, 16), Qt::AlignLeft | Qt::AlignVCenter, fitted(summary_->data));
    painter.setPen(theme.divider);
    painter.drawLine(QPointF(texts.left(), texts.top() + 50),
                     QPointF(texts.right(), texts.top() + 50));
    painter.setPen(theme.text2);
    painter.drawText(line(57, 16), Qt::AlignLeft | Qt::AlignVCenter,
                     tr("%1 parameters")
                         .arg(summary_->parameters < 1'000'000
                                  ? fullNumber(summary_->parameters)
                                  : shortNumber(summary_->parameters)));
    painter.drawText(line(57, 16), Qt::AlignRight | Qt::AlignVCenter,
                     tr("%1 layers").arg(summary_->layers));
}

void TemplateCard::enterEvent(QEnterEvent*) {
    update();
    Q_EMIT looked();
}

void TemplateCard::leaveEvent(QEvent*) {
    update();
}

void TemplateCard::focusInEvent(QFocusEvent* event) {
    QAbstractButton::focusInEvent(event);
    Q_EMIT looked();
    if (event->reason() != Qt::MouseFocusReason)
        Q_EMIT reached();
}

void TemplateCard::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
        click();
    else
        QAbstractButton::keyPressEvent(event);
}

} // namespace gradwright

#include "moc_template_card.cpp"
