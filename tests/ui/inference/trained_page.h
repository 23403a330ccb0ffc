// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project_file.h"
#include "tests/support/data_files.h"
#include "tests/support/small_jobs.h"
#include "ui/inference/inference_page.h"
#include "ui/inference/model_chooser.h"
#include "ui/theme/theme_manager.h"

#include <QTest>

#include <memory>
#include <string>

namespace gradwright::test {

inline constexpr int kPatience = 60'000; // ms: the machine may be busy

/// The Inference page of a saved project that has just been trained.
struct TrainedPage {
    TrainedPage(ThemeManager& theme, const Project& project, const TemporaryFolder& folder,
                const std::string& name)
        : document(folder / "autosave") {
        saveProject(folder / (name + ".gradwright"), project);
        document.open(folder / (name + ".gradwright"));
        page = std::make_unique<InferencePage>(document, theme, session);
        page->resize(1440, 820);
        page->show();
        session.start(trainingJob(document.project(), document.runsFolder()));
    }
    /// Whether the training has ended and its best weights are in use.
    [[nodiscard]] bool isReady() const {
        return QTest::qWaitFor(
            [this] {
                const auto& model = page->chooser().model();
                return session.state() == TrainingState::Finished && model &&
                       !page->chooser().isLoading() && model->weightsTitle.starts_with("best");
            },
            kPatience);
    }
    [[nodiscard]] QString run() const { return QString::fromStdString(model().run.string()); }
    [[nodiscard]] const TrainedModel& model() const { return *page->chooser().model(); }

    ProjectDocument document;
    TrainingSession session;
    std::unique_ptr<InferencePage> page;
};

} // namespace gradwright::test
