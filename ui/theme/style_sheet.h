// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

#include <QString>

namespace gradwright {

/// The application's one style sheet. What widgets ask for beyond their class is a dynamic
/// property:
///   any frame      role = panel, header, canvasBar, leftPanel, rightPanel, bottomPanel, card,
///                  inset, line, segments
///   QLabel         textRole = title, page, section, figure, caption, muted, error
///   QPushButton    kind = primary, link
///   QToolButton    kind = page, chip, section, segment (checkable, in a frame of role segments)
///   a field        invalid = true
QString styleSheetOf(const Theme& theme);

} // namespace gradwright
