// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/own_project.h"
#include "engine/project/project_file.h"
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "engine/training/recipes/losses.h"
#include "tests/support/small_jobs.h"
#include "tests/ui/training/train_bench.h"
#include "ui/forms/param_form.h"
#include "ui/forms/search_combo.h"
#include "ui/forms/section.h"
#include "ui/forms/setting_fit.h"
#include "ui/session/data_probe.h"
#include "ui/theme/theme_manager.h"
#include "ui/training/training_form.h"

#include <QApplication>
#include <QLabel>
#include <QLineEdit>
#include <QTest>
#include <QToolButton>

#include <memory>
#include <set>

using namespace gradwright;
using test::kPatience;

namespace {

/// The page on a template whose data have been read.
struct FormBench : test::TrainBench {
    FormBench(ThemeManager& theme, const Project& project)
        : TrainBench(theme, project)
        , probe(document) {}

    [[nodiscard]] bool isRead() const { return document.dataInfo().has_value(); }
    [[nodiscard]] std::set<std::string> places() const {
        std::set<std::string> found;
        for (const auto& each : page->settings())
            found.insert(each.place);
        return found;
    }
    template <class Widget>
    [[nodiscard]] Widget* find(const char* name) const {
        return page->findChild<Widget*>(QLatin1String(name));
    }
    void enter(const char* field, const char* text) const {
        auto* const edit = find<QLineEdit>(field);
        edit->setFocus();
        edit->selectAll();
        QTest::keyClicks(edit, QString::fromLatin1(text));
        QTest::keyClick(edit, Qt::Key_Return);
    }
    [[nodiscard]] QToolButton* moreOf(const char* field) const {
        for (QWidget* each = find<QWidget>(field); each != nullptr; each = each->parentWidget())
            if (auto* const form = qobject_cast<ParamForm*>(each))
                return form->findChild<QToolButton*>(QStringLiteral("more"));
        return nullptr;
    }

    DataProbe probe;
};

bool hasArea(const std::set<std::string>& places, std::string_view area) {
    return std::ranges::any_of(places, [&](const auto& place) { return place.starts_with(area); });
}

} // namespace

class TrainFormTest : public QObject {
    Q_OBJECT

private:
    std::unique_ptr<ThemeManager> themes_;

private Q_SLOTS:
    void initTestCase() { themes_ = std::make_unique<ThemeManager>(*qApp); }

    void classesAreBalanced() {
        const test::TemporaryFolder folder;
        std::string text = "x,z,kind\n";
        for (int i = 0; i < 100; ++i)
            text += fmt::format("{}.5,{},{}\n", i, i % 7, i % 10 == 0 ? "rare" : "usual");
        test::writeFile(folder / "rare.csv", test::Bytes(text.begin(), text.end()));
        FormBench bench(*themes_, projectForData(folder / "rare.csv"));
        QTRY_VERIFY_WITH_TIMEOUT(bench.isRead(), kPatience);
        const auto weights = [&]() -> std::string {
            const auto& params = bench.document.project().training.objectives.front().loss.params;
            const auto found = params.find("class_weights");
            return found == params.end() ? "" : std::get<std::string>(found->second);
        };
        // 80 rows without the test part, 8 of them rare; validation takes one of these, and 7.
        bench.click("balanceClasses");
        QTRY_COMPARE_WITH_TIMEOUT(weights(), std::string("5.14286, 0.553846"), kPatience);
        QCOMPARE(bench.document.undoStack().undoText(), QStringLiteral("Change class weights"));
        bench.document.undoStack().undo();
        QVERIFY(weights().empty());
        // The word that the terminal takes does the same.
        bench.page->showSetting("loss/softmax-cross-entropy/class_weights");
        bench.enter("class_weights", "balanced");
        QTRY_COMPARE_WITH_TIMEOUT(weights(), std::string("5.14286, 0.553846"), kPatience);
        QCOMPARE(bench.find<QLineEdit>("class_weights")->text(),
                 QStringLiteral("5.14286, 0.553846"));
    }

    /// A file from elsewhere may hold the word: Start counts, and leaves the project as it is.
    void aProjectThatSaysBalancedIsTrained() {
        const test::TemporaryFolder folder;
        std::string text = "x,z,kind\n";
        for (int i = 0; i < 100; ++i)
            text += fmt::format("{}.5,{},{}\n", i, i % 7, i % 10 == 0 ? "rare" : "usual");
        test::writeFile(folder / "rare.csv", test::Bytes(text.begin(), text.end()));
        auto project = projectForData(folder / "rare.csv");
        project.training.objectives.front().loss.params["class_weights"] = std::string("balanced");
        FormBench bench(*themes_, project);
        QTRY_VERIFY_WITH_TIMEOUT(bench.isRead(), kPatience);
        bench.click("start");
        QTRY_VERIFY_WITH_TIMEOUT(bench.session.currentStep() > 0, kPatience);
        QVERIFY(bench.session.job() != nullptr);
        const auto weightsIn = [](const TrainingSettings& settings) {
            return std::get<std::string>(
                settings.objectives.front().loss.params.at("class_weights"));
        };
        QCOMPARE(weightsIn(bench.session.job()->settings), std::string("5.14286, 0.553846"));
        QVERIFY(bench.session.job()->project.dump().find("5.14286, 0.553846") != std::string::npos);
        QCOMPARE(weightsIn(bench.document.project().training), std::string("balanced"));
        QVERIFY(!bench.document.isModified());
        bench.session.stop();
        QTRY_VERIFY_WITH_TIMEOUT(!bench.session.isActive(), kPatience);
    }

    /// Values have no classes to be balanced.
    void valuesAreNotBalanced() {
        const FormBench bench(*themes_, openTemplate("weather"));
        QTRY_VERIFY_WITH_TIMEOUT(bench.isRead(), kPatience);
        QVERIFY(!bench.button("balanceClasses")->isVisible());
    }

    void imagesAreAugmented() {
        const FormBench bench(*themes_, openTemplate("lenet-5"));
        QTRY_VERIFY_WITH_TIMEOUT(bench.isRead(), kPatience);
        QTRY_VERIFY(hasArea(bench.places(), "augmentation/"));
        const auto places = bench.places();
        for (const char* const place :
             {"augmentation/rotation", "augmentation/mixup", "augmentation/noise",
              "data/validation", "data/reconstruct", "dataset/mnist/size", "training/epochs",
              "training/seed", "training/optimizer", "optimizer/adam/beta1"})
            QVERIFY2(places.contains(place), place);
        QVERIFY(bench.find<QWidget>("rotation")->isVisibleTo(bench.page.get()));
    }

    void tablesAreNot() {
        const FormBench bench(*themes_, openTemplate("weather"));
        QTRY_VERIFY_WITH_TIMEOUT(bench.isRead(), kPatience);
        QTRY_VERIFY(bench.find<QLabel>("dataStatus")->text().startsWith(QStringLiteral("Rows of")));
        const auto places = bench.places();
        QVERIFY(!hasArea(places, "augmentation/"));
        QVERIFY(!bench.find<QWidget>("rotation")->isVisibleTo(bench.page.get()));
        QVERIFY(places.contains("dataset/seattle-weather/scale_target"));
        QVERIFY(places.contains("data/reconstruct"));
        QCOMPARE(bench.find<QLabel>("dataStatus")->text(),
                 QStringLiteral("Rows of %1 numbers, with one value to predict")
                     .arg(bench.document.dataInfo()->input.elements()));
        // Values cannot be learned by losses that compare with a class.
        const auto* const losses = bench.find<SearchCombo>("loss");
        QVERIFY(losses->findData(QStringLiteral("mean-squared-error")) >= 0);
        QCOMPARE(losses->findData(QStringLiteral("softmax-cross-entropy")), -1);
    }

    void textsAreNeitherAugmentedNorReconstructed() {
        const FormBench bench(*themes_, openTemplate("character-lstm"));
        QTRY_VERIFY_WITH_TIMEOUT(bench.isRead(), kPatience);
        QTRY_VERIFY(
            bench.find<QLabel>("dataStatus")->text().startsWith(QStringLiteral("Texts of")));
        const auto places = bench.places();
        QVERIFY(!hasArea(places, "augmentation/"));
        QVERIFY(!places.contains("data/reconstruct"));
        QVERIFY(places.contains("dataset/king-james-bible/lower_case"));
        QVERIFY(bench.find<SearchCombo>("loss")->findData(
                    QStringLiteral("softmax-cross-entropy")) >= 0);
    }

    void pointsAreNotAugmented() {
        const FormBench bench(*themes_, openTemplate("two-spirals"));
        QTRY_VERIFY_WITH_TIMEOUT(bench.isRead(), kPatience);
        QTRY_COMPARE(bench.find<QLabel>("dataStatus")->text(),
                     QStringLiteral("2 numbers per sample; 2 classes: 0, 1"));
        const auto places = bench.places();
        QVERIFY(!hasArea(places, "augmentation/"));
        QVERIFY(places.contains("dataset/points/noise"));
        QVERIFY(places.contains("data/reconstruct"));
    }

    void whatSuitsIsToldByTheData() {
        DataInfo images;
        images.input = {3, 8, 8};
        images.classes = {"a", "b"};
        QVERIFY(suitsData("augmentation/rotation", images));
        DataInfo masks = images;
        masks.classes.clear();
        masks.target = {1, 8, 8};
        // The mask would not turn with the image.
        QVERIFY(!suitsData("augmentation/rotation", masks));
        QVERIFY(!suitsData("augmentation/mixup", masks));
        QVERIFY(suitsData("augmentation/noise", masks));
        masks.reconstructs = true;
        QVERIFY(suitsData("augmentation/rotation", masks));
        DataInfo table;
        table.input = {2};
        table.target = {1};
        table.columns = {{.name = "a"}, {.name = "b"}};
        QVERIFY(!suitsData("augmentation/noise", table));
        QVERIFY(!suitsData("dataset/csv/image_size", table));
        QVERIFY(suitsData("dataset/csv/scale_target", table));
        table.columns[1].image = ImageColumn{};
        QVERIFY(suitsData("dataset/csv/image_size", table));
        table.classes = {"x", "y"};
        QVERIFY(!suitsData("dataset/csv/scale_target", table));
        QVERIFY(suitsData("training/seed", table));
    }

    /// One column of fields: all that are shown begin and end at the same places.
    void fieldsAreEquallyWide_data() {
        QTest::addColumn<QString>("key");
        for (const char* const key : {"lenet-5", "weather", "character-lstm", "two-spirals"})
            QTest::newRow(key) << QString::fromLatin1(key);
    }
    void fieldsAreEquallyWide() {
        QFETCH(const QString, key);
        const FormBench bench(*themes_, openTemplate(key.toStdString()));
        QTRY_VERIFY_WITH_TIMEOUT(bench.isRead(), kPatience);
        for (auto* const more : bench.page->findChildren<QToolButton*>(QStringLiteral("more")))
            more->setChecked(true);
        for (auto* const section : bench.page->findChildren<Section*>())
            section->setOpen(true);
        QTest::qWait(50);
        std::set<int> lefts, widths;
        int fields = 0;
        for (auto* const form : bench.page->findChildren<ParamForm*>())
            for (const auto& spec : form->offered()) {
                const QWidget* const editor = form->editor(spec.key);
                if (!editor->isVisible())
                    continue;
                ++fields;
                lefts.insert(editor->mapTo(bench.page.get(), QPoint()).x());
                widths.insert(editor->width());
            }
        QVERIFY(fields > 25);
        QCOMPARE(lefts.size(), std::size_t{1});
        QCOMPARE(widths.size(), std::size_t{1});
    }

    /// A 0 that stands for something says so, and is typed by that name, too.
    void zerosHaveNames() {
        auto project = test::smallProject();
        test::set(project, "threads", std::int64_t{0});
        const FormBench bench(*themes_, project);
        bench.page->showSetting("data/limit");
        auto* const limit = bench.find<QLineEdit>("limit");
        QVERIFY(limit->isVisible());
        QCOMPARE(bench.document.project().data.limit, std::int64_t{400});
        bench.enter("limit", "all");
        QCOMPARE(bench.document.project().data.limit, std::int64_t{0});
        QCOMPARE(limit->text(), QStringLiteral("all"));
        bench.enter("limit", "300");
        QCOMPARE(bench.document.project().data.limit, std::int64_t{300});
        bench.enter("limit", "0");
        QCOMPARE(limit->text(), QStringLiteral("all"));
        QCOMPARE(bench.find<QLineEdit>("parts")->text(), QStringLiteral("automatic"));
        QCOMPARE(bench.find<QLineEdit>("threads")->text(), QStringLiteral("automatic"));
        QCOMPARE(bench.find<QLineEdit>("l2")->text(), QStringLiteral("off"));
        bench.enter("l2", "0.001");
        QCOMPARE(bench.document.project().training.params.at("l2"), ParamValue(0.001));
        bench.enter("l2", "off");
        QCOMPARE(bench.document.project().training.params.at("l2"), ParamValue(0.0));
    }

    /// Rare settings are behind More, but for those that are in force; the search reaches them.
    void rareSettingsAreFolded() {
        auto project = test::smallProject();
        test::set(project, "clip_norm", 2.0);
        test::set(project, "threads", std::int64_t{0});
        const FormBench bench(*themes_, project);
        auto* const threads = bench.find<QLineEdit>("threads");
        auto* const epochs = bench.find<QLineEdit>("epochs");
        QVERIFY(!threads->isVisible());
        QVERIFY(epochs->isVisible());
        QVERIFY(bench.find<QLineEdit>("clip_norm")->isVisible());
        QVERIFY(!bench.find<QLineEdit>("clip_value")->isVisible());
        auto* const more = bench.moreOf("threads");
        QVERIFY(more != nullptr && more->isVisible());
        QVERIFY(more->toolTip().contains(QStringLiteral("Threads")));
        QTest::mouseClick(more, Qt::LeftButton);
        QVERIFY(threads->isVisible());
        QTest::mouseClick(more, Qt::LeftButton);
        QVERIFY(!threads->isVisible());

        auto* const search = bench.find<QLineEdit>("findSetting");
        QTest::keyClicks(search, QStringLiteral("threads"));
        QVERIFY(threads->isVisible());
        QVERIFY(!epochs->isVisible());
        QVERIFY(!bench.find<QLabel>("noSetting")->isVisible());
        search->clear();
        QVERIFY(!threads->isVisible());
        QVERIFY(epochs->isVisible());
        QTest::keyClicks(search, QStringLiteral("warm")); // no letters from here and there
        QVERIFY(bench.find<QLineEdit>("warmup_start")->isVisible());
        QVERIFY(!bench.find<QLineEdit>("max_norm")->isVisible());
        search->clear();
        // By a word of the explanation, in a section that is closed.
        auto* const tensorBoard = bench.find<QWidget>("tensorboard");
        QVERIFY(!tensorBoard->isVisible());
        QTest::keyClicks(search, QStringLiteral("curves in"));
        QVERIFY(tensorBoard->isVisible());
        search->clear();
        QVERIFY(!tensorBoard->isVisible());
        QTest::keyClicks(search, QStringLiteral("qqqq"));
        QVERIFY(bench.find<QLabel>("noSetting")->isVisible());
        search->clear();
    }

    void settingsAreShownByTheirPlace() {
        const FormBench bench(*themes_, test::smallProject());
        const auto* const plateau = bench.find<QLineEdit>("patience");
        QVERIFY(plateau != nullptr && !plateau->isVisible()); // without early stopping
        bench.page->showSetting("optimizer/adam/beta2");
        auto* const beta = bench.find<QLineEdit>("beta2");
        QVERIFY(beta->isVisible());
        QTRY_VERIFY(beta->hasFocus());
        bench.page->showSetting("training/tensorboard");
        QVERIFY(bench.find<QWidget>("tensorboard")->isVisible());
        bench.page->showSetting("nowhere/at-all"); // leaves all as it is
        QVERIFY(bench.find<QWidget>("tensorboard")->isVisible());
    }
};

QTEST_MAIN(TrainFormTest)
#include "tst_train_form.moc"
