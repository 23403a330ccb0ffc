// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/ui/data/data_bench.h"
#include "ui/data/data_preview.h"

#include <QDragEnterEvent>
#include <QDropEvent>
#include <QFrame>
#include <QLabel>
#include <QMimeData>
#include <QPushButton>
#include <QTabBar>

namespace gradwright::test {

/// A Data page onto which files are dropped, and the preview of what they hold.
struct PreviewBench : DataBench {
    using DataBench::DataBench;

    void drop(const std::filesystem::path& file) const {
        QMimeData data;
        data.setUrls({QUrl::fromLocalFile(QString::fromStdString(file.string()))});
        QDragEnterEvent enter({300, 300}, Qt::CopyAction, &data, Qt::LeftButton, {});
        QCoreApplication::sendEvent(page.get(), &enter);
        QVERIFY(enter.isAccepted());
        QDropEvent event({300, 300}, Qt::CopyAction, &data, Qt::LeftButton, {});
        QCoreApplication::sendEvent(page.get(), &event);
        QVERIFY(event.isAccepted());
    }
    /// Drops a table that can be used at once.
    void offer(const char* name, std::string_view text) const {
        drop(write(name, text));
        waitUntilUsable();
    }
    [[nodiscard]] static DataPreview* preview() {
        for (QWidget* const top : QApplication::topLevelWidgets())
            if (auto* const found = qobject_cast<DataPreview*>(top); found && found->isVisible())
                return found;
        return nullptr;
    }
    template <class T>
    static T& inPreview(const char* name) {
        auto* const found = preview()->findChild<T*>(QLatin1String(name));
        if (found == nullptr)
            qFatal("no widget \"%s\" in the preview", name);
        return *found;
    }
    void waitUntilUsable() const {
        QTRY_VERIFY(preview() != nullptr);
        QTRY_VERIFY_WITH_TIMEOUT(inPreview<QPushButton>("useData").isEnabled(), kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(!inPreview<QWidget>("previewProgress").isVisible(), kPatience);
    }
    [[nodiscard]] static QString stateText() { return inPreview<QLabel>("previewState").text(); }
    [[nodiscard]] static QModelIndex offered(const char* column, ColumnModel::Section section) {
        const auto& model = *inPreview<QTableView>("previewColumns").model();
        for (int row = 0; row < model.rowCount(); ++row)
            if (model.index(row, ColumnModel::Name).data().toString() == QLatin1String(column))
                return model.index(row, section);
        qFatal("no column \"%s\"", column);
    }
    [[nodiscard]] static QString offeredText(const char* column, ColumnModel::Section section) {
        return offered(column, section).data().toString();
    }
    /// Opens the list in a cell by a click and clicks one of its entries.
    static void choose(const char* column, ColumnModel::Section section, const QString& entry) {
        auto& view = inPreview<QTableView>("previewColumns");
        const QModelIndex index = offered(column, section);
        view.scrollTo(index);
        QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, view.visualRect(index).center());
        auto* const box = view.findChild<QComboBox*>(
            section == ColumnModel::Type ? QStringLiteral("type") : QStringLiteral("role"));
        QVERIFY(box != nullptr);
        QTRY_VERIFY(box->view()->isVisible());
        const int at = box->findText(entry);
        QVERIFY2(at >= 0, qPrintable(entry));
        const QRect place = box->view()->visualRect(box->model()->index(at, 0));
        QTest::qWait(QApplication::doubleClickInterval() + 50); // a list just opened ignores clicks
        QTest::mouseClick(box->view()->viewport(), Qt::LeftButton, {}, place.center());
    }
    static void showPreviewTab(const QString& title) {
        auto& tabs = inPreview<QTabBar>("previewTabs");
        for (int tab = 0; tab < tabs.count(); ++tab)
            if (tabs.tabText(tab).startsWith(title)) {
                QTest::mouseClick(&tabs, Qt::LeftButton, {}, tabs.tabRect(tab).center());
                QCOMPARE(tabs.currentIndex(), tab);
                return;
            }
        QFAIL("no such tab");
    }
    /// The button that helps about a problem; nullptr where there is none.
    [[nodiscard]] static QPushButton* remedyOf(const QString& card) {
        auto* const frame = preview()->findChild<QFrame*>(card);
        return frame ? frame->findChild<QPushButton*>(QStringLiteral("remedy")) : nullptr;
    }
    static void press(const char* button) {
        QTest::mouseClick(&inPreview<QPushButton>(button), Qt::LeftButton);
    }
};

} // namespace gradwright::test
