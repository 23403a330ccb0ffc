// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/layer.h"
#include "ui/theme/theme_manager.h"

#include <QDialog>

#include <string>
#include <vector>

class QLineEdit;
class QListWidget;

namespace gradwright {

/// Layers and blocks to put on the canvas at a place, found by typing a part of their names or of
/// what they do.
class QuickAdd final : public QDialog {
    Q_OBJECT
public:
    struct Entry {
        std::string key; ///< as CanvasScene::addLayer() takes it
        QString title;
        QString doc;
        QString icon;
        Category category = Category::Shape;
    };
    QuickAdd(const ThemeManager& themes, std::vector<Entry> entries, QWidget* parent);

Q_SIGNALS:
    void chosen(const std::string& key);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void filter(const QString& typed);
    void take();

    const ThemeManager* themes_;
    std::vector<Entry> entries_;
    QLineEdit* search_;
    QListWidget* list_;
};

} // namespace gradwright
