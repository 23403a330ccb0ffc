// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <string>
#include <string_view>

class QWidget;

namespace gradwright {

struct GlossaryTerm;

/// What a tooltip says: the term with its two sentences, then what is known of this place (one
/// paragraph a line), then how it is limited, small. Any may be empty; nullptr: no term.
QString explanationTip(const GlossaryTerm* term, const QString& facts, const QString& limits = {});
/// The same without markup, for screen readers.
QString explanationText(const GlossaryTerm* term, const QString& facts);

/// Lets a widget explain itself by the glossary: by its tooltip, to screen readers, and when F1 is
/// pressed in it. A place without a term leaves the facts alone.
void explain(QWidget& widget, std::string_view place, const QString& facts = {},
             const QString& limits = {});
/// The place that explain() was last called with; empty: none.
std::string explainedPlace(const QWidget& widget);
/// The term that the widget, or else what it is in, was given; nullptr: none.
const GlossaryTerm* termAt(const QWidget* widget);

} // namespace gradwright
