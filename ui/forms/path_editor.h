// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/forms/param_editor.h"

class QLineEdit;

namespace gradwright {

/// A file or a folder: typed, dropped, or picked by a button.
class PathEditor final : public ParamEditor {
    Q_OBJECT
public:
    PathEditor(const ParamSpec& spec, const ThemeManager& themes, QWidget* parent = nullptr);

    void setValue(const ParamValue& value) override;
    void setMixed() override;

protected:
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    void pick(bool folder);
    void take(const QString& path);

    QString title_;
    QLineEdit* line_;
    std::string valid_;
};

} // namespace gradwright
