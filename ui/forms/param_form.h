// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/param.h"

#include <QLineEdit>
#include <QWidget>

#include <functional>
#include <string>
#include <vector>

class QLabel;
class QToolButton;

namespace gradwright {

class ThemeManager;

/// A number typed as text; the arrow keys step it.
class NumberEdit : public QLineEdit {
    Q_OBJECT

public:
    explicit NumberEdit(ParamSpec spec, QWidget* parent = nullptr);

    /// The value as people read it, a 0 by its name; the unit stands behind it, in the field.
    void showValue(const ParamValue& value);

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    [[nodiscard]] ParamValue stepped(const ParamValue& value, int direction) const;

    ParamSpec spec_;
    QLabel* unit_ = nullptr;
};

/// Rows of label and editor, made from declarations; all fields of all forms are equally wide. An
/// invalid entry is explained beneath its field and not passed on: the last valid value stays in
/// force. Advanced parameters are folded under "More", but for those that differ from their
/// default.
class ParamForm : public QWidget {
    Q_OBJECT

public:
    /// `scope` and a parameter's key make its place in the glossary: "optimizer/adam", "training".
    ParamForm(ParamSpecs specs, std::string scope, ThemeManager& theme, QWidget* parent = nullptr);

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

    [[nodiscard]] const std::string& scope() const { return scope_; }
    /// Rows of which `suits` says no are not offered; an empty function offers all.
    void setOffered(std::function<bool(const ParamSpec&)> suits);
    /// What is offered now, whether it is folded away or not.
    [[nodiscard]] ParamSpecs offered() const;
    /// Shows only the rows whose name, explanation or term has what was typed, folded ones too;
    /// empty: all of them again. Returns whether there is any.
    bool setFilter(const QString& typed);
    /// Unfolds a row and gives its field the focus.
    void reveal(const std::string& key);

Q_SIGNALS:
    void edited(const std::string& key, const gradwright::ParamValue& value);

private:
    struct Row {
        ParamSpec spec;
        QLabel* label;
        QLabel* bolt;
        QWidget* editor;
        QWidget* field; ///< the editor, with a margin
        QLabel* problem;
        bool live = false;
    };

    void addRow(const ParamSpec& spec);
    void addMore();
    static std::vector<ParamChoice> explained(const std::string& key,
                                              std::vector<ParamChoice> choices);
    QWidget* makeEditor(const ParamSpec& spec);
    void showValue(const Row& row);
    void showProblem(const Row& row, const QString& problem);
    void accept(const std::string& key, const ParamValue& value);
    void check(const std::string& key, const QString& text, bool commit);
    [[nodiscard]] bool isOffered(const Row& row) const;
    [[nodiscard]] bool answersFilter(const Row& row) const;
    void updateVisibility();
    const Row& row(const std::string& key) const;

    ThemeManager* theme_;
    ParamSpecs specs_;
    std::string scope_;
    ParamValues values_;
    std::vector<Row> rows_;
    QToolButton* more_ = nullptr; ///< unfolds the advanced rows; null where there are none
    std::function<bool(const ParamSpec&)> suits_;
    QString filter_;
};

} // namespace gradwright
