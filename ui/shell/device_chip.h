// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/project_document.h"
#include "ui/theme/theme_manager.h"

#include <QToolButton>

namespace gradwright {

/// What the project trains on, and a menu that changes it: threads and precision.
class DeviceChip final : public QToolButton {
    Q_OBJECT
public:
    DeviceChip(ProjectDocument& document, const ThemeManager& themes, QWidget* parent = nullptr);

Q_SIGNALS:
    /// The change could not be made; the reason.
    void hint(const QString& text);

private:
    void refresh();
    void fillMenu();
    void set(const QString& title, const std::string& key, const ParamValue& value);

    ProjectDocument* document_;
};

} // namespace gradwright
