// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/image_corrections.h"
#include "engine/data/survey/part_counts.h"
#include "engine/data/survey/sample_selection.h"
#include "tests/support/own_home.h"
#include "tests/ui/data/data_bench.h"
#include "ui/data/sample_browser.h"

#include <QAction>
#include <QMenu>
#include <QPushButton>
#include <QTabBar>
#include <QTableView>
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
    /// 60 rows of a table, half of them x.
    void openRows() const {
        std::string text = "a,b,kind\n";
        for (int i = 0; i < 60; ++i)
            text += fmt::format("{}.5,{},{}\n", i, i % 7, i % 2 == 0 ? "x" : "y");
        bench_->openTable(text);
        auto& tabs = bench_->find<QTabBar>("dataTabs");
        QTest::mouseClick(&tabs, Qt::LeftButton, {}, tabs.tabRect(0).center());
        samples().rows().setFocus();
        waitForSamples(60);
    }
    [[nodiscard]] std::vector<std::string> shownOrigins() const {
        std::vector<std::string> origins;
        const auto& shown = samples().shown();
        for (const SampleId& sample : shown->samples)
            origins.push_back(shown->losses.empty() ? "" : originOf(*shown->data, sample));
        return origins;
    }
    [[nodiscard]] bool hasNote(std::string_view part) const {
        return std::ranges::any_of(bench_->document.dataNotes(),
                                   [&](const std::string& note) { return contains(note, part); });
    }
    [[nodiscard]] std::string labelOf(const SampleId& sample) const {
        const auto& data = *samples().shown()->data;
        return data.info.classes.at(
            static_cast<std::size_t>(sourceOf(data, sample).label(sample.index)));
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

    /// Points that the program makes have no place to keep what is said of them.
    void dataOfTheProgramAreNotCorrected() {
        bench_->document.newFromTemplate("two-spirals");
        QTRY_VERIFY_WITH_TIMEOUT(samples().shown() && !samples().isFiltering(), kPatience);
        const auto before = project();
        QTest::keyClick(&samples().rows(), Qt::Key_Delete);
        QTest::keyClick(&samples().rows(), Qt::Key_F2);
        QVERIFY(samples().findChild<QMenu*>(QStringLiteral("relabelMenu")) == nullptr);
        QTest::qWait(50);
        QVERIFY(project() == before);
    }

    void deleteLeavesARowOut() {
        openRows();
        samples().rows().selectRow(4);
        const std::string origin = fileOfSelected();
        const auto before = readFile(bench_->folder / "flowers.csv");
        QTest::keyClick(&samples().rows(), Qt::Key_Delete);
        waitForSamples(59);
        QVERIFY(hasNote("corrected by hand: 0 to another class, 1 left out"));
        QCOMPARE(samples().rows().currentIndex().row(), 4); // where the keyboard was
        QVERIFY(fileOfSelected() != origin);
        QVERIFY(readFile(bench_->folder / "flowers.csv") == before);
        QCOMPARE(bench_->document.undoStack().undoText(),
                 QStringLiteral("Leave out %1").arg(QString::fromStdString(origin)));
        bench_->document.undoStack().undo();
        QVERIFY(!project().data.params.contains("corrections"));
        waitForSamples(60);
    }

    void f2PutsARowIntoAnotherClass() {
        openRows();
        samples().rows().selectRow(2);
        const SampleId sample = samples().selected().value();
        const auto wasX = labelOf(sample) == "x";
        QTest::keyClick(&samples().rows(), Qt::Key_F2);
        auto* const menu = samples().findChild<QMenu*>(QStringLiteral("relabelMenu"));
        QVERIFY(menu != nullptr && menu->isVisible());
        QTest::keyClick(menu, wasX ? Qt::Key_Y : Qt::Key_X);
        QTRY_VERIFY_WITH_TIMEOUT(hasNote("corrected by hand: 1 to another class, 0 left out"),
                                 kPatience);
        QVERIFY(std::get<std::string>(project().data.params.at("corrections"))
                    .ends_with(wasX ? "=y" : "=x"));
        waitForSamples(60);
    }

    /// What a network makes of the others holds, so whoever goes down the list keeps it.
    void theListOfLikelyWrongRowsIsWorkedThrough() {
        openRows();
        auto training = project().training;
        training.params["epochs"] = std::int64_t{2};
        bench_->document.perform(QStringLiteral("Epochs"), {SetTraining{training}});
        bench_->session.start(trainingJob(project(), bench_->document.runsFolder()));
        QTRY_COMPARE_WITH_TIMEOUT(bench_->session.state(), TrainingState::Finished, kPatience);
        auto& judge = bench_->find<QPushButton>("judgeSamples");
        QTest::mouseClick(&judge, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(!samples().shown()->losses.empty(), kPatience);
        const auto order = shownOrigins();
        QVERIFY(order.size() > 20);
        samples().rows().selectRow(3);
        samples().rows().setFocus();
        QTest::keyClick(&samples().rows(), Qt::Key_Delete);
        auto left = order;
        left.erase(left.begin() + 3);
        QTRY_VERIFY_WITH_TIMEOUT(shownOrigins() == left, kPatience);
        QVERIFY(judge.isChecked());
        QCOMPARE(samples().rows().currentIndex().row(), 3); // the next one
        bench_->document.undoStack().undo();
        QTRY_VERIFY_WITH_TIMEOUT(shownOrigins() == order, kPatience);
        QVERIFY(judge.isChecked());
        // One that has got another class is done with, and stands last.
        samples().rows().selectRow(1);
        const bool wasX = labelOf(samples().selected().value()) == "x";
        QTest::keyClick(&samples().rows(), Qt::Key_F2);
        auto* const menu = samples().findChild<QMenu*>(QStringLiteral("relabelMenu"));
        QVERIFY(menu != nullptr && menu->isVisible());
        QTest::keyClick(menu, wasX ? Qt::Key_Y : Qt::Key_X);
        auto moved = order;
        std::rotate(moved.begin() + 1, moved.begin() + 2, moved.end());
        QTRY_VERIFY_WITH_TIMEOUT(shownOrigins() == moved, kPatience);
        QCOMPARE(samples().rows().currentIndex().row(), 1);
        const auto last = samples().shown()->samples.size() - 1;
        QVERIFY(samples().shown()->isCorrected(last) && !samples().shown()->isCorrected(last - 1));
        QVERIFY(samples().shown()->answer(last).contains(QStringLiteral("corrected")));
        // Other changes of the data make it void.
        auto choice = project().data;
        choice.validationFraction = 0.3;
        bench_->document.perform(QStringLiteral("Split"), {SetData{choice}});
        QTRY_VERIFY_WITH_TIMEOUT(!judge.isChecked() && samples().shown()->losses.empty(),
                                 kPatience);
    }

    /// Keys that come faster than a file is read do not get lost.
    void rowsAreLeftOutOneAfterTheOther() {
        openRows();
        samples().rows().selectRow(0);
        QTest::keyClick(&samples().rows(), Qt::Key_Delete);
        samples().rows().selectRow(7);
        QTest::keyClick(&samples().rows(), Qt::Key_Delete);
        waitForSamples(58);
        QCOMPARE(bench_->document.undoStack().count(), 2);
    }
};

QTEST_MAIN(DataCorrectionsTest)
#include "tst_data_corrections.moc"
