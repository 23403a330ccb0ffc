// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QWidget;

namespace gradwright {

/// Lets Tab go through the fields of a form as they stand in its layouts. Qt takes them in the
/// order in which they got their window, so that what is made anew would come last.
void setTabOrderAsShown(QWidget& form);

} // namespace gradwright
