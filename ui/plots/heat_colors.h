// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QRgb>

namespace gradwright {

/// The colour of a share from 0, dark, to 1, light: from blue over green to yellow, ever lighter,
/// so that it can be read without colours, too.
QRgb heatColor(double share);

} // namespace gradwright
