// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/spoken.h"

#include <QAbstractItemView>
#include <QAccessibleWidget>
#include <QAction>
#include <QComboBox>
#include <QCoreApplication>
#include <QLineEdit>
#include <QTextDocumentFragment>

namespace gradwright {

namespace {

class SpokenInterface final : public QAccessibleWidget, public QAccessibleValueInterface {
public:
    SpokenInterface(QWidget& widget, const Spoken& spoken)
        : QAccessibleWidget(&widget, spoken.spokenRole()) {}

    void* interface_cast(QAccessible::InterfaceType type) override {
        const Spoken* const said = spoken();
        if (type == QAccessible::ValueInterface && said != nullptr && said->spokenRange())
            return static_cast<QAccessibleValueInterface*>(this);
        return QAccessibleWidget::interface_cast(type);
    }
    [[nodiscard]] QString text(QAccessible::Text which) const override {
        if (const Spoken* const said = spoken(); which == QAccessible::Description && said)
            if (const QString text = said->spokenText(); !text.isEmpty())
                return text;
        const QString text = QAccessibleWidget::text(which);
        return which == QAccessible::Description ? plainText(text) : text;
    }

    [[nodiscard]] QVariant currentValue() const override { return range().value; }
    void setCurrentValue(const QVariant&) override {} // shown, not set
    [[nodiscard]] QVariant minimumValue() const override { return range().least; }
    [[nodiscard]] QVariant maximumValue() const override { return range().most; }
    [[nodiscard]] QVariant minimumStepSize() const override { return 0.0; }

private:
    [[nodiscard]] const Spoken* spoken() const { return dynamic_cast<const Spoken*>(widget()); }
    [[nodiscard]] Spoken::Range range() const {
        const Spoken* const said = spoken();
        return said != nullptr ? said->spokenRange().value_or(Spoken::Range()) : Spoken::Range();
    }
};

/// Qt names a combo box after what is chosen alone and leaves its label to a relation, which it
/// finds between siblings only. Labels of forms are none.
class ComboInterface final : public QAccessibleWidget {
public:
    explicit ComboInterface(QComboBox& box)
        : QAccessibleWidget(&box, QAccessible::ComboBox) {}

    [[nodiscard]] QString text(QAccessible::Text which) const override {
        const QString chosen = box().isEditable() ? box().lineEdit()->text() : box().currentText();
        if (which == QAccessible::Value)
            return chosen;
        const QString text = QAccessibleWidget::text(which);
        if (which == QAccessible::Description)
            return plainText(text);
        if (which != QAccessible::Name || chosen.isEmpty() || text == chosen)
            return text;
        return text.isEmpty() ? chosen : QStringLiteral("%1: %2").arg(text, chosen);
    }
    [[nodiscard]] QAccessible::State state() const override {
        QAccessible::State state = QAccessibleWidget::state();
        state.expandable = state.hasPopup = true;
        state.expanded = box().view()->isVisible();
        state.collapsed = !state.expanded;
        state.editable = box().isEditable();
        return state;
    }

    // The list of choices, and the field of a box that is searched.
    [[nodiscard]] int childCount() const override { return box().isEditable() ? 2 : 1; }
    [[nodiscard]] QAccessibleInterface* child(int index) const override {
        const auto named = [this](QWidget* part) {
            if (part->accessibleName().isEmpty())
                part->setAccessibleName(box().accessibleName());
            return QAccessible::queryAccessibleInterface(part);
        };
        if (index == 0)
            return named(box().view());
        return index == 1 && box().isEditable() ? named(box().lineEdit()) : nullptr;
    }
    [[nodiscard]] int indexOfChild(const QAccessibleInterface* child) const override {
        if (child->object() == box().view())
            return 0;
        return box().isEditable() && child->object() == box().lineEdit() ? 1 : -1;
    }
    [[nodiscard]] QAccessibleInterface* childAt(int x, int y) const override {
        const bool hits = box().isEditable() && rect().contains(x, y);
        return hits ? child(1) : nullptr;
    }

    [[nodiscard]] QStringList actionNames() const override {
        return QStringList{showMenuAction()} + QAccessibleWidget::actionNames();
    }
    void doAction(const QString& action) override {
        if (action != showMenuAction())
            QAccessibleWidget::doAction(action);
        else if (box().view()->isVisible())
            box().hidePopup();
        else
            box().showPopup();
    }

private:
    [[nodiscard]] QComboBox& box() const { return *static_cast<QComboBox*>(widget()); }
};

QAccessibleInterface* makeSpoken(const QString&, QObject* object) {
    auto* const widget = qobject_cast<QWidget*>(object);
    if (widget == nullptr)
        return nullptr;
    if (const auto* const spoken = dynamic_cast<const Spoken*>(widget))
        return new SpokenInterface(*widget, *spoken);
    if (auto* const box = qobject_cast<QComboBox*>(widget))
        return new ComboInterface(*box);
    return nullptr;
}

} // namespace

void makeWidgetsSpeak() {
    static const bool once = [] {
        QAccessible::installFactory(makeSpoken);
        return true;
    }();
    static_cast<void>(once);
}

void sayTextChanged(QWidget& widget) {
    if (!QAccessible::isActive())
        return;
    QAccessibleEvent event(&widget, QAccessible::DescriptionChanged);
    QAccessible::updateAccessibility(&event);
}

void sayValueChanged(QWidget& widget, double value) {
    if (!QAccessible::isActive())
        return;
    QAccessibleValueChangeEvent event(&widget, value);
    QAccessible::updateAccessibility(&event);
}

QString plainText(const QString& text) {
    if (!Qt::mightBeRichText(text))
        return text;
    return QTextDocumentFragment::fromHtml(text).toPlainText().trimmed();
}

void setHelp(QWidget& widget, const QString& text) {
    widget.setToolTip(text);
    widget.setAccessibleDescription(plainText(text));
}

void setClearable(QLineEdit& field) {
    field.setClearButtonEnabled(true);
    // Qt gives the button's action no text; this is the name that its style sheets use, too.
    if (auto* const action = field.findChild<QAction*>(QStringLiteral("_q_qlineeditclearaction")))
        action->setText(QCoreApplication::translate("Field", "Clear the field"));
}

} // namespace gradwright
