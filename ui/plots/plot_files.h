// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSize>
#include <QString>

#include <functional>

class QPaintDevice;
class QWidget;

namespace gradwright {

/// A value of a CSV file, in quotes where it has to be.
QString csvCell(QString text);

/// Asks for a file that exportPlot() writes; empty when the dialog was cancelled.
QString askPlotFile(QWidget& window, const QString& title);

/// Writes a plot as PNG (at twice its size), SVG, PDF or CSV, by the file's ending. `paint` paints
/// it on a device whose pixels are scaled. Throws Error naming the file.
void exportPlot(const QString& file, QSize size, const QString& title, const QString& csv,
                const std::function<void(QPaintDevice& device, double scale)>& paint);

} // namespace gradwright
