// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/forms/param_editor.h"

#include <optional>

class QLabel;
class QToolButton;

namespace gradwright {

/// A parameter's name, its editor, a way back to the default, and beneath them what is wrong.
class ParamRow final : public QWidget {
    Q_OBJECT
public:
    static constexpr int kLabelWidth = 84;
    static constexpr int kResetWidth = 24;

    /// `place` is what the glossary explains: "layer/conv2d/kernel".
    ParamRow(const ParamSpec& spec, const std::string& place, const ThemeManager& themes,
             QWidget* parent = nullptr);

    [[nodiscard]] ParamEditor& editor() { return *editor_; }
    /// Nothing: it stands for values that differ.
    void setValue(const std::optional<ParamValue>& value);
    void showProblem(const QString& text);

Q_SIGNALS:
    /// No value: back to the default.
    void edited(const std::optional<gradwright::ParamValue>& value);
    void finished();

private:
    ParamSpec spec_;
    ParamEditor* editor_;
    QToolButton* reset_;
    QLabel* problem_;
};

} // namespace gradwright
