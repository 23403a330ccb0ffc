// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/devices.h"
#include "engine/project/project_file.h"
#include "engine/project/templates.h"
#include "engine/training/recipes/losses.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/schedules.h"
#include "tests/support/data_files.h"
#include "tests/support/image_tables.h"
#include "tests/support/small_jobs.h"
#include "tests/support/wide_and_deep.h"
#include "tests/ui/training/train_bench.h"
#include "ui/forms/param_form.h"
#include "ui/plots/curve_plot.h"
#include "ui/plots/gradient_heatmap.h"
#include "ui/runs/run_list.h"
#include "ui/runs/runs_panel.h"
#include "ui/runs/training_course.h"
#include "ui/session/data_probe.h"
#include "ui/theme/theme_manager.h"
#include "ui/training/train_page.h"

#include <QAction>
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QFrame>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QSignalSpy>
#include <QTest>

#include <algorithm>
#include <memory>
#include <utility>

using namespace gradwright;
using test::kPatience;

namespace {

struct Bench : test::TrainBench {
    using TrainBench::TrainBench;

    template <class Widget>
    Widget& find(const char* name) const {
        auto* found = page->findChild<Widget*>(QString::fromLatin1(name));
        if (!found)
            qFatal("no widget \"%s\"", name);
        return *found;
    }
    /// Types into a field and presses Enter.
    void enter(const char* field, const char* text) const {
        auto& edit = find<QLineEdit>(field);
        edit.setFocus();
        edit.selectAll();
        QTest::keyClicks(&edit, QString::fromLatin1(text));
        QTest::keyClick(&edit, Qt::Key_Return);
    }
};

} // namespace

class TrainPageTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void settingsAreEditsOfTheProject() {
        Bench bench(theme_, test::smallProject());
        bench.enter("batch", "48");
        QCOMPARE(bench.document.project().training.batch(), std::int64_t{48});
        bench.enter("validation", "0.2");
        QCOMPARE(bench.document.project().data.validationFraction, 0.2);
        auto& method = bench.find<QComboBox>("optimizer");
        method.setFocus();
        QTest::keyClick(&method, Qt::Key_Up); // from Adam to SGD
        QCOMPARE(bench.document.project().training.optimizer.key, std::string("sgd"));
        QVERIFY(bench.page->findChild<QWidget*>(QStringLiteral("momentum")) != nullptr);
        bench.document.undoStack().undo();
        bench.document.undoStack().undo();
        QCOMPARE(bench.document.project().data.validationFraction, 0.0);
        QCOMPARE(method.currentData().toString(), QStringLiteral("adam"));
    }

    /// Ticks say which Input gets a column; a column has one at most.
    void columnsAreAssignedToInputs() {
        auto project = test::houseProject({}, true);
        project.data.assignment = {};
        Bench bench(theme_, project);
        const auto& document = bench.document;
        DataInfo info;
        info.input = {5};
        info.target = {1};
        info.columns = {{.name = "size"},
                        {.name = "view", .categories = {"lake", "none", "sea"}},
                        {.name = "age"}};
        bench.document.setDataInfo(document.project().data, info);
        const auto hasErrors = [&] {
            return std::ranges::any_of(document.analysis().diagnostics, [](const auto& found) {
                return found.severity == Severity::Error;
            });
        };
        QVERIFY(hasErrors());
        const auto tick = [&](const char* name) {
            auto& box = bench.find<QCheckBox>(name);
            QTRY_VERIFY(box.isVisible());
            QTest::mouseClick(&box, Qt::LeftButton, {}, QPoint(8, box.height() / 2));
        };
        tick("column/numbers/age");
        tick("column/numbers/size");
        tick("column/numbers/view");
        tick("column/view/view");
        QVERIFY(!bench.find<QCheckBox>("column/numbers/view").isChecked());
        QVERIFY(document.project().data.assignment == test::houseColumns());
        QVERIFY(!hasErrors());
        auto& view = bench.find<QCheckBox>("column/view/view");
        view.setFocus();
        QTest::keyClick(&view, Qt::Key_Space);
        QVERIFY((document.project().data.assignment ==
                 InputAssignment{{{"numbers", {"size", "age"}}}, {"view"}}));
        QVERIFY(hasErrors());
        bench.document.undoStack().undo();
        QVERIFY(document.project().data.assignment == test::houseColumns());
        QVERIFY(view.isChecked() && !hasErrors());
        for (int i = 0; i < 4; ++i)
            bench.document.undoStack().undo();
        QVERIFY(document.project().data.assignment.empty());
        QVERIFY(!view.isChecked());
    }

    /// Columns of images say so, and are ticked like others; what cannot share an Input is an
    /// error.
    void imagesAreAssignedToInputs() {
        const test::TemporaryFolder folder;
        test::writeHomes(folder.path(), 20);
        auto project = test::homeProject(folder.path(), 1);
        const auto good = std::exchange(project.data.assignment, {});
        Bench bench(theme_, project);
        const auto& document = bench.document;
        DataProbe probe(bench.document);
        QTRY_VERIFY_WITH_TIMEOUT(document.dataInfo().has_value(), kPatience);
        const auto errors = [&] {
            QStringList messages;
            for (const auto& found : document.analysis().diagnostics)
                if (found.severity == Severity::Error)
                    messages << QString::fromStdString(found.message);
            return messages.join(QStringLiteral("\n"));
        };
        QVERIFY(!errors().isEmpty());
        QCOMPARE(bench.find<QLabel>("dataStatus").text(),
                 QStringLiteral("Rows of an image (photo 1×4×4) and 2 numbers, with one "
                                "value to predict"));
        auto& photo = bench.find<QCheckBox>("column/photo/photo");
        QTRY_VERIFY(photo.isVisible());
        QCOMPARE(photo.text(), QStringLiteral("photo (image)"));
        QCOMPARE(photo.toolTip(), QStringLiteral("Names of image files, read in gray as 1×4×4."));
        QCOMPARE(bench.find<QCheckBox>("column/photo/age").toolTip(), QStringLiteral("Numbers."));
        const auto tick = [&](const char* name) {
            auto& box = bench.find<QCheckBox>(name);
            QTest::mouseClick(&box, Qt::LeftButton, {}, QPoint(8, box.height() / 2));
        };
        tick("column/photo/photo");
        tick("column/numbers/rooms");
        tick("column/photo/age");
        QVERIFY2(errors().contains(QStringLiteral("cannot share an Input")), qPrintable(errors()));
        tick("column/numbers/age");
        QVERIFY2(errors().isEmpty(), qPrintable(errors()));
        QVERIFY(document.project().data.assignment == good);
        // Another size is read anew, and no longer fits.
        bench.enter("image_size", "5x5");
        QTRY_VERIFY_WITH_TIMEOUT(errors().contains(QStringLiteral("1×5×5; it takes 1×4×4")),
                                 kPatience);
    }

    /// Samples without columns are cut by ranges.
    void rangesAreAssignedToInputs() {
        auto project = test::houseProject({}, true);
        project.data.assignment = {};
        Bench bench(theme_, project);
        DataInfo info;
        info.input = {5};
        info.target = {1};
        bench.document.setDataInfo(bench.document.project().data, info);
        bench.enter("parts/numbers", "0, 4");
        bench.enter("parts/view", "1-3");
        QVERIFY((bench.document.project().data.assignment ==
                 InputAssignment{{{"numbers", {"0", "4"}}, {"view", {"1-3"}}}, {}}));
        QVERIFY(std::ranges::none_of(bench.document.analysis().diagnostics, [](const auto& found) {
            return found.severity == Severity::Error;
        }));
        bench.document.undoStack().undo();
        QCOMPARE(bench.find<QLineEdit>("parts/view").text(), QString());
    }

    /// The form says where a precision brings no speed on this processor, and else nothing.
    void aPrecisionThatBringsNoSpeedIsNoted() {
        for (const auto& [key, precision] :
             {std::pair{"fp32", Precision::F32}, std::pair{"bf16", Precision::Bf16}}) {
            auto project = test::smallProject();
            project.training.params["precision"] = std::string(key);
            Bench bench(theme_, project);
            const auto& note = bench.find<QLabel>("precisionNote");
            QCOMPARE(!note.isHidden(), isEmulated(precision) || isSlower(precision));
            QCOMPARE(note.text().contains(QStringLiteral("AMX")), isSlower(precision));
        }
    }

    /// Whatever the catalogs hold is offered, each with the fields of its parameters.
    void everyRecipeHasAForm() {
        Bench bench(theme_, test::smallProject());
        const auto check = [&](const char* name, const auto& catalog) {
            auto& combo = bench.find<QComboBox>(name);
            QCOMPARE(static_cast<std::size_t>(combo.count()), catalog.size());
            combo.setFocus();
            for (int i = 0; i < combo.count(); ++i)
                QTest::keyClick(&combo, Qt::Key_Up);
            for (std::size_t i = 0; i < catalog.size(); ++i) {
                QCOMPARE(combo.currentData().toString().toStdString(), catalog[i].key);
                for (const auto& spec : catalog[i].params)
                    QVERIFY2(bench.page->findChild<QWidget*>(QString::fromStdString(spec.key)),
                             (catalog[i].key + " " + spec.key).c_str());
                QTest::keyClick(&combo, Qt::Key_Down);
            }
        };
        check("optimizer", optimizers());
        check("schedule", schedules());
        check("loss", losses());
        QVERIFY(bench.document.project().training.schedule.key == schedules().back().key);
        for (const auto& spec : trainingParams())
            QVERIFY2(bench.page->findChild<QWidget*>(QString::fromStdString(spec.key)),
                     spec.key.c_str());
        bench.enter("warmup_epochs", "0.5");
        QCOMPARE(bench.document.project().training.scheduledFactor(0.25), 0.01 + 0.99 * 0.5);
    }

    void eachOutputHasItsLossAndWeight() {
        auto project = test::smallProject();
        Graph& graph = project.network.main;
        const NodeId first = nodesOfLayer(graph, "output").front();
        const std::string firstName = graph.find(first)->name;
        Link link = *graph.find(graph.linksOf(first).front());
        Node second;
        second.id = graph.freshNodeId();
        second.name = "second";
        second.use = LayerUse{"output"};
        graph.insert(second);
        link.id = graph.freshLinkId();
        link.to.node = second.id;
        graph.insert(link);
        Bench bench(theme_, project);
        const auto objectives = [&] { return bench.document.project().training.objectives; };
        const auto check = [&](const std::string& name) -> QCheckBox& {
            return bench.find<QCheckBox>(("trained/" + name).c_str());
        };
        const auto toggle = [&](const std::string& name) {
            QTest::mouseClick(&check(name), Qt::LeftButton, {}, {8, check(name).height() / 2});
        };
        QVERIFY(!check(firstName).isChecked() && !check("second").isChecked());
        toggle("second");
        toggle(firstName);
        QCOMPARE(objectives().size(), 2U);
        // The first one is what the network is judged by: what is added comes after it.
        QCOMPARE(objectives()[0].output, std::string("second"));
        QCOMPARE(objectives()[1].output, firstName);
        QVERIFY(check("second").text().contains(QStringLiteral("judged")));
        QVERIFY(!check(firstName).text().contains(QStringLiteral("judged")));
        auto& form = bench.find<QWidget>("objective/second");
        auto* const weight = form.findChild<QLineEdit*>(QStringLiteral("weight"));
        QVERIFY(weight != nullptr);
        weight->setFocus();
        weight->selectAll();
        QTest::keyClicks(weight, QStringLiteral("0.3"));
        QTest::keyClick(weight, Qt::Key_Return);
        auto* const loss = form.findChild<QComboBox*>(QStringLiteral("loss"));
        loss->setFocus();
        QTest::keyClick(loss, Qt::Key_Down);
        QCOMPARE(objectives()[0].output, std::string("second"));
        QCOMPARE(objectives()[0].weight, 0.3);
        QCOMPARE(objectives()[0].loss.key, losses()[1].key);
        QCOMPARE(objectives()[1].loss.key, losses()[0].key);
        // Something must be trained.
        toggle("second");
        QCOMPARE(objectives().size(), 1U);
        QVERIFY(!check(firstName).isEnabled());
        bench.document.undoStack().undo();
        QCOMPARE(objectives().size(), 2U);
        QVERIFY(check("second").isChecked());
        QCOMPARE(weight->text(), QStringLiteral("0.3"));
        // With one Output left, what that one was trained for stays.
        bench.document.perform(
            QStringLiteral("Remove"),
            {NetworkEdit{NetworkEdit::Group{
                {RemoveLink{"", bench.document.project().network.main.linksOf(first).front()}},
                {RemoveNode{"", first}}}}});
        auto& combo = bench.find<QComboBox>("loss");
        QCOMPARE(combo.currentData().toString().toStdString(), losses()[1].key);
    }

    void anInvalidValueIsExplainedAndNotTaken() {
        Bench bench(theme_, test::smallProject());
        const auto before = bench.document.project();
        bench.enter("epochs", "0");
        QCOMPARE(bench.document.project(), before);
        auto& edit = bench.find<QLineEdit>("epochs");
        QVERIFY(edit.property("invalid").toBool());
        bool explained = false;
        for (const auto* label : bench.page->findChildren<QLabel*>())
            explained = explained || (label->isVisible() &&
                                      label->property("textRole") == QStringLiteral("error") &&
                                      label->text().contains(u'0'));
        QVERIFY(explained);
        bench.enter("epochs", "7");
        QVERIFY(!edit.property("invalid").toBool());
        QCOMPARE(bench.document.project().training.epochs(), std::int64_t{7});
    }

    void trainsPausesChangesTheRateStopsAndGoesOn() {
        // Long enough not to end before it is paused and stopped, on a fast machine too.
        auto project = test::smallProject(16'000, 0.02);
        test::set(project, "epochs", std::int64_t{40});
        Bench bench(theme_, project);
        QVERIFY(!bench.find<QPushButton>("stop").isEnabled());
        bench.click("start");
        QVERIFY(bench.find<QFrame>("lock").isVisible());
        QVERIFY(!bench.find<QLineEdit>("batch").isEnabled());
        QVERIFY(bench.find<QLineEdit>("learning_rate").isEnabled());
        QTRY_VERIFY_WITH_TIMEOUT(bench.session.currentStep() > 5, kPatience);
        bench.click("pause");
        QTRY_COMPARE_WITH_TIMEOUT(bench.session.state(), TrainingState::Paused, kPatience);
        auto& list = bench.page->runs().list();
        QTRY_COMPARE_WITH_TIMEOUT(list.count(), 1, kPatience);
        const auto said = [&list] { return list.item(0)->data(RunSubtitle).toString(); };
        QCOMPARE(said(), QStringLiteral("Adam 0.001, paused"));
        // Its record knows nothing of an epoch yet: what the page shows is not contradicted.
        QVERIFY(list.item(0)->toolTip().contains(QStringLiteral("paused; 40 epochs")));
        QVERIFY(!list.item(0)->toolTip().contains(QStringLiteral("not finished")));
        auto& course = bench.page->course();
        const auto steps = static_cast<std::size_t>(bench.session.currentStep());
        // A point stands for two steps of these epochs, as in the run's file.
        QTRY_COMPARE(course.loss().training().size(), (steps + 1) / 2);
        QCOMPARE(course.quality().training().size(), (steps + 1) / 2);
        const double before = course.loss().training().x().back();
        bench.click("step");
        QTRY_VERIFY_WITH_TIMEOUT(course.loss().training().x().back() > before, kPatience);
        QCOMPARE(course.loss().training().size(), (steps + 2) / 2);

        const auto marks = course.loss().rateMarks();
        QCOMPARE(marks, std::size_t{1}); // where it began
        bench.enter("learning_rate", "0.002");
        QTRY_COMPARE_WITH_TIMEOUT(bench.session.learningRate(), 0.002, kPatience);
        QCOMPARE(course.loss().rateMarks(), marks + 1);
        QCOMPARE(bench.document.project(), loadProject(bench.folder / "small.gradwright"));

        bench.click("pause"); // says "Resume" now
        QTRY_COMPARE_WITH_TIMEOUT(bench.session.state(), TrainingState::Running, kPatience);
        QCOMPARE(said(), QStringLiteral("Adam 0.001, training"));
        // The canvas stays free: an edit of the project does not reach the run.
        bench.document.perform(QStringLiteral("Rename"), {SetTexts{"other", ""}});
        QTRY_VERIFY_WITH_TIMEOUT(!course.quality().validation().empty(), kPatience);
        bench.click("stop");
        QTRY_COMPARE_WITH_TIMEOUT(bench.session.state(), TrainingState::Stopped, kPatience);
        QVERIFY(!bench.find<QFrame>("lock").isVisible());
        QCOMPARE(bench.find<QLineEdit>("learning_rate").text(), QStringLiteral("0.001"));
        const auto stopped = bench.session.currentStep();
        QVERIFY(course.gradients().columns() > 0);
        QCOMPARE(course.gradients().rows(),
                 (std::vector<QString>{QStringLiteral("hidden"), QStringLiteral("scores")}));

        QTRY_VERIFY_WITH_TIMEOUT(bench.find<QPushButton>("pause").isEnabled(), kPatience);
        QCOMPARE(bench.find<QPushButton>("pause").text(), QStringLiteral("Resume"));
        bench.click("pause");
        QTRY_COMPARE_WITH_TIMEOUT(bench.session.state(), TrainingState::Finished, kPatience);
        QCOMPARE(bench.session.currentStep(), std::int64_t{20'000}); // 40 epochs of 500
        QVERIFY(stopped < 20'000);
        QCOMPARE(course.quality().validation().size(), std::size_t{40});
        QTRY_COMPARE_WITH_TIMEOUT(bench.page->runs().runs().size(), std::size_t{1}, kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(bench.page->runs().runs()[0].finished, kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(!bench.find<QPushButton>("pause").isEnabled(), kPatience);
    }

    /// A training on values is told by R², wherever one on classes is told by its accuracy.
    void aTrainingOnValuesIsToldByDetermination() {
        auto project = openTemplate("weather");
        test::set(project, "epochs", std::int64_t{2});
        Bench bench(theme_, project);
        const auto shows = [&](const QString& text) {
            const auto labels = bench.page->findChildren<QLabel*>();
            return std::ranges::any_of(labels,
                                       [&](const QLabel* label) { return label->text() == text; });
        };
        bench.click("start");
        QTRY_COMPARE_WITH_TIMEOUT(bench.session.state(), TrainingState::Finished, kPatience);
        QVERIFY(shows(QStringLiteral("Best validation R²")) && shows(QStringLiteral("Test R²")));
        QVERIFY(!shows(QStringLiteral("Test accuracy")));
        const auto isListed = [&] {
            const auto& runs = bench.page->runs().runs();
            return !runs.empty() && runs.front().finished;
        };
        QTRY_VERIFY_WITH_TIMEOUT(isListed(), kPatience);
        const auto& run = bench.page->runs().runs().front();
        QCOMPARE(run.metric, &metric("r2"));
        QVERIFY(shows(QString::number(run.best()->quality.value, 'f', 3)));
        QCOMPARE(bench.page->course().plotActions()[1]->text(), QStringLiteral("Save R² plot…"));
    }

    void runsCanBeLaidOver() {
        Bench bench(theme_, test::smallProject(320, 0.01));
        for (std::size_t count = 1; count <= 2; ++count) {
            bench.click("start");
            QTRY_COMPARE_WITH_TIMEOUT(bench.session.state(), TrainingState::Finished, kPatience);
            QTRY_COMPARE_WITH_TIMEOUT(bench.page->runs().runs().size(), count, kPatience);
        }
        QTRY_VERIFY_WITH_TIMEOUT(bench.page->runs().runs()[0].finished, kPatience);
        auto& list = bench.page->runs().list();
        QTRY_COMPARE(list.currentRow(), 0); // the one just trained
        const auto tick = list.visualItemRect(list.item(1)).topLeft() + QPoint(20, 20);
        QTest::mouseClick(list.viewport(), Qt::LeftButton, {}, tick);
        QCOMPARE(bench.page->runs().ticked().size(), std::size_t{1});
        const auto& legend = bench.page->course().loss().legend();
        QTRY_COMPARE(legend.entries().back().role, CurveRole::Run3);
        QCOMPARE(list.currentRow(), 0);
        // Choosing the other shows it instead.
        QTest::mouseClick(list.viewport(), Qt::LeftButton, {}, tick + QPoint(80, 0));
        QCOMPARE(bench.page->runs().chosen()->folder, bench.page->runs().runs()[1].folder);
        QCOMPARE(bench.page->course().loss().training().size(),
                 bench.page->runs().runs()[1].steps.size());
        QTest::mouseClick(list.viewport(), Qt::LeftButton, {}, tick);
        QVERIFY(bench.page->runs().ticked().empty());
    }

    void whatKeepsItFromTrainingIsSaidInPlace() {
        auto project = test::smallProject();
        // A convolution of what is flat already.
        auto& graph = project.network.main;
        apply(project.network, {AddNode{"", {{20}, "conv", LayerUse{"conv2d"}, {}}}});
        apply(project.network, {AddLink{"", {graph.freshLinkId(), {{2}, {0}}, {{20}, {0}}}}});
        Bench bench(theme_, project);
        QSignalSpy problems(bench.page.get(), &TrainPage::problemsRequested);
        bench.click("start");
        QCOMPARE(bench.session.state(), TrainingState::Idle);
        auto& banner = bench.find<QFrame>("failure");
        QVERIFY(banner.isVisible());
        QTest::mouseClick(banner.findChild<QPushButton*>("remedy"), Qt::LeftButton);
        QCOMPARE(problems.count(), 1);
    }

    /// An input without a link is told with its fix, and not after it has got one.
    void aLooseInputIsSaidInPlace() {
        auto project = test::smallProject();
        const auto& graph = project.network.main;
        const auto hidden = graph.findByName("hidden")->id;
        apply(project.network, {RemoveLink{"", graph.linkInto({hidden, {0}})->id}});
        Bench bench(theme_, project);
        auto& banner = bench.find<QFrame>("failure");
        bench.click("start");
        QCOMPARE(bench.session.state(), TrainingState::Idle);
        QTRY_VERIFY(banner.isVisible());
        auto* const remedy = banner.findChild<QPushButton*>("remedy");
        QVERIFY(remedy->text().startsWith(QStringLiteral("Link ")));
        QTest::mouseClick(remedy, Qt::LeftButton);
        QVERIFY(bench.document.project().network.main.linkInto({hidden, {0}}));
        QTRY_VERIFY(!banner.isVisible());

        // Fixed in another way, it is not told any longer either.
        bench.document.undoStack().undo();
        bench.click("start");
        QTRY_VERIFY(banner.isVisible());
        bench.document.undoStack().redo();
        QTRY_VERIFY(!banner.isVisible());
    }

    void aFailureIsSaidInPlace() {
        auto project = test::smallProject();
        project.data.dataset = "fashion-mnist";
        project.data.params["folder"] = std::string("/nowhere");
        Bench bench(theme_, project);
        bench.click("start");
        QTRY_COMPARE_WITH_TIMEOUT(bench.session.state(), TrainingState::Failed, kPatience);
        auto& banner = bench.find<QFrame>("failure");
        QVERIFY(banner.isVisible());
        bool said = false;
        for (const auto* label : banner.findChildren<QLabel*>())
            said = said || label->text().contains(QStringLiteral("/nowhere"));
        QVERIFY(said);
    }

private:
    ThemeManager theme_{*qApp, ThemeChoice::Dark};
};

QTEST_MAIN(TrainPageTest)
#include "tst_train_page.moc"
