// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/tab_order.h"

#include <QLayout>
#include <QWidget>

#include <vector>

namespace gradwright {

namespace {

void collect(const QLayout* layout, std::vector<QWidget*>& fields) {
    for (int i = 0; layout != nullptr && i < layout->count(); ++i) {
        QLayoutItem* const item = layout->itemAt(i);
        if (item->layout() != nullptr)
            collect(item->layout(), fields);
        QWidget* const widget = item->widget();
        if (widget == nullptr)
            continue;
        if ((widget->focusPolicy() & Qt::TabFocus) != 0)
            fields.push_back(widget);
        collect(widget->layout(), fields);
    }
}

} // namespace

void setTabOrderAsShown(QWidget& form) {
    std::vector<QWidget*> fields;
    collect(form.layout(), fields);
    for (std::size_t i = 1; i < fields.size(); ++i)
        QWidget::setTabOrder(fields[i - 1], fields[i]);
}

} // namespace gradwright
