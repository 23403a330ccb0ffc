// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/lab/report.h"
#include "ui/lab/experiment_view.h"

#include <QString>

#include <filesystem>
#include <optional>
#include <vector>

class QWidget;

namespace gradwright {

class LabChart;

/// Seconds that an epoch of the latest run in these folders has taken; nothing where there is none
/// with an epoch.
std::optional<double> secondsPerEpoch(const std::vector<std::filesystem::path>& runsFolders);

/// An experiment as its files are at the moment. Throws Error.
ShownExperiment readExperiment(const std::filesystem::path& folder);
/// Replaces the report of an experiment, with picture.png beside it. Throws Error.
void keepReport(const std::filesystem::path& folder, Report report, LabChart& chart);

/// Writes a chart as PNG into `file`, and names it in the report. Throws Error.
void addPicture(Report& report, LabChart& chart, const std::filesystem::path& file);

/// Writes a report as Markdown or JSON, by the file's ending, with its picture beside it:
/// NAME.png. Throws Error.
void exportReportTo(const QString& file, Report report, LabChart* chart);
/// The same with a dialog for the file; returns it, or nothing when it was cancelled.
QString askAndExportReport(QWidget& window, const Report& report, LabChart* chart);

} // namespace gradwright
