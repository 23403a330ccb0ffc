// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/param.h"

#include <QLineEdit>
#include <QWidget>

#include <string>
#include <vector>

class QLabel;

namespace gradwright {

class ThemeManager;

/// A number typed as text; the arrow keys step it.
class NumberEdit : public QLineEdit {
    Q_OBJECT

public:
    explicit NumberEdit(ParamSpec spec, QWidget* parent = nullptr);

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    [[nodiscard]] ParamValue stepped(const ParamValue& value, int direction) const;

    ParamSpec spec_;
};

/// Rows of label and editor, made from declarations. An invalid entry is explained beneath its
/// field and not passed on: the last valid value stays in force.
class ParamForm : public QWidget {
    Q_OBJECT

public:
    ParamForm(ParamSpecs specs, ThemeManager& theme, QWidget* parent = nullptr);

    /// Keys that no row shows are ignored.
    void setValues(const ParamValues& values);
    [[nodiscard]] const ParamValues& values() const { return values_; }
    /// What a Choice offers from now on; not announced as an edit.
    void setChoices(const std::string& key, const std::vector<ParamChoice>& choices);
    /// Shows a bolt: this one can be changed while a training runs.
    void markLive(const std::string& key);
    /// Locks all rows but the live ones.
    void setLocked(bool locked);
    /// The field of a parameter, whose object name is the key.
    [[nodiscard]] QWidget* editor(const std::string& key) const;

Q_SIGNALS:
    void edited(const std::string& key, const gradwright::ParamValue& value);

private:
    struct Row {
        ParamSpec spec;
        QLabel* label;
        QLabel* bolt;
        QWidget* editor;
        QWidget* field; ///< editor with its unit
        QLabel* problem;
        bool live = false;
    };

    void addRow(const ParamSpec& spec);
    QWidget* makeEditor(const ParamSpec& spec);
    void showValue(const Row& row);
    void showProblem(const Row& row, const QString& problem);
    void accept(const std::string& key, const ParamValue& value);
    void check(const std::string& key, const QString& text, bool commit);
    void updateVisibility();
    const Row& row(const std::string& key) const;

    ThemeManager* theme_;
    ParamSpecs specs_;
    ParamValues values_;
    std::vector<Row> rows_;
};

} // namespace gradwright
