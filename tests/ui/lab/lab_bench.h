// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/project_file.h"
#include "tests/support/data_files.h"
#include "tests/support/small_jobs.h"
#include "ui/lab/experiment_list.h"
#include "ui/lab/lab_page.h"
#include "ui/theme/theme_manager.h"

#include <QLineEdit>
#include <QPushButton>
#include <QTest>

#include <memory>

namespace gradwright::test {

inline constexpr int kPatience = 120'000; // ms: the machine may be busy

/// The page on a project file in a folder of its own.
struct LabBench {
    LabBench(ThemeManager& theme, const Project& project)
        : document(folder / "autosave") {
        saveProject(folder / "small.gradwright", project);
        document.open(folder / "small.gradwright");
        page = std::make_unique<LabPage>(document, theme, session);
        page->resize(1024, 620);
        page->show();
    }

    template <class Widget>
    [[nodiscard]] Widget* find(const char* name) const {
        return page->findChild<Widget*>(QString::fromLatin1(name));
    }
    [[nodiscard]] bool isShown(const char* name) const {
        const auto* const widget = find<QWidget>(name);
        return widget && widget->isVisible();
    }
    void click(const char* name) const {
        QTRY_VERIFY2_WITH_TIMEOUT(isShown(name), name, kPatience);
        auto* const button = find<QPushButton>(name);
        QVERIFY2(button->isEnabled(), name);
        QTest::mouseClick(button, Qt::LeftButton);
    }
    void enter(const char* field, const char* text) const {
        auto* const edit = find<QLineEdit>(field);
        QVERIFY2(edit, field);
        edit->setFocus();
        edit->selectAll();
        QTest::keyClicks(edit, QString::fromLatin1(text));
        QTest::keyClick(edit, Qt::Key_Return);
    }
    /// The list has the keys, also after a dialog was in front of the window.
    void focusList() const {
        page->activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(page.get()));
        page->list().setFocus();
    }
    void waitUntilDone() const {
        QTRY_VERIFY_WITH_TIMEOUT(page->experiments().state() == LabState::Idle &&
                                     !page->experiments().folder().empty(),
                                 kPatience);
    }

    TemporaryFolder folder;
    ProjectDocument document;
    TrainingSession session;
    std::unique_ptr<LabPage> page;
};

inline Project trainable() {
    auto project = smallProject(300, 0.3);
    set(project, "epochs", std::int64_t{2});
    return project;
}

} // namespace gradwright::test
