// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace gradwright {

class CanvasScene;

/// Writes all that is on the canvas as a picture: SVG, PNG (twice as large as on the screen) or
/// PDF, by the ending of the file's name. Throws Error with the reason when it cannot.
void exportCanvas(CanvasScene& scene, const QString& file);

} // namespace gradwright
