// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/added_images.h"
#include "engine/data/survey/sample_selection.h"
#include "tests/support/gestures.h"
#include "tests/support/own_home.h"
#include "tests/ui/data/data_bench.h"
#include "ui/data/sample_browser.h"
#include "ui/data/sample_views.h"
#include "ui/drawing/drawing_pad.h"

#include <QApplication>
#include <QLabel>
#include <QMenu>
#include <QPushButton>
#include <QTemporaryDir>
#include <QToolButton>

#include <algorithm>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

/// New samples are drawn on the Data page, put right and taken out again.
class DataDrawingTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        liveIn(home_.path());
        themes_ = std::make_unique<ThemeManager>(*qApp);
    }
    void init() {
        bench_ = std::make_unique<DataBench>(*themes_);
        QVERIFY(QTest::qWaitForWindowExposed(bench_->page.get()));
        for (const char* const name : {"dark", "light"})
            for (int i = 0; i < 20; ++i) {
                const auto shade = static_cast<std::uint8_t>((name[0] == 'd' ? 10 : 180) + i);
                fs::create_directories(bench_->folder / "shades" / name);
                writeFile(bench_->folder / "shades" / name / fmt::format("{}.jpg", i),
                          jpeg(16, 16, 1, Bytes(256, shade)));
            }
        bench_->document.openNew(projectForData(bench_->folder / "shades"));
        waitForSamples(40);
    }
    void cleanup() { bench_.reset(); }

    void samplesAreDrawnOneAfterTheOther() {
        activate();
        samples().tiles().setFocus();
        QTest::keyClick(&samples().tiles(), Qt::Key_Insert);
        QWidget& dialog = modal("drawingDialog");
        auto& pad = *dialog.findChild<DrawingPad*>();
        auto& add = *dialog.findChild<QPushButton*>(QStringLiteral("addDrawing"));
        auto& of = *dialog.findChild<QComboBox*>(QStringLiteral("drawnClass"));
        QVERIFY(!add.isEnabled());
        drawWithMouse(pad, {{60, 60}, {200, 200}});
        of.setFocus();
        QTest::keyClick(&of, Qt::Key_L); // "light"
        QCOMPARE(of.currentText(), QStringLiteral("light"));
        QTest::mouseClick(&add, Qt::LeftButton);
        QTest::keyClick(&modal("drawnSetDialog"), Qt::Key_Return);
        QVERIFY(pad.isBlank());
        QVERIFY(dialog.findChild<QLabel*>(QStringLiteral("drawnNote"))
                    ->text()
                    .contains(QStringLiteral("Added as light")));
        drawWithMouse(pad, {{60, 200}, {200, 60}});
        QTest::mouseClick(&add, Qt::LeftButton);
        QTest::keyClick(&dialog, Qt::Key_Escape);
        waitForSamples(42);
        QVERIFY(fs::exists(set() / "light/drawn-0001.png"));
        QVERIFY(fs::exists(set() / "light/drawn-0002.png"));
        bench_->document.undoStack().undo();
        waitForSamples(41);
        QVERIFY(!fs::exists(set() / "light/drawn-0002.png"));
        bench_->document.undoStack().undo();
        waitForSamples(40);
        QVERIFY(!fs::exists(set()));
    }

    void deleteTakesADrawingOutAndUndoBringsItBack() {
        draw();
        const auto file = set() / "dark/drawn-0001.png";
        const auto bytes = readFile(file);
        select("dark/drawn-0001.png");
        QTest::keyClick(&samples().tiles(), Qt::Key_Delete);
        waitForSamples(40);
        QVERIFY(!fs::exists(file));
        bench_->document.undoStack().undo();
        waitForSamples(41);
        QVERIFY(readFile(file) == bytes);
    }

    void f2PutsADrawingIntoAnotherClass() {
        draw();
        select("dark/drawn-0001.png");
        QTest::keyClick(&samples().tiles(), Qt::Key_F2);
        auto* const menu = samples().findChild<QMenu*>(QStringLiteral("relabelMenu"));
        QVERIFY(menu != nullptr && menu->isVisible());
        QTest::keyClick(menu, Qt::Key_L);
        QVERIFY(!fs::exists(set() / "dark/drawn-0001.png"));
        QVERIFY(fs::exists(set() / "light/drawn-0001.png"));
        waitForSamples(41);
        bench_->document.undoStack().undo();
        QVERIFY(fs::exists(set() / "dark/drawn-0001.png"));
        QVERIFY(!fs::exists(set() / "light"));
    }

    /// Files that lay in the folder are not the program's to remove.
    void filesOfOthersStay() {
        draw();
        fs::create_directories(set() / "light");
        writeFile(set() / "light/own.jpg", jpeg(16, 16, 1, Bytes(256, 99)));
        auto choice = bench_->document.project().data;
        choice.validationFraction = 0.2; // the data are read anew
        bench_->document.perform(QStringLiteral("split"), {SetData{choice}});
        waitForSamples(42);
        select("light/own.jpg");
        QTest::keyClick(&samples().tiles(), Qt::Key_Delete);
        QVERIFY(fs::exists(set() / "light/own.jpg"));
        const auto& banner = bench_->find<QFrame>("dataMessage");
        QVERIFY(banner.isVisible());
        QVERIFY(banner.findChild<QLabel*>()->text().contains(QStringLiteral("own.jpg")));
    }

    void tablesCannotBeDrawn() {
        std::string text = "a,b,kind\n";
        for (int i = 0; i < 60; ++i)
            text += fmt::format("{},{},{}\n", i, i % 7, i % 2 == 0 ? "x" : "y");
        bench_->openTable(text);
        QTRY_VERIFY(!bench_->find<QToolButton>("drawSample").isVisible());
    }

private:
    [[nodiscard]] SampleBrowser& samples() const { return bench_->page->samples(); }
    [[nodiscard]] fs::path set() const {
        const auto& params = bench_->document.project().data.params;
        const auto found = params.find(std::string(kAddedFolderParam));
        return found == params.end() ? lastSet_ : fs::path(std::get<std::string>(found->second));
    }
    void waitForSamples(std::size_t count) const {
        QTRY_VERIFY_WITH_TIMEOUT(samples().shown() && !samples().isFiltering() &&
                                     samples().shown()->samples.size() == count,
                                 kPatience);
    }
    [[nodiscard]] static QWidget& modal(const char* name) {
        auto* const dialog = QApplication::activeModalWidget();
        if (!dialog || dialog->objectName() != QLatin1String(name))
            qFatal("no dialog \"%s\"", name);
        return *dialog;
    }
    /// A drawing in the class "dark".
    void draw() {
        QTest::mouseClick(&bench_->find<QToolButton>("drawSample"), Qt::LeftButton);
        QWidget& dialog = modal("drawingDialog");
        drawWithMouse(*dialog.findChild<DrawingPad*>(), {{60, 60}, {200, 200}});
        QTest::mouseClick(dialog.findChild<QPushButton*>(QStringLiteral("addDrawing")),
                          Qt::LeftButton);
        QTest::keyClick(&modal("drawnSetDialog"), Qt::Key_Return);
        QTest::keyClick(&dialog, Qt::Key_Escape);
        activate();
        waitForSamples(41);
        lastSet_ = set();
    }
    /// As a window manager would when a dialog has closed.
    void activate() const {
        bench_->page->activateWindow();
        QVERIFY(QTest::qWaitForWindowActive(bench_->page.get()));
    }
    void select(const std::string& file) const {
        const auto& shown = *samples().shown();
        const auto found = std::ranges::find_if(shown.samples, [&](const SampleId& sample) {
            return addedImageOf(originOf(*shown.data, sample)) == file;
        });
        QVERIFY2(found != shown.samples.end(), file.c_str());
        samples().tiles().setFocus();
        samples().tiles().select(static_cast<int>(found - shown.samples.begin()));
    }

    QTemporaryDir home_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<DataBench> bench_;
    fs::path lastSet_;
};

QTEST_MAIN(DataDrawingTest)
#include "tst_data_drawing.moc"
