// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/image_corrections.h"
#include "engine/data/survey/part_counts.h"
#include "tests/support/own_home.h"
#include "tests/ui/data/data_bench.h"
#include "ui/data/sample_browser.h"

#include <QAction>
#include <QMenu>
#include <QTemporaryDir>
#include <QTest>

#include <algorithm>
#include <memory>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

/// A person looks at images and says what is wrong with their classes.
class DataCorrectionsTest : public QObject {
    Q_OBJECT

private:
    QTemporaryDir home_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<DataBench> bench_;

    [[nodiscard]] const Project& project() const { return bench_->document.project(); }
    [[nodiscard]] SampleBrowser& samples() const { return bench_->page->samples(); }
    [[nodiscard]] std::vector<ImageCorrection> corrections() const {
        const auto found = project().data.params.find(std::string(kCorrectionsParam));
        return found == project().data.params.end()
                   ? std::vector<ImageCorrection>()
                   : correctionsFrom(std::get<std::string>(found->second));
    }
    void openImages() const {
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
    void waitForSamples(std::size_t count) const {
        QTRY_VERIFY_WITH_TIMEOUT(samples().shown() && !samples().isFiltering() &&
                                     samples().shown()->samples.size() == count,
                                 kPatience);
    }
    [[nodiscard]] std::string fileOfSelected() const {
        return originOf(*samples().shown()->data, *samples().selected());
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

    void deleteLeavesAnImageOut() {
        openImages();
        samples().tiles().setFocus();
        samples().tiles().select(3);
        const std::string file = fileOfSelected();
        const auto before = readFile(bench_->folder / "shades" / file);
        QTest::keyClick(&samples().tiles(), Qt::Key_Delete);
        QCOMPARE(corrections(), (std::vector<ImageCorrection>{{file, ""}}));
        waitForSamples(39);
        QVERIFY(readFile(bench_->folder / "shades" / file) == before);
        bench_->document.undoStack().undo();
        QVERIFY(corrections().empty());
        waitForSamples(40);
    }

    void f2PutsAnImageIntoAnotherClass() {
        openImages();
        samples().tiles().setFocus();
        samples().tiles().select(0);
        const std::string file = fileOfSelected();
        const bool wasDark = file.starts_with("dark/");
        QTest::keyClick(&samples().tiles(), Qt::Key_F2);
        auto* const menu = samples().findChild<QMenu*>(QStringLiteral("relabelMenu"));
        QVERIFY(menu != nullptr && menu->isVisible());
        QTest::keyClick(menu, wasDark ? Qt::Key_L : Qt::Key_D); // the class's first letter
        const std::string other = wasDark ? "light" : "dark";
        QCOMPARE(corrections(), (std::vector<ImageCorrection>{{file, other}}));
        waitForSamples(40);
        QTRY_VERIFY_WITH_TIMEOUT(bench_->document.dataInfo().has_value(), kPatience);
        const auto& notes = bench_->document.dataNotes();
        QTRY_VERIFY(std::ranges::any_of(notes, [](const std::string& note) {
            return contains(note, "corrected by hand: 1 to another class, 0 left out");
        }));
        QVERIFY(fs::exists(bench_->folder / "shades" / file));
    }

    /// Whoever presses the keys over a table changes nothing.
    void tablesAreNotCorrectedSo() {
        std::string text = "a,b,kind\n";
        for (int i = 0; i < 60; ++i)
            text += fmt::format("{},{},{}\n", i, i % 7, i % 2 == 0 ? "x" : "y");
        bench_->openTable(text);
        const auto before = project();
        for (auto* const action : samples().tiles().actions())
            QVERIFY(!action->isEnabled());
        QTest::keyClick(&samples().rows(), Qt::Key_Delete);
        QVERIFY(project() == before);
    }
};

QTEST_MAIN(DataCorrectionsTest)
#include "tst_data_corrections.moc"
