// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/search_combo.h"

#include "ui/forms/param_editor.h"
#include "ui/theme/text.h"

#include <QAbstractItemView>
#include <QCompleter>
#include <QFocusEvent>
#include <QLineEdit>

namespace gradwright {

SearchCombo::SearchCombo(const std::vector<ParamChoice>& choices, QWidget* parent)
    : QComboBox(parent) {
    setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    setMinimumContentsLength(6);
    const int widest = add(choices);
    connect(this, &QComboBox::activated, this, &SearchCombo::take);
    // What is chosen explains itself; what can be chosen at all, the label does.
    connect(this, &QComboBox::currentIndexChanged, this, [this](int index) {
        if (const QString doc = itemData(index, Qt::ToolTipRole).toString(); !doc.isEmpty())
            setToolTip(doc);
    });
    leaveWheelToForm(*this);
    if (choices.size() <= kMostUnsearched)
        return;
    setEditable(true);
    setInsertPolicy(QComboBox::NoInsert);
    completer()->setCompletionMode(QCompleter::PopupCompletion);
    completer()->setFilterMode(Qt::MatchContains);
    completer()->setCaseSensitivity(Qt::CaseInsensitive);
    completer()->popup()->setMinimumWidth(widest + 40);
    completer()->popup()->setObjectName(QStringLiteral("choices")); // looks like a box's own list
    lineEdit()->setPlaceholderText(tr("Type to search"));
    lineEdit()->installEventFilter(this);
    connect(lineEdit(), &QLineEdit::returnPressed, this, &SearchCombo::readTyped);
}

int SearchCombo::add(const std::vector<ParamChoice>& choices) {
    int widest = 0;
    for (const ParamChoice& choice : choices) {
        addItem(qstr(choice.title), qstr(choice.key));
        setItemData(count() - 1, qstr(choice.doc), Qt::ToolTipRole);
        widest = std::max(widest, fontMetrics().horizontalAdvance(qstr(choice.title)));
    }
    // Long names are cut in the field, not in the list.
    view()->setMinimumWidth(widest + 40);
    return widest;
}

void SearchCombo::setChoices(const std::vector<ParamChoice>& choices) {
    const std::string key = chosen();
    clear();
    add(choices);
    choose(key);
}

void SearchCombo::choose(const std::string& key) {
    const int index = findData(qstr(key));
    setCurrentIndex(index);
    if (isEditable() && !lineEdit()->isModified()) {
        setEditText(itemText(index));
        lineEdit()->setCursorPosition(0); // of a long title the beginning is seen
    }
}

void SearchCombo::clearChoice(const QString& text) {
    setCurrentIndex(-1);
    setPlaceholderText(text);
    if (isEditable())
        lineEdit()->setPlaceholderText(text);
}

std::string SearchCombo::chosen() const {
    return currentData().toString().toStdString();
}

void SearchCombo::take(int index) {
    if (isEditable())
        lineEdit()->setModified(false);
    Q_EMIT keyChosen(itemData(index).toString().toStdString());
}

/// The first that has the typed text in its title, when Enter is pressed without a choice from the
/// list.
void SearchCombo::readTyped() {
    const QString typed = lineEdit()->text().trimmed();
    if (typed.isEmpty() || typed == itemText(currentIndex()))
        return;
    int found = findText(typed, Qt::MatchFixedString);
    if (found < 0)
        found = findText(typed, Qt::MatchContains);
    if (found < 0)
        return;
    setCurrentIndex(found);
    take(found);
}

/// A click opens the list, as in other boxes; what is typed then searches it.
bool SearchCombo::eventFilter(QObject* watched, QEvent* event) {
    if (watched == lineEdit() && event->type() == QEvent::MouseButtonRelease && isEnabled() &&
        !lineEdit()->hasSelectedText()) {
        lineEdit()->selectAll();
        completer()->setCompletionPrefix({});
        completer()->complete();
        return true;
    }
    return QComboBox::eventFilter(watched, event);
}

void SearchCombo::focusOutEvent(QFocusEvent* event) {
    // What was typed and not chosen gives way to what is chosen; not while the list is open.
    if (isEditable() && event->reason() != Qt::PopupFocusReason) {
        lineEdit()->setModified(false);
        setEditText(itemText(currentIndex()));
        lineEdit()->setCursorPosition(0);
    }
    QComboBox::focusOutEvent(event);
}

} // namespace gradwright

#include "moc_search_combo.cpp"
