// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/layers/layer.h"
#include "ui/theme/theme_manager.h"

#include <QDialog>

#include <functional>
#include <string>

class QLineEdit;
class QListWidget;

namespace gradwright {

/// Layers to put on the canvas at a place, found by typing a part of their names or of what they
/// do.
class QuickAdd final : public QDialog {
    Q_OBJECT
public:
    /// Lists the layers that `fits` accepts.
    QuickAdd(const ThemeManager& themes, const std::function<bool(const LayerDef&)>& fits,
             QWidget* parent);

Q_SIGNALS:
    void chosen(const std::string& layer);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void filter(const QString& typed);
    void take();

    const ThemeManager* themes_;
    std::vector<const LayerDef*> layers_;
    QLineEdit* search_;
    QListWidget* list_;
};

} // namespace gradwright
