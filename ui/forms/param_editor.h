// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/param.h"
#include "ui/theme/theme_manager.h"

#include <QWidget>

#include <string_view>

namespace gradwright {

/// Edits one parameter by a control that suits its declaration.
class ParamEditor : public QWidget {
    Q_OBJECT
public:
    /// Made for the spec: a spin box, a slider with a line, a check box, segments or a list that is
    /// searched by typing, a row of spin boxes, a path with a button, or a line of text that is
    /// read as paramFromText() does.
    static ParamEditor* create(const ParamSpec& spec, const ThemeManager& themes,
                               QWidget* parent = nullptr);

    /// A field that has the focus says that it is done while it is deleted: nobody listens then.
    ~ParamEditor() override;

    /// Shows the value without a signal.
    virtual void setValue(const ParamValue& value) = 0;
    /// Shows that it stands for several values that differ.
    virtual void setMixed() = 0;

Q_SIGNALS:
    /// The user chose a value that fits the spec.
    void edited(const gradwright::ParamValue& value);
    /// What was typed is no value of the spec: why, or empty when it is one again.
    void problem(const QString& message);
    /// The user is done with this editor.
    void finished();

protected:
    using QWidget::QWidget;
};

/// "From 1 to 65,536. Usually 32.": what a declaration says in numbers.
QString rangeText(const ParamSpec& spec);
/// A default or any other value as people read it, a choice by its title.
QString valueText(const ParamSpec& spec, const ParamValue& value);
/// Lets a field or its label explain the parameter: the glossary's term for the place, what the
/// declaration says, and its range.
void explainParam(QWidget& widget, const ParamSpec& spec, std::string_view place);

/// A field takes the wheel only while it has the focus, so that forms scroll past it.
void leaveWheelToForm(QWidget& field);

/// Undo and Redo pressed in a field are the project's: what the field shows has been changed there
/// already. Only what is typed and not taken yet is the field's own.
void leaveUndoToProject(QWidget& field);

} // namespace gradwright
