// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAccessible>
#include <QString>

#include <optional>

class QLineEdit;
class QWidget;

namespace gradwright {

/// What a widget that paints itself says to a screen reader. The widget's accessible name stays its
/// name; role, description and value come from here. They are asked for when a reader wants them,
/// so nothing is worded while there is none.
class Spoken {
public:
    struct Range {
        double value = 0;
        double least = 0;
        double most = 1;
    };

    virtual ~Spoken() = default;

    [[nodiscard]] virtual QAccessible::Role spokenRole() const = 0;
    /// What is shown now, in words and as plain text. Empty: the widget's own description.
    [[nodiscard]] virtual QString spokenText() const { return {}; }
    /// Where the widget shows one number of a range.
    [[nodiscard]] virtual std::optional<Range> spokenRange() const { return {}; }

protected:
    Spoken() = default;
    Spoken(const Spoken&) = default;
    Spoken& operator=(const Spoken&) = default;
};

/// Lets screen readers see Spoken widgets as what they are, and gives combo boxes a name that holds
/// both their label and what is chosen. Once a program, before its widgets.
void makeWidgetsSpeak();

/// Tells a screen reader, if there is one, that the text of a Spoken widget is another one.
void sayTextChanged(QWidget& widget);
/// The same of its value.
void sayValueChanged(QWidget& widget, double value);

/// Without tags, where the text is rich text.
QString plainText(const QString& text);
/// A tooltip, rich or plain, and the same as plain text for screen readers.
void setHelp(QWidget& widget, const QString& text);

/// The button that empties a field, with a name.
void setClearable(QLineEdit& field);

} // namespace gradwright
