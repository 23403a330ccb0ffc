// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <functional>
#include <stop_token>

class QWidget;

namespace gradwright {

/// Does the work on a thread of its own. A dialog with the share that is done and Cancel appears
/// when that takes a moment. The work gets what tells the share and what says that it was
/// cancelled; what it throws is thrown here.
void workWithProgress(
    QWidget& window, const QString& title,
    const std::function<void(const std::stop_token&, const std::function<void(double)>&)>& work);

} // namespace gradwright
