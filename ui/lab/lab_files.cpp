// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/lab/lab_files.h"

#include "engine/io/atomic_file.h"
#include "engine/io/run_directory.h"
#include "engine/lab/kinds.h"
#include "engine/lab/train_trial.h"
#include "engine/project/project_file.h"
#include "engine/support/error.h"
#include "ui/forms/save_dialog.h"
#include "ui/lab/lab_chart.h"
#include "ui/theme/text.h"

#include <QCoreApplication>

#include <algorithm>

namespace gradwright {
namespace {

QString fileText(const char* text) {
    return QCoreApplication::translate("LabFiles", text);
}

} // namespace

std::optional<double> secondsPerEpoch(const std::vector<std::filesystem::path>& runsFolders) {
    std::vector<RunDirectory> runs;
    for (const auto& folder : runsFolders)
        try {
            std::ranges::copy(RunDirectory::list(folder), std::back_inserter(runs));
        } catch (const Error&) {
            continue; // a folder that cannot be read has nothing to offer
        }
    std::ranges::sort(runs, {}, &RunDirectory::name);
    for (auto run = runs.rbegin(); run != runs.rend(); ++run)
        try {
            const auto epochs = loggedEpochs(run->path());
            if (!epochs.empty() && epochs.back().seconds > 0)
                return epochs.back().seconds / static_cast<double>(epochs.back().epoch);
        } catch (const Error&) {
            continue;
        }
    return {};
}

ShownExperiment readExperiment(const std::filesystem::path& folder) {
    const auto directory = ExperimentDirectory::open(folder);
    auto experiment = directory.read();
    std::shared_ptr<Procedure> procedure = experimentKind(experiment.kind).make(experiment);
    return {folder, std::move(experiment), std::move(procedure), directory.results(),
            directory.state()};
}

void keepReport(const std::filesystem::path& folder, Report report, LabChart& chart) {
    addPicture(report, chart, folder / "picture.png");
    ExperimentDirectory::open(folder).writeReport(report);
}

void addPicture(Report& report, LabChart& chart, const std::filesystem::path& file) {
    chart.exportTo(qstr(file.string()), chart.pictureSize());
    report.pictures = {{file.filename().string(), chart.accessibleName().toStdString()}};
}

void exportReportTo(const QString& file, Report report, LabChart* chart) {
    const std::filesystem::path path = file.toStdString();
    if (chart) {
        auto picture = path;
        addPicture(report, *chart, picture.replace_extension(".png"));
    }
    writeFileAtomically(path, path.extension() == ".json" ? readableJson(toJson(report)) + "\n"
                                                          : toMarkdown(report));
}

QString askAndExportReport(QWidget& window, const Report& report, LabChart* chart) {
    const auto file = askSaveFile(&window, fileText("Export report"), QStringLiteral("report.md"),
                                  {fileText("Markdown (*.md)"), fileText("JSON (*.json)")},
                                  {QStringLiteral(".md"), QStringLiteral(".json")});
    if (!file.isEmpty())
        exportReportTo(file, report, chart);
    return file;
}

} // namespace gradwright
