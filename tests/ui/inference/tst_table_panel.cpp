// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/templates.h"
#include "engine/support/json.h"
#include "tests/app/cli.h"
#include "tests/support/network_builder.h"
#include "tests/ui/inference/trained_page.h"
#include "ui/inference/answer_card.h"
#include "ui/inference/cell_field.h"
#include "ui/inference/evaluation_panel.h"
#include "ui/inference/image_panel.h"
#include "ui/inference/prediction_panel.h"
#include "ui/inference/row_form.h"
#include "ui/inference/scatter_view.h"
#include "ui/inference/table_panel.h"
#include "ui/inference/test_stepper.h"
#include "ui/inference/values_panel.h"

#include <QApplication>
#include <QComboBox>
#include <QElapsedTimer>
#include <QFileInfo>
#include <QLabel>
#include <QLineEdit>
#include <QLineF>
#include <QSlider>
#include <QTableView>
#include <QToolButton>

#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// What the program in the terminal says of rows with these cells.
Json predicted(const Cli& cli, const TrainedPage& trained,
               const std::vector<std::vector<std::string>>& rows) {
    std::string text;
    for (const auto& column : trained.model().data->info.columns)
        text += column.name + ",";
    text.back() = '\n';
    for (const auto& cells : rows) {
        for (const auto& cell : cells)
            text += (cell.empty() ? "?" : cell) + ",";
        text.back() = '\n';
    }
    writeText(cli / "rows.csv", text);
    return cli.run({"predict", trained.run(), cli.path("rows.csv"), "--json"}).json();
}

Project weather() {
    auto project = openTemplate("weather");
    set(project, "epochs", std::int64_t{6});
    set(project, "threads", std::int64_t{1});
    return project;
}

} // namespace

/// Networks of tables are asked by a form, whose answers are those of the command line.
class TablePanelTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        trained_ = std::make_unique<TrainedPage>(theme_, weather(), folder_, "weather");
        QVERIFY(trained_->isReady());
        panel_ = &trained_->page->panelOf<TablePanel>();
        QVERIFY(panel_->isVisible());
        QTRY_VERIFY_WITH_TIMEOUT(panel_->answer().values().values(), kPatience);
    }

    void theFirstTestRowIsRead() {
        QCOMPARE(panel_->stepper().current(), 0);
        QCOMPARE(panel_->form().cells(), trained_->model().data->test->cells(0));
        const auto* truth = panel_->findChild<QLabel*>(QStringLiteral("truth"));
        float target = 0;
        trained_->model().data->test->target(0, std::span(&target, 1));
        const double expected =
            trained_->model().data->info.targetScaling[0].restored(static_cast<double>(target));
        QCOMPARE(truth->text().section(u' ', 1).toDouble(), std::round(expected * 10) / 10);
    }

    /// What is typed, dragged and chosen is answered as `gradwright-cli predict` answers it.
    void theAnswerIsThatOfTheCommandLine() {
        auto* number = panel_->form().field(columnNamed("wind")).findChild<QLineEdit*>();
        number->setFocus();
        number->selectAll();
        QTest::keyClicks(number, QStringLiteral("6.5"));
        checkAgainstCommandLine();
        QCOMPARE(panel_->stepper().current(), -1); // no test row any more
        QVERIFY(panel_->findChild<QLabel*>(QStringLiteral("truth"))->text().isEmpty());

        auto* slider = panel_->form().field(columnNamed("temp_min")).findChild<QSlider*>();
        const double before = panel_->answer().values().restored(0);
        slider->setFocus();
        QTest::keyClick(slider, Qt::Key_End);
        checkAgainstCommandLine();
        QVERIFY(panel_->answer().values().restored(0) > before);
        const auto most = trained_->model().data->table->columns[columnNamed("temp_min")].most;
        QCOMPARE(std::stod(panel_->form().cells()[columnNamed("temp_min")]), most);

        auto* kind = panel_->form().field(columnNamed("weather")).findChild<QComboBox*>();
        kind->setFocus();
        QTest::keyClicks(kind, QStringLiteral("snow"));
        QCOMPARE(kind->currentText(), QStringLiteral("snow"));
        checkAgainstCommandLine();
    }

    void whatCannotBeReadIsSaidInPlace() {
        auto* number = panel_->form().field(columnNamed("wind")).findChild<QLineEdit*>();
        const auto isSaid = [&](const QString& part) {
            const auto labels = panel_->form().findChildren<QLabel*>();
            return std::ranges::any_of(
                labels, [&](const QLabel* label) { return label->text().contains(part); });
        };
        number->setFocus();
        number->selectAll();
        QTest::keyClicks(number, QStringLiteral("calm"));
        QVERIFY(number->property("invalid").toBool());
        QVERIFY(isSaid(QStringLiteral("“calm” is not a number")));
        QVERIFY(!panel_->answer().values().values());
        number->selectAll();
        QTest::keyClicks(number, QStringLiteral("400"));
        QVERIFY(!number->property("invalid").toBool());
        QVERIFY(isSaid(QStringLiteral("Not seen in training")));
        checkAgainstCommandLine();
        number->selectAll();
        QTest::keyClick(number, Qt::Key_Delete);
        QVERIFY(isSaid(QStringLiteral("Missing: the mean")));
        checkAgainstCommandLine();
    }

    void testRowsStandWithTheLargestErrorFirst() {
        auto& panel = trained_->page->evaluation();
        QTRY_VERIFY_WITH_TIMEOUT(panel.report() && !panel.isRunning(), kPatience);
        auto& view = panel_->rows();
        const auto& report = *panel.report();
        QCOMPARE(view.model()->rowCount(), static_cast<int>(report.samples));
        double last = std::numeric_limits<double>::infinity();
        for (int row = 0; row < view.model()->rowCount(); ++row) {
            const auto sample = static_cast<std::size_t>(
                QLocale().toInt(view.model()->index(row, 0).data().toString()) - 1);
            const auto error =
                std::abs(static_cast<double>(report.outputs[sample] - report.targets[sample]));
            QVERIFY(error <= last);
            last = error;
        }
        // A click fills the form; what is read is what was measured.
        const auto cell = view.visualRect(view.model()->index(2, 1));
        QElapsedTimer timer;
        timer.start();
        QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, cell.center());
        QVERIFY2(timer.elapsed() < 50, "a click on a row takes long");
        const auto sample = panel_->stepper().current();
        QCOMPARE(view.model()->index(2, 0).data().toString(), QLocale().toString(sample + 1));
        QCOMPARE(panel_->form().cells(), trained_->model().data->test->cells(sample));
        const auto isRead = [&] {
            return panel_->answer().values().values() &&
                   std::abs(panel_->answer().values().restored(0) -
                            static_cast<double>(report.outputs[static_cast<std::size_t>(sample)])) <
                       1e-3;
        };
        QTRY_VERIFY_WITH_TIMEOUT(isRead(), kPatience);
        // So does a click on its point of the scatter plot.
        auto& scatter = panel.scatter();
        QVERIFY(scatter.isVisible());
        QCOMPARE(scatter.points(), static_cast<std::size_t>(report.samples));
        QTest::mouseClick(&scatter, Qt::LeftButton, {}, scatter.placeOf(7).toPoint());
        const auto near = static_cast<std::size_t>(panel_->stepper().current());
        QVERIFY(QLineF(scatter.placeOf(near), scatter.placeOf(7)).length() < 2);
        view.setCurrentIndex(view.model()->index(2, 0));
        // The keyboard goes on, and so do the buttons.
        QTest::keyClick(&view, Qt::Key_Down);
        QCOMPARE(view.model()->index(3, 0).data().toString(),
                 QLocale().toString(panel_->stepper().current() + 1));
        const auto at = panel_->stepper().current();
        QTest::mouseClick(panel_->stepper().findChild<QToolButton*>(QStringLiteral("next")),
                          Qt::LeftButton);
        QCOMPARE(panel_->stepper().current(), (at + 1) % report.samples);
        QCOMPARE(panel_->form().cells(),
                 trained_->model().data->test->cells(panel_->stepper().current()));
    }

    void classesAreAnsweredWithTheirProbabilities() {
        auto project = openTemplate("weather");
        project.data.params.insert_or_assign("target", std::string("weather"));
        const auto info = openDataset(project.data).info;
        NetworkBuilder b;
        const auto input = b.layer("input", {{"shape", IntTuple{info.input[0]}}}, "row");
        const auto hidden =
            b.after(input, "dense",
                    {{"units", std::int64_t{12}}, {"activation", std::string("relu")}}, "hidden");
        const auto scores = b.after(
            hidden, "dense", {{"units", static_cast<std::int64_t>(info.classes.size())}}, "scores");
        b.after(b.after(scores, "softmax"), "output", {}, "kind");
        project.network = std::move(b.network);
        project.training = newProject().training;
        set(project, "epochs", std::int64_t{3});
        TrainedPage trained(theme_, project, folder_, "kinds");
        QVERIFY(trained.isReady());
        auto& panel = trained.page->panelOf<TablePanel>();
        QVERIFY(panel.isVisible());
        auto& prediction = panel.answer().prediction();
        QTRY_VERIFY_WITH_TIMEOUT(prediction.prediction().has_value(), kPatience);
        auto& evaluation = trained.page->evaluation();
        QTRY_VERIFY_WITH_TIMEOUT(evaluation.report() && !evaluation.isRunning(), kPatience);
        // Wrong rows first, the surest on top.
        const auto& readings = evaluation.report()->readings;
        auto* model = panel.rows().model();
        QCOMPARE(model->rowCount(), static_cast<int>(readings.size()));
        const auto wrong = static_cast<int>(
            std::ranges::count_if(readings, [](const Reading& each) { return !each.correct(); }));
        QVERIFY(wrong > 1);
        for (int row = 0; row < model->rowCount(); ++row)
            QCOMPARE(model->index(row, 1).data() != model->index(row, 2).data(), row < wrong);
        // Each row is answered as the command line does.
        const auto cells = panel.form().cells();
        const auto json = predicted(cli_, trained, {cells});
        QCOMPARE(prediction.answer().toStdString(), json[0]["class"].get<std::string>());
        const auto shares = json[0]["probabilities"].get<std::vector<float>>();
        for (std::size_t i = 0; i < shares.size(); ++i)
            QVERIFY(std::abs(shares[i] - prediction.prediction()->probabilities[i]) < 1e-5F);
    }

    void imagesOfAColumnArePickedAndSeen() {
        std::filesystem::create_directories(folder_ / "photos");
        std::string text = "photo,price\n";
        const auto photo = [&](int i) {
            return QString::fromStdString((folder_ / fmt::format("photos/{}.png", i)).string());
        };
        for (int i = 0; i < 30; ++i) {
            QImage image(8, 8, QImage::Format_RGB32);
            image.fill(QColor(8 * i, 60, 200 - 5 * i));
            QVERIFY(image.save(photo(i)));
            text += fmt::format("photos/{}.png,{}\n", i, 100.5 + 3 * i);
        }
        writeText(folder_ / "homes.csv", text);
        auto project = newProject();
        project.data.dataset = "csv";
        project.data.params = {{"file", (folder_ / "homes.csv").string()}};
        NetworkBuilder b;
        const auto row = b.layer("input", {{"shape", IntTuple{3, 64, 64}}}, "row");
        const auto flat = b.after(row, "flatten");
        b.after(b.after(flat, "dense", {{"units", std::int64_t{1}}}, "sum"), "output", {}, "price");
        project.network = std::move(b.network);
        for (auto& objective : project.training.objectives)
            objective.loss = {"mean-squared-error", {}};
        set(project, "epochs", std::int64_t{2});
        set(project, "learning_rate", 0.0001);
        set(project, "batch", std::int64_t{8});
        set(project, "threads", std::int64_t{1});
        TrainedPage trained(theme_, project, folder_, "homes");
        QVERIFY2(trained.isReady(), qPrintable(trained.session.failure()));
        auto& panel = trained.page->panelOf<TablePanel>();
        QTRY_VERIFY_WITH_TIMEOUT(panel.answer().values().values(), kPatience);
        auto* line = panel.form().field(0).findChild<QLineEdit*>(QStringLiteral("image"));
        auto* preview = panel.form().field(0).findChild<QLabel*>(QStringLiteral("preview"));
        QVERIFY(line && QFileInfo::exists(line->text())); // that of the first test row
        line->setFocus();
        line->selectAll();
        QTest::keyClicks(line, photo(25));
        QTest::keyClick(line, Qt::Key_Return);
        QCOMPARE(preview->pixmap().toImage().pixelColor(20, 20).red(), 200);
        const auto json = predicted(cli_, trained, {panel.form().cells()});
        const auto expected = json[0]["values"]["price"].get<double>();
        const auto isSame = [&] {
            return panel.answer().values().values() &&
                   std::abs(panel.answer().values().restored(0) - expected) < 1e-3;
        };
        QTRY_VERIFY_WITH_TIMEOUT(isSame(), kPatience);
        line->selectAll();
        QTest::keyClicks(line, QStringLiteral("/nowhere.png"));
        QTest::keyClick(line, Qt::Key_Return);
        QVERIFY(line->property("invalid").toBool());
        QVERIFY(!panel.answer().values().values());
    }

    /// Before anything is trained the data say what the network will read.
    void theDataChooseThePanel() {
        ProjectDocument document(folder_ / "autosave");
        document.newFromTemplate("weather");
        TrainingSession session;
        InferencePage page(document, theme_, session);
        page.show();
        QVERIFY(page.images().isVisible());
        document.setDataInfo(document.project().data, openDataset(document.project().data).info);
        auto& rows = page.panelOf<TablePanel>();
        QVERIFY(rows.isVisible());
        QVERIFY(!page.images().isVisible());
        // The weather's numbers are values: there are no classes to be sure of or to be confused.
        const auto labels = page.findChildren<QLabel*>();
        const auto says = [&](const char* text) {
            return std::ranges::any_of(labels, [&](const QLabel* label) {
                return label->isVisible() && label->text() == QString::fromUtf8(text);
            });
        };
        QVERIFY(!document.dataInfo()->hasClasses());
        QVERIFY(rows.answer().values().isVisible());
        QVERIFY(!rows.answer().prediction().isVisible());
        QVERIFY(says("Test set"));
        QVERIFY(!says("Confusion matrix") && !says("Most confident mistakes"));
        DataInfo classes = *document.dataInfo();
        classes.classes = {"dry", "wet", "white"};
        classes.target = {};
        classes.targetNames.clear();
        document.setDataInfo(document.project().data, classes);
        QVERIFY(rows.answer().prediction().isVisible());
        QCOMPARE(rows.answer().prediction().rows().size(), std::size_t{3});
        QVERIFY(says("Confusion matrix") && !says("Most confident mistakes"));
        document.newFromTemplate("lenet-5");
        document.setDataInfo(document.project().data, openDataset(document.project().data).info);
        QVERIFY(page.images().isVisible());
    }

private:
    std::size_t columnNamed(const std::string& name) const {
        const auto& columns = trained_->model().data->info.columns;
        const auto found = std::ranges::find(columns, name, &TableColumn::name);
        return static_cast<std::size_t>(found - columns.begin());
    }
    void checkAgainstCommandLine() {
        const auto json = predicted(cli_, *trained_, {panel_->form().cells()});
        const auto& name = trained_->model().data->info.targetNames[0];
        const auto expected = json[0]["values"][name].get<double>();
        const auto isSame = [&] {
            return panel_->answer().values().values() &&
                   std::abs(panel_->answer().values().restored(0) - expected) <=
                       1e-5 * std::max(1.0, std::abs(expected));
        };
        QTRY_VERIFY_WITH_TIMEOUT(isSame(), kPatience);
    }

    TemporaryFolder folder_;
    Cli cli_{10, 10};
    ThemeManager theme_{*qApp, ThemeChoice::Light};
    std::unique_ptr<TrainedPage> trained_;
    TablePanel* panel_ = nullptr;
};

QTEST_MAIN(TablePanelTest)
#include "tst_table_panel.moc"
