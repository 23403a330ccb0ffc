// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspector/layer_texts.h"

#include "ui/forms/param_editor.h"
#include "ui/glossary/explanation.h"
#include "ui/theme/icon_engine.h"
#include "ui/theme/text.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QPainter>
#include <QVBoxLayout>

namespace gradwright {

namespace {

constexpr int kTile = 36;
constexpr int kIcon = 22;

QLabel* paragraph(const QString& text, const char* role = "muted") {
    QLabel* const made = textLabel(text, role);
    made->setWordWrap(true);
    made->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return made;
}

} // namespace

QLabel* textLabel(const QString& text, const char* role) {
    auto* const made = new QLabel(text);
    made->setProperty("textRole", QLatin1String(role));
    return made;
}

QWidget* makeLayerHead(const LayerDef& layer, const QString& title, const ThemeManager& themes) {
    auto* const head = new QWidget;
    const Theme& theme = themes.theme();
    auto* const tile = new QLabel;
    tile->setFixedSize(kTile, kTile);
    tile->setAlignment(Qt::AlignCenter);
    tile->setStyleSheet(
        QStringLiteral("background: %1; border-radius: 8px;").arg(theme.raised.name()));
    const qreal ratio = head->devicePixelRatioF();
    QPixmap picture(QSize(kIcon, kIcon) * ratio);
    picture.setDevicePixelRatio(ratio);
    picture.fill(Qt::transparent);
    QPainter painter(&picture);
    drawIcon(painter, QRectF(0, 0, kIcon, kIcon), iconOf(layer.category),
             theme.category(layer.category));
    painter.end();
    tile->setPixmap(picture);

    QString category;
    for (const CategoryInfo& info : categories())
        if (info.category == layer.category)
            category = qstr(info.title);
    auto* const name = textLabel(title, "title");
    name->setWordWrap(true);
    explain(*name, "layer/" + layer.key, qstr(layer.doc));
    auto* const titles = new QVBoxLayout;
    titles->setSpacing(1);
    titles->addWidget(name);
    titles->addWidget(textLabel(category, "muted"));
    auto* const row = new QHBoxLayout(head);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(12);
    row->addWidget(tile);
    row->addLayout(titles, 1);
    return head;
}

QWidget* makeLayerDoc(const LayerDef& layer) {
    auto* const doc = new QWidget;
    auto* const rows = new QVBoxLayout(doc);
    rows->setContentsMargins(0, 0, 0, 0);
    rows->setSpacing(6);
    rows->addWidget(paragraph(qstr(layer.doc)));
    if (!layer.formula.empty()) {
        QLabel* const formula = paragraph(qstr(layer.formula), "formula");
        formula->setTextFormat(Qt::PlainText);
        formula->setFont(fixedFont(type::kCaption));
        rows->addWidget(formula);
    }
    for (const ParamSpec& spec : layer.params)
        rows->addWidget(
            paragraph(QStringLiteral("<b>%1</b> %2 <i>%3</i>")
                          .arg(qstr(spec.title).toHtmlEscaped(), qstr(spec.doc).toHtmlEscaped(),
                               rangeText(spec).toHtmlEscaped())));
    if (!layer.source.empty())
        rows->addWidget(paragraph(QObject::tr("Source: %1").arg(qstr(layer.source)), "caption"));
    return doc;
}

} // namespace gradwright
