// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/param.h"

#include <QWidget>

namespace gradwright {

/// Edits one parameter by a control that suits its declaration.
class ParamEditor : public QWidget {
    Q_OBJECT
public:
    /// Made for the spec: a spin box, a check box, segments or a combo box, a row of spin boxes, or
    /// a line of text that is read as paramFromText() does.
    static ParamEditor* create(const ParamSpec& spec, QWidget* parent = nullptr);

    /// Shows the value without a signal.
    virtual void setValue(const ParamValue& value) = 0;

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

} // namespace gradwright
