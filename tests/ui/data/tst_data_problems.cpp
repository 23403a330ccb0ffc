// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/own_home.h"
#include "tests/ui/data/data_bench.h"
#include "ui/data/data_preview.h"
#include "ui/data/problem_list.h"
#include "ui/data/sample_browser.h"

#include <QDragEnterEvent>
#include <QDropEvent>
#include <QFrame>
#include <QLabel>
#include <QLineEdit>
#include <QMimeData>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTabBar>
#include <QTemporaryDir>
#include <QToolButton>

#include <array>

using namespace gradwright;
using namespace gradwright::test;

/// What is wrong with data and is put right by a button, and what has to be whole for that.
class TestDataProblems : public QObject {
    Q_OBJECT

private:
    QTemporaryDir home_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<DataBench> bench_;

    [[nodiscard]] const Project& project() const { return bench_->document.project(); }
    void undo() const { bench_->document.undoStack().undo(); }
    void drop(const std::filesystem::path& file) const {
        QMimeData data;
        data.setUrls({QUrl::fromLocalFile(QString::fromStdString(file.string()))});
        QDragEnterEvent enter({300, 300}, Qt::CopyAction, &data, Qt::LeftButton, {});
        QCoreApplication::sendEvent(bench_->page.get(), &enter);
        QVERIFY(enter.isAccepted());
        QDropEvent event({300, 300}, Qt::CopyAction, &data, Qt::LeftButton, {});
        QCoreApplication::sendEvent(bench_->page.get(), &event);
        QVERIFY(event.isAccepted());
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
    void waitForPreview() const {
        QTRY_VERIFY(preview() != nullptr);
        QTRY_VERIFY_WITH_TIMEOUT(inPreview<QPushButton>("useData").isEnabled(), kPatience);
    }
    QPushButton* remedyOf(const QString& card) const {
        auto* const frame = bench_->page->findChild<QFrame*>(card);
        return frame ? frame->findChild<QPushButton*>(QStringLiteral("remedy")) : nullptr;
    }
    void showTab(const QString& title) const {
        auto& tabs = bench_->find<QTabBar>("dataTabs");
        for (int tab = 0; tab < tabs.count(); ++tab)
            if (tabs.tabText(tab).startsWith(title)) {
                QTest::mouseClick(&tabs, Qt::LeftButton, {}, tabs.tabRect(tab).center());
                QCOMPARE(tabs.currentIndex(), tab);
                return;
            }
        QFAIL("no such tab");
    }
    /// Two classes of drawings by name.
    void openPets() const {
        for (const char* const name : {"cat", "dog"})
            for (int i = 0; i < 12; ++i) {
                const auto file = bench_->folder / fmt::format("pets/{}/{}.jpg", name, i);
                std::filesystem::create_directories(file.parent_path());
                writeFile(file, jpeg(16, 16, 1, Bytes(256, static_cast<std::uint8_t>(15 * i))));
            }
        bench_->document.openNew(projectForData(bench_->folder / "pets"));
        QTRY_VERIFY_WITH_TIMEOUT(
            bench_->page->review().parts() && !bench_->page->review().isRunning(), kPatience);
    }

    [[nodiscard]] QRect placeOf(const char* name) const {
        auto& part = bench_->find<QWidget>(name);
        return {part.mapTo(&bench_->page->samples(), QPoint()), part.size()};
    }
    [[nodiscard]] int topOf(const char* name) const { return placeOf(name).top(); }
    /// What of the bar above the samples is cut off or covered; empty where nothing is.
    [[nodiscard]] QString cutPart() const {
        const std::array names{"samplePart", "sampleClass", "sampleText", "judgeSamples",
                               "drawSample"};
        for (std::size_t i = 0; i < names.size(); ++i) {
            const QRect place = placeOf(names[i]);
            bool isWhole =
                bench_->find<QWidget>(names[i]).isVisible() &&
                bench_->page->samples().rect().contains(place) &&
                (i != 3 || place.width() >= bench_->find<QWidget>(names[i]).sizeHint().width());
            for (std::size_t k = 0; k < i; ++k)
                isWhole = isWhole && !placeOf(names[k]).intersects(place);
            if (!isWhole)
                return QString::fromLatin1(names[i]);
        }
        return {};
    }

private Q_SLOTS:
    void initTestCase() {
        liveIn(home_.path());
        themes_ = std::make_unique<ThemeManager>(*qApp);
    }
    void init() {
        bench_ = std::make_unique<DataBench>(*themes_);
        QVERIFY(QTest::qWaitForWindowExposed(bench_->page.get()));
    }
    void cleanup() { bench_.reset(); }

    /// One in the folder to train on and two in the one to test with are told at once.
    void brokenImagesOfANewFolderAreLeftOut() {
        for (const char* const name : {"train/cat", "train/dog", "test/cat", "test/dog"})
            for (int i = 0; i < 12; ++i) {
                const auto file = bench_->folder / fmt::format("pets/{}/{}.jpg", name, i);
                std::filesystem::create_directories(file.parent_path());
                writeFile(file, jpeg(16, 16, 1, Bytes(256, static_cast<std::uint8_t>(15 * i))));
            }
        const std::vector<std::string> broken{"train/cat/0.jpg", "test/cat/3.jpg",
                                              "test/dog/4.jpg"};
        for (const auto& name : broken)
            writeFile(bench_->folder / "pets" / name, {1, 2, 3});
        const auto before = project().data;
        drop(bench_->folder / "pets");
        QTRY_VERIFY(preview() != nullptr);
        QTRY_VERIFY_WITH_TIMEOUT(inPreview<QPushButton>("leaveOutUnreadable").isVisible(),
                                 kPatience);
        const QString faults = inPreview<QPlainTextEdit>("previewFaults").toPlainText();
        QCOMPARE(faults.count(u'\n'), 2);
        for (const auto& name : broken)
            QVERIFY2(
                faults.contains(QString::fromStdString((bench_->folder / "pets" / name).string())),
                qPrintable(faults));
        const QString state = inPreview<QLabel>("previewState").text();
        QVERIFY2(state.contains(QStringLiteral("train: 1 of 24 images")) &&
                     state.contains(QStringLiteral("test: 2 of 24 images")) &&
                     state.contains(QStringLiteral("“Unreadable: Leave out”")),
                 qPrintable(state));
        QVERIFY(!inPreview<QPushButton>("useData").isEnabled());
        auto& leaveOut = inPreview<QPushButton>("leaveOutUnreadable");
        QCOMPARE(leaveOut.text(), QStringLiteral("Leave out 3 unreadable images"));
        QTRY_VERIFY(leaveOut.hasFocus());
        QTest::keyClick(&leaveOut, Qt::Key_Space);
        waitForPreview();
        QVERIFY(!leaveOut.isVisible() && !inPreview<QPlainTextEdit>("previewFaults").isVisible());
        QVERIFY(inPreview<QLabel>("previewNotes")
                    .text()
                    .contains(QStringLiteral("2 unreadable images left out")));
        QTest::mouseClick(&inPreview<QPushButton>("useData"), Qt::LeftButton);
        QTRY_VERIFY(bench_->document.dataInfo() && project().data.dataset == "images");
        QCOMPARE(std::get<std::string>(project().data.params.at("unreadable")),
                 std::string("leave_out"));
        undo();
        QVERIFY(project().data == before);
    }

    void labelsThatDifferInCaseBecomeOneClass() {
        std::string text = "length,answer\n";
        for (int i = 0; i < 60; ++i)
            text += fmt::format("{}.5,{}\n", i % 7, i % 3 == 0 ? "yes" : i % 3 == 1 ? "Yes" : "no");
        bench_->openTable(text);
        showTab(QStringLiteral("Problems"));
        const QString card = QStringLiteral("problem/answer");
        QTRY_VERIFY(remedyOf(card) != nullptr);
        QCOMPARE(remedyOf(card)->text(), QStringLiteral("Make them one class"));
        QTest::mouseClick(remedyOf(card), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(bench_->document.dataInfo() &&
                                     bench_->document.dataInfo()->classes.size() == 2,
                                 kPatience);
        QTRY_VERIFY(remedyOf(card) == nullptr);
        undo();
        QTRY_VERIFY_WITH_TIMEOUT(bench_->document.dataInfo() &&
                                     bench_->document.dataInfo()->classes.size() == 3,
                                 kPatience);
    }

    /// On the smallest screens the row above the samples becomes two.
    void whatChoosesSamplesIsWhole() {
        openPets();
        auto& samples = bench_->page->samples();
        samples.setDrawing(true, {});
        for (const int width : {1280, 960, 1280}) {
            bench_->page->resize(width, 480);
            QTRY_COMPARE(bench_->page->width(), width);
            QTRY_VERIFY2(cutPart().isEmpty(), qPrintable(cutPart()));
            QTRY_COMPARE(topOf("sampleText") > topOf("samplePart") + 10, width == 960);
        }
    }

    /// Of a list that drops down, the last entry is as whole as the first, but for the list's own
    /// border, which Qt does not count.
    void listsShowTheirLastEntry() {
        openPets();
        auto& box = bench_->find<QComboBox>("samplePart");
        QTest::mouseClick(&box, Qt::LeftButton);
        QTRY_VERIFY(box.view()->isVisible());
        const QRect last = box.view()->visualRect(box.model()->index(box.count() - 1, 0));
        constexpr int kBorders = 2;
        QVERIFY2(last.bottom() <= box.view()->viewport()->rect().bottom() + kBorders,
                 qPrintable(QStringLiteral("the entry ends at %1, the list at %2")
                                .arg(last.bottom())
                                .arg(box.view()->viewport()->rect().bottom())));
        QTest::keyClick(box.view(), Qt::Key_Escape);
        QTRY_VERIFY(!box.view()->isVisible());
    }
};

QTEST_MAIN(TestDataProblems)
#include "tst_data_problems.moc"
