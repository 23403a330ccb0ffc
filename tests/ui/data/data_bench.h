// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/own_project.h"
#include "engine/project/templates.h"
#include "tests/support/data_files.h"
#include "ui/data/column_table.h"
#include "ui/data/data_page.h"
#include "ui/data/data_review.h"
#include "ui/session/data_probe.h"
#include "ui/session/training_session.h"
#include "ui/theme/theme_manager.h"

#include <QAbstractItemView>
#include <QComboBox>
#include <QTableView>
#include <QTest>

#include <filesystem>
#include <memory>
#include <string>

namespace gradwright::test {

#ifdef GRADWRIGHT_SANITIZED
inline constexpr int kPatience = 600'000; // ms
#else
inline constexpr int kPatience = 60'000; // ms: the machine may be busy
#endif

/// The Data page on a project, as a window has it.
struct DataBench {
    explicit DataBench(ThemeManager& themes)
        : document(folder / "autosave")
        , probe(document)
        , page(std::make_unique<DataPage>(document, themes, session, probe)) {
        page->resize(1280, 800);
        page->show();
    }
    ~DataBench() { page.reset(); } // it watches the others

    std::filesystem::path write(const char* name, std::string_view text) const {
        const auto file = folder / name;
        std::filesystem::create_directories(file.parent_path());
        writeFile(file, Bytes(text.begin(), text.end()));
        return file;
    }
    /// A project for a table, whose columns have been looked at.
    void openTable(std::string_view text) {
        document.openNew(projectForData(write("flowers.csv", text)));
        waitForColumns();
    }
    void waitForColumns() const {
        QTRY_VERIFY_WITH_TIMEOUT(page->review().table() && document.dataInfo() &&
                                     !page->review().isRunning(),
                                 kPatience);
    }
    template <class T>
    T& find(const char* name) const {
        auto* const found = page->findChild<T*>(QString::fromUtf8(name));
        if (found == nullptr)
            qFatal("no widget \"%s\"", name);
        return *found;
    }
    /// The cell of a column's row in the list of columns.
    [[nodiscard]] QModelIndex cell(const char* column, ColumnModel::Section section) const {
        const auto& model = *page->columns().view().model();
        for (int row = 0; row < model.rowCount(); ++row)
            if (model.index(row, ColumnModel::Name).data().toString() == QLatin1String(column))
                return model.index(row, section);
        qFatal("no column \"%s\"", column);
    }
    [[nodiscard]] QString text(const char* column, ColumnModel::Section section) const {
        return cell(column, section).data().toString();
    }
    /// Opens the list in a cell by a click and clicks one of its entries.
    void chooseRole(const char* column, const QString& role) const {
        QTableView& view = page->columns().view();
        const QModelIndex index = cell(column, ColumnModel::Role);
        view.scrollTo(index);
        QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, view.visualRect(index).center());
        auto* const box = view.findChild<QComboBox*>(QStringLiteral("role"));
        QVERIFY(box != nullptr);
        QTRY_VERIFY(box->view()->isVisible());
        const int entry = box->findText(role);
        QVERIFY2(entry >= 0, qPrintable(role));
        const QRect place = box->view()->visualRect(box->model()->index(entry, 0));
        QTest::qWait(QApplication::doubleClickInterval() + 50); // a list just opened ignores clicks
        QTest::mouseClick(box->view()->viewport(), Qt::LeftButton, {}, place.center());
    }

    TemporaryFolder folder;
    ProjectDocument document;
    TrainingSession session;
    DataProbe probe;
    std::unique_ptr<DataPage> page;
};

} // namespace gradwright::test
