// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/forms/param_editor.h"
#include "ui/forms/slider_scale.h"

#include <vector>

class QLineEdit;
class QSlider;
class QToolButton;

namespace gradwright {

class ParamSpin;

/// An integer, or a tuple of a fixed number of them; the elements of a kernel or a stride change
/// together while the chain between them is closed.
class SpinEditor final : public ParamEditor {
    Q_OBJECT
public:
    SpinEditor(const ParamSpec& spec, const ThemeManager& themes, QWidget* parent = nullptr);

    /// Whether spin boxes can hold the values of such a parameter.
    static bool suits(const ParamSpec& spec);
    void setValue(const ParamValue& value) override;
    void setMixed() override;

private:
    void addChain(const ThemeManager& themes);
    void take(ParamSpin* from);

    bool isTuple_;
    std::vector<ParamSpin*> spins_;
    QToolButton* chain_ = nullptr;
    bool shown_ = false; ///< a value has been shown, from which the chain got its first state
};

/// Text that is read as paramFromText() does: reals, with a slider where that helps, texts and
/// tuples of any length.
class TextEditor final : public ParamEditor {
    Q_OBJECT
public:
    TextEditor(const ParamSpec& spec, QWidget* parent = nullptr);

    void setValue(const ParamValue& value) override;
    void setMixed() override;

private:
    void addSlider(const SliderScale& scale);
    void read();
    void showProblem(const QString& message);
    void showOnSlider(const ParamValue& value);
    [[nodiscard]] std::optional<ParamValue> parsed() const;

    ParamSpec spec_;
    QLineEdit* line_;
    QSlider* slider_ = nullptr;
    std::optional<SliderScale> scale_;
    std::optional<ParamValue> valid_; ///< nothing while values differ
};

} // namespace gradwright
