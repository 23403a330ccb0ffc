// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPointer>
#include <QProxyStyle>

namespace gradwright {

class ThemeManager;

/// Fusion with the program's own line icons in message boxes and file dialogs, and buttons of
/// dialogs without any.
class LineIconStyle final : public QProxyStyle {
    Q_OBJECT

public:
    explicit LineIconStyle(const ThemeManager& themes);

    int styleHint(StyleHint hint, const QStyleOption* option = nullptr,
                  const QWidget* widget = nullptr,
                  QStyleHintReturn* returned = nullptr) const override;
    QIcon standardIcon(StandardPixmap wanted, const QStyleOption* option = nullptr,
                       const QWidget* widget = nullptr) const override;

private:
    QPointer<const ThemeManager> themes_; ///< the application keeps styles until its end
};

} // namespace gradwright
