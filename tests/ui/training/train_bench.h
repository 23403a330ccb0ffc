// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/support/data_files.h"
#include "ui/document/project_document.h"
#include "ui/session/training_session.h"
#include "ui/training/train_page.h"

#include <QPushButton>
#include <QTest>

#include <memory>

namespace gradwright::test {

#ifdef GRADWRIGHT_SANITIZED
inline constexpr int kPatience = 600'000; // ms
#else
inline constexpr int kPatience = 120'000; // ms: the machine may be busy
#endif

/// The Train page on a project file in a folder of its own.
struct TrainBench {
    TrainBench(ThemeManager& theme, const Project& project)
        : document(folder / "autosave") {
        saveProject(folder / "small.gradwright", project);
        document.open(folder / "small.gradwright");
        page = std::make_unique<TrainPage>(document, theme, session);
        page->resize(1440, 820);
        page->show();
    }

    [[nodiscard]] QPushButton* button(const char* name) const {
        return page->findChild<QPushButton*>(QString::fromLatin1(name));
    }
    void click(const char* name) const {
        QTRY_VERIFY2(button(name) && button(name)->isVisible(), name);
        QVERIFY2(button(name)->isEnabled(), name);
        QTest::mouseClick(button(name), Qt::LeftButton);
    }

    TemporaryFolder folder;
    ProjectDocument document;
    TrainingSession session;
    std::unique_ptr<TrainPage> page;
};

} // namespace gradwright::test
