// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/own_data.h"
#include "tests/support/own_home.h"
#include "tests/ui/data/preview_bench.h"
#include "ui/data/problem_list.h"

#include <QScrollBar>
#include <QTemporaryDir>

#include <array>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// Sizes with decimal commas in a file with commas between its fields, and a class.
std::string sizes(int rows = 60) {
    std::string text = "size,amount,kind\n";
    for (int i = 0; i < rows; ++i)
        text += fmt::format("\"{},{:03}\",{},{}\n", 1 + i % 9, i * 13 % 1000, i % 10,
                            i % 2 == 0 ? "a" : "b");
    return text;
}

} // namespace

/// What is seen and chosen of data before they are used.
class DataPreviewTest : public QObject {
    Q_OBJECT

private:
    QTemporaryDir home_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<PreviewBench> bench_;

    [[nodiscard]] const Project& project() const { return bench_->document.project(); }
    [[nodiscard]] std::string param(const char* key) const {
        const auto& params = project().data.params;
        const auto found = params.find(key);
        return found == params.end() ? "" : std::get<std::string>(found->second);
    }

private Q_SLOTS:
    void initTestCase() {
        liveIn(home_.path());
        themes_ = std::make_unique<ThemeManager>(*qApp);
    }
    void init() {
        bench_ = std::make_unique<PreviewBench>(*themes_);
        QVERIFY(QTest::qWaitForWindowExposed(bench_->page.get()));
        bench_->document.newFromTemplate("two-spirals");
        QTRY_VERIFY_WITH_TIMEOUT(bench_->document.dataInfo().has_value(), kPatience);
    }
    void cleanup() {
        if (auto* const open = PreviewBench::preview())
            open->close();
        bench_.reset();
        themes_->setChoice(ThemeChoice::Light);
    }

    /// The effect is seen at once, and one step of undo takes all of it back.
    void aTypeChosenInThePreviewIsTaken() {
        const Project before = project();
        bench_->offer("sizes.csv", sizes());
        QCOMPARE(bench_->offeredText("size", ColumnModel::Type), QStringLiteral("Whole numbers"));
        QVERIFY(bench_->offeredText("size", ColumnModel::First).startsWith(u"1000, 2013"));
        PreviewBench::choose("size", ColumnModel::Type, QStringLiteral("Numbers, decimal comma"));
        QTRY_VERIFY_WITH_TIMEOUT(
            bench_->offeredText("size", ColumnModel::First).startsWith(u"1.000, 2.013"), kPatience);
        QCOMPARE(bench_->offeredText("size", ColumnModel::Type), QStringLiteral("Numbers"));
        bench_->waitUntilUsable();
        PreviewBench::choose("amount", ColumnModel::Type, QStringLiteral("Text"));
        QTRY_COMPARE_WITH_TIMEOUT(bench_->offeredText("amount", ColumnModel::Inputs),
                                  QStringLiteral("10"), kPatience);
        bench_->waitUntilUsable();
        QVERIFY(project() == before); // nothing is changed yet
        PreviewBench::press("useData");
        QCOMPARE(param("types"), std::string("size=decimal_comma, amount=text"));
        bench_->waitForColumns();
        QTRY_VERIFY(!bench_->document.analysis().hasErrors());
        QCOMPARE(bench_->document.dataInfo()->input.elements(), 11);
        QCOMPARE(bench_->document.undoStack().count(), 1);
        // The page shows the same, and can change it.
        QCOMPARE(bench_->text("size", ColumnModel::Type), QStringLiteral("Numbers"));
        bench_->document.undoStack().undo();
        QVERIFY(project().data == before.data && project().network == before.network);
    }

    void rolesAreChosenFromAList() {
        bench_->offer("sizes.csv", sizes());
        PreviewBench::choose("amount", ColumnModel::Role, QStringLiteral("Target"));
        QTRY_VERIFY2_WITH_TIMEOUT(PreviewBench::stateText().contains(QStringLiteral("amount")) ||
                                      PreviewBench::inPreview<QLabel>("columnsEffect")
                                          .text()
                                          .contains(QStringLiteral("amount is predicted")),
                                  qPrintable(PreviewBench::stateText()), kPatience);
        bench_->waitUntilUsable();
        PreviewBench::choose("kind", ColumnModel::Role, QStringLiteral("Left out"));
        bench_->waitUntilUsable();
        PreviewBench::press("useData");
        QCOMPARE(param("target"), std::string("amount"));
        QVERIFY(std::ranges::count(ignoredBy(project().data), "kind") == 1);
    }

    void listsAreOpenedByKeys() {
        bench_->offer("sizes.csv", sizes());
        auto& view = PreviewBench::inPreview<QTableView>("previewColumns");
        view.setCurrentIndex(bench_->offered("amount", ColumnModel::Type));
        view.setFocus();
        QTest::keyClick(&view, Qt::Key_Space);
        auto* const box = view.findChild<QComboBox*>(QStringLiteral("type"));
        QVERIFY(box != nullptr);
        QCOMPARE(box->accessibleName(), QStringLiteral("Type of amount"));
        QTRY_VERIFY(box->view()->isVisible());
        QTest::keyClick(box->view(), Qt::Key_End); // Text
        QTest::keyClick(box->view(), Qt::Key_Return);
        QTRY_COMPARE_WITH_TIMEOUT(bench_->offeredText("amount", ColumnModel::Inputs),
                                  QStringLiteral("10"), kPatience);
        QVERIFY(PreviewBench::preview() != nullptr); // Return has not accepted it
    }

    /// A file that could only be refused before: its column tells why, and its type is the way out.
    void aColumnOfNumbersWithTextsIsMended() {
        std::string text = "size,z,kind\n";
        for (int i = 0; i < 60; ++i)
            text += fmt::format("{}.5,{},{}\n", i, i % 7, i % 2 == 0 ? "a" : "b");
        text.replace(text.find("7.5"), 3, "7?5");
        bench_->drop(bench_->write("odd.csv", text));
        QTRY_VERIFY(PreviewBench::preview() != nullptr);
        QTRY_VERIFY_WITH_TIMEOUT(PreviewBench::preview()
                                     ->findChild<QTableView*>(QStringLiteral("previewColumns"))
                                     ->isVisible(),
                                 kPatience);
        // It is left out by itself; as numbers it is used.
        QCOMPARE(bench_->offeredText("size", ColumnModel::Type),
                 QStringLiteral("Numbers and texts"));
        PreviewBench::choose("size", ColumnModel::Type, QStringLiteral("Numbers"));
        bench_->waitUntilUsable();
        QTRY_COMPARE(bench_->offeredText("size", ColumnModel::Role), QStringLiteral("Input"));
        QVERIFY(PreviewBench::inPreview<QLabel>("previewNotes")
                    .text()
                    .contains(QStringLiteral("no numbers and count as missing")));
        PreviewBench::press("useData");
        QCOMPARE(param("types"), std::string("size=numbers"));
    }

    /// What makes the data useless is said, and can be taken back without the project's undo.
    void aChoiceThatCannotBeIsTakenBack() {
        bench_->offer("sizes.csv", sizes());
        PreviewBench::choose("amount", ColumnModel::Role, QStringLiteral("Left out"));
        bench_->waitUntilUsable();
        PreviewBench::choose("size", ColumnModel::Role, QStringLiteral("Left out"));
        QTRY_COMPARE_WITH_TIMEOUT(PreviewBench::inPreview<QLabel>("previewTitle").text(),
                                  QStringLiteral("sizes.csv cannot be used as it is"), kPatience);
        QVERIFY(!PreviewBench::inPreview<QPushButton>("useData").isEnabled());
        PreviewBench::showPreviewTab(QStringLiteral("Problems"));
        auto* const back =
            PreviewBench::preview()->findChild<QPushButton*>(QStringLiteral("remedy"));
        QVERIFY(back != nullptr && back->isVisible());
        QCOMPARE(back->text(), QStringLiteral("Take the change back"));
        QTest::mouseClick(back, Qt::LeftButton);
        bench_->waitUntilUsable();
        QCOMPARE(bench_->offeredText("size", ColumnModel::Role), QStringLiteral("Input"));
        QCOMPARE(bench_->offeredText("amount", ColumnModel::Role), QStringLiteral("Left out"));
    }

    // ---- problems

    void problemsAreCuredBeforeTheDataAreUsed() {
        std::string text = "x,gap,kind\n";
        for (int i = 0; i < 80; ++i)
            text += fmt::format("{}.5,{},{}\n", i % 40, i % 8 == 3 ? "" : std::to_string(i % 5),
                                i % 40 % 8 == 0 ? "rare" : "usual");
        bench_->offer("gaps.csv", text);
        PreviewBench::showPreviewTab(QStringLiteral("Problems"));
        const auto kinds = [] {
            std::vector<DataProblemKind> found;
            for (const auto& each : PreviewBench::preview()->findChild<ProblemList*>()->problems())
                found.push_back(each.problem.kind);
            return found;
        };
        const auto has = [&](DataProblemKind kind) {
            return std::ranges::count(kinds(), kind) > 0;
        };
        QVERIFY(has(DataProblemKind::Imbalance) && has(DataProblemKind::Missing) &&
                (has(DataProblemKind::Shared) || has(DataProblemKind::Duplicates)));
        const auto& tabs = PreviewBench::inPreview<QTabBar>("previewTabs");
        QCOMPARE(tabs.tabText(tabs.currentIndex()),
                 QStringLiteral("Problems (%1)").arg(kinds().size()));
        auto* const gap = PreviewBench::remedyOf(QStringLiteral("problem/gap"));
        QVERIFY(gap != nullptr && gap->isVisible());
        QTest::mouseClick(gap, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(PreviewBench::remedyOf(QStringLiteral("problem/gap")) == nullptr,
                                 kPatience);
        bench_->waitUntilUsable();
        const auto press = [&](const QString& title) {
            for (auto* const each : PreviewBench::preview()->findChildren<QPushButton*>())
                if (each->objectName() == QLatin1String("remedy") && each->text() == title) {
                    QTest::mouseClick(each, Qt::LeftButton);
                    return true;
                }
            return false;
        };
        QVERIFY(press(QStringLiteral("Leave out repetitions")));
        QTRY_VERIFY_WITH_TIMEOUT(!has(DataProblemKind::Shared) && !has(DataProblemKind::Duplicates),
                                 kPatience);
        bench_->waitUntilUsable();
        QVERIFY(press(QStringLiteral("Weigh the classes")));
        QTRY_VERIFY_WITH_TIMEOUT(
            PreviewBench::stateText().contains(QStringLiteral("Rare classes will weigh more")),
            kPatience);
        bench_->waitUntilUsable();
        PreviewBench::press("useData");
        QCOMPARE(param("missing"), std::string("drop"));
        QCOMPARE(param("duplicates"), std::string("leave_out"));
        const auto weights = [&] {
            const auto& params = project().training.objectives.front().loss.params;
            const auto found = params.find("class_weights");
            return found == params.end() ? "" : std::get<std::string>(found->second);
        };
        QTRY_VERIFY_WITH_TIMEOUT(!weights().empty(), kPatience);
        QVERIFY2(weights().find(',') != std::string::npos, weights().c_str());
        QCOMPARE(bench_->document.undoStack().count(), 1);
        bench_->document.undoStack().undo();
        QVERIFY(weights().empty());
    }

    void aTableOfPixelsIsOfferedAsImages() {
        bench_->document.newFromTemplate("multilayer-perceptron");
        QTRY_VERIFY_WITH_TIMEOUT(bench_->document.dataInfo().has_value(), kPatience);
        std::string text = "label";
        for (int p = 0; p < 64; ++p)
            text += fmt::format(",pixel{}", p);
        for (int i = 0; i < 40; ++i) {
            text += fmt::format("\n{}", i % 2 == 0 ? "up" : "down");
            for (int p = 0; p < 64; ++p)
                text += fmt::format(",{}", (p < 32) == (i % 2 == 0) ? 200 + i % 50 : p % 9);
        }
        bench_->offer("pixels.csv", text + "\n");
        PreviewBench::showPreviewTab(QStringLiteral("Problems"));
        auto* const remedy = PreviewBench::remedyOf(QStringLiteral("problem/"));
        QVERIFY(remedy != nullptr);
        QCOMPARE(remedy->text(), QStringLiteral("Read images of 8 × 8"));
        QTest::mouseClick(remedy, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(PreviewBench::stateText().contains(QStringLiteral("1×8×8")),
                                 kPatience);
        bench_->waitUntilUsable();
        PreviewBench::press("useData");
        QCOMPARE(param("pixels"), std::string("8x8"));
        // The network follows, as with --fit.
        QTRY_VERIFY_WITH_TIMEOUT(bench_->document.dataInfo() &&
                                     bench_->document.dataInfo()->input == (Shape{1, 8, 8}),
                                 kPatience);
        QTRY_VERIFY(!bench_->document.analysis().hasErrors());
    }

    void foldersThatDifferInCaseAreTold() {
        for (const char* const name : {"Cat", "cat", "dog"})
            for (int i = 0; i < 12; ++i) {
                const auto file = bench_->folder / fmt::format("pets/{}/{}.jpg", name, i);
                std::filesystem::create_directories(file.parent_path());
                const auto shade = 7 * i + (name[0] == 'C' ? 0 : name[0] == 'c' ? 84 : 168);
                writeFile(file, jpeg(16, 16, 1, Bytes(256, static_cast<std::uint8_t>(shade))));
            }
        bench_->drop(bench_->folder / "pets");
        bench_->waitUntilUsable();
        const auto& problems = PreviewBench::preview()->findChild<ProblemList*>()->problems();
        QCOMPARE(std::ranges::count(problems, DataProblemKind::Case,
                                    [](const ListedProblem& each) { return each.problem.kind; }),
                 1);
        QVERIFY(!PreviewBench::inPreview<QTableView>("previewColumns").isVisible());
    }

    // ---- after they are used

    void typesAreChangedOnThePageToo() {
        bench_->openTable(sizes());
        QTableView& view = bench_->page->columns().view();
        view.setCurrentIndex(bench_->cell("amount", ColumnModel::Type));
        view.setFocus();
        QTest::keyClick(&view, Qt::Key_Return);
        auto* const box = view.findChild<QComboBox*>(QStringLiteral("type"));
        QVERIFY(box != nullptr);
        QTRY_VERIFY(box->view()->isVisible());
        QTest::keyClick(box->view(), Qt::Key_End);
        QTest::keyClick(box->view(), Qt::Key_Return);
        QTRY_COMPARE(param("types"), std::string("amount=text"));
        QTRY_COMPARE_WITH_TIMEOUT(bench_->text("amount", ColumnModel::Inputs), QStringLiteral("10"),
                                  kPatience);
        QTRY_VERIFY(!bench_->document.analysis().hasErrors());
        QCOMPARE(bench_->document.undoStack().undoText(), QStringLiteral("Change type of amount"));
        bench_->document.undoStack().undo();
        QVERIFY(param("types").empty());
    }

    // ---- how it looks

    void everythingHasRoom_data() {
        QTest::addColumn<bool>("dark");
        QTest::addColumn<QSize>("window");
        QTest::newRow("light, 1440 x 900") << false << QSize(1440, 900);
        QTest::newRow("dark, 1024 x 700") << true << QSize(1024, 700);
    }
    void everythingHasRoom() {
        QFETCH(const bool, dark);
        QFETCH(const QSize, window);
        themes_->setChoice(dark ? ThemeChoice::Dark : ThemeChoice::Light);
        bench_->page->resize(window);
        bench_->offer("sizes.csv", sizes());
        const DataPreview& preview = *PreviewBench::preview();
        QVERIFY(preview.width() <= window.width() && preview.height() <= window.height());
        auto& view = PreviewBench::inPreview<QTableView>("previewColumns");
        QVERIFY(view.isVisible());
        QCOMPARE(view.horizontalScrollBar()->maximum(), 0); // no column is cut off
        constexpr int kName = 100;                          // px
        QVERIFY(view.columnWidth(ColumnModel::Name) >= kName);
        QVERIFY(view.viewport()->height() >= 3 * view.rowHeight(0));
        for (const char* const name : {"useData", "cancelData"}) {
            const auto& button = PreviewBench::inPreview<QPushButton>(name);
            QVERIFY(button.width() >= button.sizeHint().width());
            QVERIFY(
                preview.rect().contains(QRect(button.mapTo(&preview, QPoint()), button.size())));
        }
    }
};

QTEST_MAIN(DataPreviewTest)
#include "tst_data_preview.moc"
