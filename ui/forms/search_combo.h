// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/support/param.h"

#include <QComboBox>

namespace gradwright {

/// A list to choose from; a long one is searched by typing any part of a title.
class SearchCombo : public QComboBox {
    Q_OBJECT
public:
    static constexpr std::size_t kMostUnsearched = 6;

    explicit SearchCombo(const std::vector<ParamChoice>& choices, QWidget* parent = nullptr);

    /// Other choices than it was made with, few enough to need no search; what is chosen stays,
    /// where it is among them.
    void setChoices(const std::vector<ParamChoice>& choices);
    void choose(const std::string& key);
    /// Shows that nothing or several are chosen.
    void clearChoice(const QString& text);
    [[nodiscard]] std::string chosen() const;

Q_SIGNALS:
    /// The user chose one.
    void keyChosen(const std::string& key);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;

private:
    /// Returns the width of the widest title.
    int add(const std::vector<ParamChoice>& choices);
    void take(int index);
    void readTyped();
};

} // namespace gradwright
