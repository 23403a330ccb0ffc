// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/glossary/explanation.h"

#include "ui/glossary/glossary.h"
#include "ui/theme/text.h"

#include <QStringList>
#include <QVariant>
#include <QWidget>

namespace gradwright {
namespace {

constexpr auto kPlaceProperty = "glossaryPlace";

QString markup(const QString& text) {
    return text.toHtmlEscaped().replace(QLatin1Char('\n'), QStringLiteral("<br>"));
}

} // namespace

QString explanationTip(const GlossaryTerm* term, const QString& facts, const QString& limits) {
    QStringList parts;
    if (term != nullptr)
        parts << QStringLiteral("<b>%1</b><br>%2")
                     .arg(markup(qstr(term->title)), markup(qstr(term->text)));
    QString own = markup(facts);
    if (!limits.isEmpty())
        own += (own.isEmpty() ? QString() : QStringLiteral("<br>")) +
               QStringLiteral("<i>%1</i>").arg(markup(limits));
    if (!own.isEmpty())
        parts << own;
    return parts.isEmpty()
               ? QString()
               : QStringLiteral("<qt>%1</qt>").arg(parts.join(QStringLiteral("<br><br>")));
}

QString explanationText(const GlossaryTerm* term, const QString& facts) {
    QStringList parts;
    if (!facts.isEmpty())
        parts << facts;
    if (term != nullptr)
        parts << qstr(term->text);
    return parts.join(QLatin1Char(' '));
}

void explain(QWidget& widget, std::string_view place, const QString& facts, const QString& limits) {
    const GlossaryTerm* const term = Glossary::own().explaining(place);
    widget.setProperty(kPlaceProperty, qstr(place));
    widget.setToolTip(explanationTip(term, facts, limits));
    widget.setAccessibleDescription(explanationText(term, facts));
}

std::string explainedPlace(const QWidget& widget) {
    return widget.property(kPlaceProperty).toString().toStdString();
}

const GlossaryTerm* termAt(const QWidget* widget) {
    for (; widget != nullptr; widget = widget->parentWidget())
        if (const auto* const term = Glossary::own().explaining(explainedPlace(*widget)))
            return term;
    return nullptr;
}

} // namespace gradwright
