// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/own_data.h"
#include "tests/support/modal_answers.h"
#include "tests/support/own_home.h"
#include "tests/ui/data/data_bench.h"
#include "ui/data/column_details.h"
#include "ui/data/count_bars.h"
#include "ui/data/data_overview.h"
#include "ui/data/data_preview.h"
#include "ui/data/histogram_view.h"
#include "ui/data/problem_list.h"
#include "ui/data/sample_browser.h"
#include "ui/data/split_bar.h"
#include "ui/theme/text.h"

#include <QDragEnterEvent>
#include <QDropEvent>
#include <QFrame>
#include <QHeaderView>
#include <QLabel>
#include <QMenu>
#include <QMimeData>
#include <QPointer>
#include <QPushButton>
#include <QTabBar>
#include <QTemporaryDir>
#include <QToolButton>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// 60 rows: a number for each row, one that tells the kinds apart, one with gaps, one without a
/// second value.
std::string flowers() {
    std::string text = "id,length,height,site,species\n";
    for (int i = 0; i < 60; ++i)
        text += fmt::format("{},{}.{},{},north,{}\n", i + 1, i % 3 == 0 ? 7 : 4, i % 10,
                            i % 12 == 5 ? std::string() : std::to_string(10 + i % 5),
                            i % 3 == 0 ? "iris" : "rose");
    return text;
}

} // namespace

class TestDataPage : public QObject {
    Q_OBJECT

private:
    QTemporaryDir home_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<DataBench> bench_;

    [[nodiscard]] const Project& project() const { return bench_->document.project(); }
    [[nodiscard]] QString label(const char* name) const {
        return bench_->find<QLabel>(name).text();
    }
    void undo() const { bench_->document.undoStack().undo(); }
    void drop(const std::filesystem::path& file) const {
        QMimeData data;
        data.setUrls({QUrl::fromLocalFile(QString::fromStdString(file.string()))});
        QDragEnterEvent enter({300, 300}, Qt::CopyAction, &data, Qt::LeftButton, {});
        QCoreApplication::sendEvent(bench_->page.get(), &enter);
        QVERIFY(enter.isAccepted());
        QVERIFY(bench_->find<QFrame>("dropZone").isVisible());
        QDropEvent event({300, 300}, Qt::CopyAction, &data, Qt::LeftButton, {});
        QCoreApplication::sendEvent(bench_->page.get(), &event);
        QVERIFY(event.isAccepted());
        QVERIFY(!bench_->find<QFrame>("dropZone").isVisible());
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

    // ---- what the data are

    void dataOfTheProgramAreShown() {
        bench_->document.newFromTemplate("two-spirals");
        QTRY_VERIFY_WITH_TIMEOUT(
            bench_->page->review().parts() && !bench_->page->review().isRunning(), kPatience);
        QCOMPARE(label("dataName"), QStringLiteral("Points in the plane"));
        const auto& counts = bench_->page->review().parts()->counts;
        for (int part = 0; part < 3; ++part)
            QCOMPARE(label(qPrintable(QStringLiteral("partCount/%1").arg(part))),
                     fullNumber(counts.samples.at(static_cast<std::size_t>(part))));
        QCOMPARE(bench_->find<CountBars>("classCounts").rows().size(), std::size_t{2});
        QVERIFY(label("splitNote").contains(QStringLiteral("their own test part")));
    }

    void aTableIsShownWithItsNotes() {
        bench_->openTable(flowers());
        QCOMPARE(label("dataName"), QStringLiteral("flowers.csv"));
        QVERIFY(label("dataOrigin").contains(QStringLiteral("Table (CSV)")));
        QVERIFY2(label("dataReadingNotes").contains(QStringLiteral("60 rows: 60 used")),
                 qPrintable(label("dataReadingNotes")));
        const auto& classes = bench_->find<CountBars>("classCounts");
        QCOMPARE(classes.rows(), (std::vector<CountBars::Row>{{QStringLiteral("iris"), 20},
                                                              {QStringLiteral("rose"), 40}}));
        QVERIFY(classes.spokenText().contains(QStringLiteral("rose: 40")));
        QCOMPARE(label("partCount/2"), QStringLiteral("12"));
    }

    void whatCannotBeReadIsSaid() {
        auto choice = DataChoice{.dataset = "csv"};
        choice.params["file"] = bench_->write("broken.csv", "a,b\n1,2\n3\n").string();
        bench_->document.perform(QStringLiteral("Data"), {SetData{choice}});
        QTRY_VERIFY_WITH_TIMEOUT(!bench_->document.dataProblem().empty(), kPatience);
        QVERIFY2(label("dataSummary").contains(QStringLiteral("line 3")),
                 qPrintable(label("dataSummary")));
        QVERIFY(label("dataFailure").contains(QStringLiteral("line 3")));
    }

    // ---- replacing them

    /// In the words of the forms, with a column of lists named as such.
    void aPreviewSpeaksTheFormsLanguage() {
        std::string text = "label,picture\n";
        for (int i = 0; i < 40; ++i)
            text += fmt::format("{},{} 0 255 {}\n", i % 2, i, 3 * i);
        drop(bench_->write("lists.csv", text));
        waitForPreview();
        const QString notes = inPreview<QLabel>("previewNotes").text();
        QVERIFY2(notes.contains(QStringLiteral("4 numbers in each cell (“Pixels” makes an image")),
                 qPrintable(notes));
        const auto& columns = *inPreview<QTableView>("previewColumns").model();
        QCOMPARE(columns.index(1, ColumnModel::Type).data().toString(),
                 QStringLiteral("Lists of 4 numbers"));
        QTest::mouseClick(&inPreview<QPushButton>("cancelData"), Qt::LeftButton);
        QTRY_VERIFY(preview() == nullptr);
        // So is what keeps them from being used.
        text.replace(text.find("7 0 255"), 7, "x 0 255");
        drop(bench_->write("lists.csv", text));
        QTRY_VERIFY(preview() != nullptr);
        QTRY_VERIFY_WITH_TIMEOUT(
            inPreview<QLabel>("previewState").text().contains(QStringLiteral("but here \"x\"")),
            kPatience);
        QTest::mouseClick(&inPreview<QPushButton>("cancelData"), Qt::LeftButton);
    }

    void aDroppedTableIsShownBeforeItReplacesTheData() {
        bench_->document.newFromTemplate("two-spirals");
        QTRY_VERIFY_WITH_TIMEOUT(bench_->document.dataInfo().has_value(), kPatience);
        const Project before = project();
        drop(bench_->write("plants.csv", flowers()));
        waitForPreview();
        QVERIFY(project() == before); // nothing is changed yet
        const auto& columns = *inPreview<QTableView>("previewColumns").model();
        QCOMPARE(columns.rowCount(), 5);
        const auto cell = [&](int row, int column) {
            return columns.index(row, column).data().toString();
        };
        QCOMPARE(cell(0, 0), QStringLiteral("id"));
        QCOMPARE(cell(0, 2), QStringLiteral("Left out"));
        QCOMPARE(cell(1, 1), QStringLiteral("Numbers"));
        QCOMPARE(cell(4, 2), QStringLiteral("Target"));
        QVERIFY2(inPreview<QLabel>("previewState").text().contains(QStringLiteral("12 to test")),
                 qPrintable(inPreview<QLabel>("previewState").text()));
        QTest::mouseClick(&inPreview<QPushButton>("useData"), Qt::LeftButton);
        QCOMPARE(project().data.dataset, std::string("csv"));
        bench_->waitForColumns();
        // The network follows, in the same step.
        QTRY_VERIFY(!bench_->document.analysis().hasErrors());
        QCOMPARE(bench_->document.undoStack().count(), 1);
        undo();
        QVERIFY(project().data == before.data && project().network == before.network);
    }

    void aCancelledPreviewChangesNothing() {
        bench_->openTable(flowers());
        const Project before = project();
        drop(bench_->write("other.csv", "a,b,kind\n1,2,x\n2,3,y\n3,1,x\n4,4,y\n5,1,x\n6,2,y\n"));
        waitForPreview();
        QTest::mouseClick(&inPreview<QPushButton>("cancelData"), Qt::LeftButton);
        QTRY_VERIFY(preview() == nullptr);
        QVERIFY(project() == before);
        // By the keyboard, too.
        drop(bench_->folder / "other.csv");
        waitForPreview();
        QTest::keyClick(preview(), Qt::Key_Escape);
        QTRY_VERIFY(preview() == nullptr);
        QVERIFY(project() == before);
    }

    /// While the preview still reads the data.
    void thePageMayGoBeforeItsPreview() {
        std::string text = "a,b,class\n";
        for (int row = 0; row < 20'000; ++row)
            text += fmt::format("{},{},{}\n", row, row * 2, row % 3);
        drop(bench_->write("large.csv", text));
        QTRY_VERIFY(preview() != nullptr);
        const QPointer<DataPreview> open(preview());
        bench_->page.reset();
        QVERIFY(open.isNull() || !open->isVisible());
    }

    void aFileThatIsNoDataCannotBeAccepted() {
        drop(bench_->write("empty.csv", ""));
        QTRY_VERIFY(preview() != nullptr);
        QTRY_VERIFY_WITH_TIMEOUT(
            inPreview<QLabel>("previewState").text().contains(QStringLiteral("the file is empty")),
            kPatience);
        QCOMPARE(inPreview<QLabel>("previewTitle").text(),
                 QStringLiteral("empty.csv cannot be used as it is"));
        QVERIFY(!inPreview<QPushButton>("useData").isEnabled());
        QTest::keyClick(preview(), Qt::Key_Escape);
    }

    void aFileIsChosenInADialog() {
        const auto file = bench_->write("plants.csv", flowers());
        ModalAnswers answers;
        answers.file(QString::fromStdString(file.string())).press("useData");
        auto& button = bench_->find<QToolButton>("replaceData");
        button.menu()->actions().front()->trigger();
        QTRY_VERIFY_WITH_TIMEOUT(answers.isDone(), kPatience);
        QTRY_COMPARE(project().data.dataset, std::string("csv"));
    }

    // ---- columns

    void rolesAreChosenFromAListInTheCell() {
        bench_->openTable(flowers());
        QCOMPARE(bench_->text("length", ColumnModel::Role), QStringLiteral("Input"));
        QCOMPARE(bench_->text("id", ColumnModel::Role), QStringLiteral("Left out"));
        QCOMPARE(bench_->text("species", ColumnModel::Inputs), QStringLiteral("2 classes"));
        QCOMPARE(label("columnsEffect"),
                 QStringLiteral("3 inputs of 3 columns; species is predicted: 2 classes"));
        bench_->chooseRole("height", QStringLiteral("Categories"));
        QTRY_COMPARE(std::get<std::string>(project().data.params.at("categorical")),
                     std::string("height"));
        QTRY_COMPARE_WITH_TIMEOUT(
            label("columnsEffect"),
            QStringLiteral("7 inputs of 3 columns; species is predicted: 2 classes"), kPatience);
        QTRY_COMPARE(bench_->text("height", ColumnModel::Inputs), QStringLiteral("5"));
        QTRY_VERIFY(!bench_->document.analysis().hasErrors()); // the network has followed
        QCOMPARE(bench_->document.undoStack().undoText(), QStringLiteral("Change role of height"));
        undo();
        QVERIFY(!project().data.params.contains("categorical"));
        QTRY_COMPARE(bench_->text("height", ColumnModel::Role), QStringLiteral("Input"));
    }

    void anotherTargetMakesItARegression() {
        bench_->openTable(flowers());
        bench_->chooseRole("length", QStringLiteral("Target"));
        QTRY_COMPARE_WITH_TIMEOUT(bench_->text("length", ColumnModel::Inputs),
                                  QStringLiteral("a value"), kPatience);
        QCOMPARE(bench_->text("species", ColumnModel::Role), QStringLiteral("Input"));
        QTRY_VERIFY(!bench_->document.analysis().hasErrors());
        QTRY_COMPARE(project().training.objectives.front().loss.key,
                     std::string("mean-squared-error"));
        // Relations are with the new target.
        QTRY_VERIFY(!bench_->text("species", ColumnModel::WithTarget).isEmpty());
        QVERIFY(bench_->text("length", ColumnModel::WithTarget).isEmpty());
    }

    void rolesAreChosenByKeys() {
        bench_->openTable(flowers());
        QTableView& view = bench_->page->columns().view();
        view.setCurrentIndex(bench_->cell("length", ColumnModel::Name));
        view.setFocus();
        QTest::keyClick(&view, Qt::Key_Return);
        auto* const box = view.findChild<QComboBox*>(QStringLiteral("role"));
        QVERIFY(box != nullptr);
        QCOMPARE(box->accessibleName(), QStringLiteral("Role of length"));
        QTRY_VERIFY(box->view()->isVisible());
        QTest::keyClick(box->view(), Qt::Key_End); // Left out
        QTest::keyClick(box->view(), Qt::Key_Return);
        QTRY_VERIFY(std::ranges::count(ignoredBy(project().data), "length") == 1);
    }

    void aColumnIsDescribed() {
        bench_->openTable(flowers());
        bench_->page->columns().selectColumn("height");
        auto& details = bench_->find<ColumnDetails>("columnDetails");
        QTRY_VERIFY(details.isVisible());
        QStringList texts;
        for (const auto* const each : details.findChildren<QLabel*>())
            texts << each->text();
        for (const char* const text : {"height", "55", "5", "Median", "10", "14"})
            QVERIFY2(texts.contains(QLatin1String(text)), text);
        QCOMPARE(bench_->find<HistogramView>("histogram").histogram().counts.size(),
                 std::size_t{5});
        QVERIFY(bench_->find<CountBars>("commonValues").rows().front().count == 11);
        QVERIFY(label("association").startsWith(QStringLiteral("Correlation ratio with species")));
    }

    // ---- problems

    void aProblemIsCuredByOneClick() {
        bench_->openTable(flowers());
        showTab(QStringLiteral("Problems"));
        QTRY_VERIFY(remedyOf(QStringLiteral("problem/site")) != nullptr);
        auto* const button = remedyOf(QStringLiteral("problem/site"));
        QVERIFY(button->isVisible());
        QTest::mouseClick(button, Qt::LeftButton);
        QTRY_COMPARE(ignoredBy(project().data), (std::vector<std::string>{"id", "site"}));
        bench_->waitForColumns();
        QTRY_VERIFY(remedyOf(QStringLiteral("problem/site")) == nullptr);
        QTRY_VERIFY(!bench_->document.analysis().hasErrors());
        undo();
        QTRY_VERIFY(remedyOf(QStringLiteral("problem/site")) != nullptr);
    }

    void missingValuesAreToldByLine() {
        bench_->openTable(flowers());
        showTab(QStringLiteral("Problems"));
        auto* const card = bench_->page->findChild<QFrame*>(QStringLiteral("problem/height"));
        QVERIFY(card != nullptr);
        QStringList texts;
        for (const auto* const each : card->findChildren<QLabel*>())
            texts << each->text();
        const QString all = texts.join(u'\n');
        QVERIFY2(all.contains(QStringLiteral("5 of 60 rows have no value here")), qPrintable(all));
        QVERIFY2(all.contains(QStringLiteral("line 7, line 19, line 31, line 43, line 55")),
                 qPrintable(all));
        QTest::mouseClick(card->findChild<QPushButton*>(QStringLiteral("showColumn")),
                          Qt::LeftButton);
        QCOMPARE(bench_->page->columns().selected()->profile.name, std::string("height"));
        QVERIFY(bench_->page->columns().isVisible());
    }

    void unevenClassesAreWeighed() {
        std::string text = "x,z,kind\n";
        for (int i = 0; i < 100; ++i)
            text += fmt::format("{}.5,{},{}\n", i, i % 7, i % 10 == 0 ? "rare" : "usual");
        bench_->openTable(text);
        showTab(QStringLiteral("Problems"));
        QTRY_VERIFY(remedyOf(QStringLiteral("problem/")) != nullptr);
        QTest::mouseClick(remedyOf(QStringLiteral("problem/")), Qt::LeftButton);
        const auto weights = [&]() -> std::string {
            const auto& params = project().training.objectives.front().loss.params;
            const auto found = params.find("class_weights");
            return found == params.end() ? "" : std::get<std::string>(found->second);
        };
        // 72 rows train, of which 7 are rare (8 of 80 without the test part, one for validation).
        QTRY_COMPARE(weights(), std::string("5.14286, 0.553846"));
        undo();
        QVERIFY(weights().empty());
    }

    void aSampleInTwoPartsIsShownAndLeftOut() {
        std::string text = "x,z,kind\n";
        for (int i = 0; i < 60; ++i)
            text += fmt::format("{}.5,{},{}\n", i % 30, i % 30 % 7, i % 2 == 0 ? "a" : "b");
        bench_->openTable(text);
        showTab(QStringLiteral("Problems"));
        auto* const card = bench_->page->findChild<QFrame*>(QStringLiteral("problem/"));
        QVERIFY(card != nullptr);
        QVERIFY(card->findChild<QLabel*>(QStringLiteral("places"))
                    ->text()
                    .contains(QStringLiteral("= test: line")));
        const auto wanted = bench_->page->problems().problems().front().problem.samples.front();
        QTest::mouseClick(card->findChild<QPushButton*>(QStringLiteral("showSample")),
                          Qt::LeftButton);
        QVERIFY(bench_->page->samples().isVisible());
        QTRY_COMPARE(bench_->page->samples().selected(), std::optional(wanted));
        showTab(QStringLiteral("Problems"));
        QTest::mouseClick(card->findChild<QPushButton*>(QStringLiteral("remedy")), Qt::LeftButton);
        QTRY_VERIFY(project().data.params.contains("duplicates"));
        QTRY_VERIFY_WITH_TIMEOUT(bench_->page->review().duplicates() &&
                                     bench_->page->review().parts()->counts.total() == 30,
                                 kPatience);
        QTRY_VERIFY(bench_->page->problems().problems().empty());
        QVERIFY(label("noDataProblem").contains(QStringLiteral("No problems")));
    }

    void aBrokenImageIsLeftOut() {
        for (const char* const name : {"cat", "dog"})
            for (int i = 0; i < 20; ++i) {
                const auto file = bench_->folder / fmt::format("pets/{}/{}.jpg", name, i);
                std::filesystem::create_directories(file.parent_path());
                writeFile(file, jpeg(16, 16, 1,
                                     Bytes(256, static_cast<std::uint8_t>(
                                                    6 * i + (name[0] == 'c' ? 0 : 125)))));
            }
        writeFile(bench_->folder / "pets/cat/broken.jpg", {1, 2, 3});
        DataChoice choice{.dataset = "images"};
        choice.params["folder"] = (bench_->folder / "pets").string();
        choice.params["size"] = IntTuple{16, 16};
        choice.params["channels"] = std::string("gray");
        bench_->document.perform(QStringLiteral("Data"), {SetData{choice}});
        QTRY_VERIFY_WITH_TIMEOUT(!bench_->document.dataProblem().empty(), kPatience);
        showTab(QStringLiteral("Problems"));
        QTRY_VERIFY(remedyOf(QStringLiteral("problem/")) != nullptr);
        QTest::mouseClick(remedyOf(QStringLiteral("problem/")), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(bench_->document.dataInfo().has_value(), kPatience);
        QVERIFY2(label("dataReadingNotes").contains(QStringLiteral("1 unreadable image left out")),
                 qPrintable(label("dataReadingNotes")));
        QTRY_VERIFY_WITH_TIMEOUT(bench_->page->review().parts() != nullptr, kPatience);
        QCOMPARE(bench_->page->review().parts()->counts.total(), 40);
        undo();
        QTRY_VERIFY_WITH_TIMEOUT(!bench_->document.dataProblem().empty(), kPatience);
    }

    // ---- the parts

    void theBorderIsDragged() {
        bench_->openTable(flowers());
        auto& bar = bench_->find<SplitBar>("splitBar");
        const QPoint from = bar.borderAt(0);
        const QPoint to(bar.width() / 2, from.y());
        QTest::mousePress(&bar, Qt::LeftButton, {}, from);
        QTest::mouseMove(&bar, (from + to) / 2);
        QTest::mouseMove(&bar, to);
        QCOMPARE(project().data.validationFraction, 0.1); // while it moves, nothing is read
        QTest::mouseRelease(&bar, Qt::LeftButton, {}, to);
        // Half of all are for training: 48 of 60 are not for the test.
        QTRY_VERIFY(std::abs(project().data.validationFraction - 18.0 / 48) < 0.01);
        bench_->waitForColumns();
        QTRY_VERIFY(std::abs(label("partCount/1").toInt() - 18) <= 1);
        undo();
        QCOMPARE(project().data.validationFraction, 0.1);
    }

    void theBordersAreMovedByKeys() {
        bench_->openTable(flowers());
        auto& bar = bench_->find<SplitBar>("splitBar");
        bar.setFocus();
        QTest::keyClick(&bar, Qt::Key_Down);                    // the border of the test part
        QTest::keyClick(&bar, Qt::Key_Left, Qt::ShiftModifier); // by a twentieth
        QTest::keyClick(&bar, Qt::Key_Left, Qt::ShiftModifier);
        QTest::keyClick(&bar, Qt::Key_Return);
        QTRY_VERIFY(project().data.params.contains("test_fraction"));
        QVERIFY(std::abs(std::get<double>(project().data.params.at("test_fraction")) - 0.3) < 1e-9);
        QCOMPARE(project().data.validationFraction, 0.1);
        QCOMPARE(bench_->document.undoStack().count(), 1);
        QVERIFY(bar.spokenText().contains(QStringLiteral("test 30.0 %")));
    }

    // ---- reading

    void nothingIsReadBeforeThePageIsShown() {
        bench_->page->hide();
        bench_->document.openNew(projectForData(bench_->write("flowers.csv", flowers())));
        QTRY_VERIFY_WITH_TIMEOUT(bench_->document.dataInfo().has_value(), kPatience);
        QTest::qWait(100);
        QVERIFY(!bench_->page->review().table() && !bench_->page->review().parts());
        bench_->page->show();
        bench_->waitForColumns();
    }

    void readingIsCancelledAndCompleted() {
        bench_->page->hide();
        bench_->document.newFromTemplate("lenet-5");
        QTRY_VERIFY_WITH_TIMEOUT(bench_->document.dataInfo().has_value(), kPatience);
        bench_->page->show();
        auto& cancel = bench_->find<QPushButton>("cancelReview");
        QVERIFY(cancel.isVisible());
        QTest::mouseClick(&cancel, Qt::LeftButton);
        QVERIFY(!bench_->page->review().isRunning());
        QVERIFY(!bench_->page->review().duplicates());
        auto& complete = bench_->find<QPushButton>("completeReview");
        QVERIFY(complete.isVisible());
        QTest::mouseClick(&complete, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(bench_->page->review().duplicates().has_value(), kPatience);
        QVERIFY(!complete.isVisible());
    }
};

QTEST_MAIN(TestDataPage)
#include "tst_data_page.moc"
