// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ensembles/saved_baseline.h"
#include "engine/io/atomic_file.h"
#include "engine/project/project_file.h"
#include "engine/project/templates.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "tests/support/data_files.h"
#include "tests/support/gestures.h"
#include "tests/support/small_jobs.h"
#include "ui/drawing/drawing_pad.h"
#include "ui/inference/confusion_view.h"
#include "ui/inference/evaluation_panel.h"
#include "ui/inference/image_panel.h"
#include "ui/inference/inference_page.h"
#include "ui/inference/mistakes_view.h"
#include "ui/inference/model_chooser.h"
#include "ui/inference/pixel_view.h"
#include "ui/inference/prediction_panel.h"
#include "ui/inference/values_panel.h"
#include "ui/theme/theme_manager.h"

#include <QAccessible>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QLabel>
#include <QScrollArea>
#include <QScrollBar>
#include <QSlider>
#include <QTest>
#include <QToolButton>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>

using namespace gradwright;

namespace {

using test::drawWithMouse;
using test::kOne;
using test::kSeven;

constexpr int kPatience = 60'000; // ms: the machine may be busy

} // namespace

/// One network, trained for a few seconds, reads all drawings.
class InferencePageTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        project_ = openTemplate("multilayer-perceptron");
        project_.name = "digits";
        project_.data.limit = 12'000;
        project_.data.validationFraction = 0.02;
        test::set(project_, "epochs", std::int64_t{3});
        test::set(project_, "threads", std::int64_t{1}); // quick also on a busy machine
        saveProject(folder_ / "digits.gradwright", project_);
        document_ = std::make_unique<ProjectDocument>(folder_ / "autosave");
        document_->open(folder_ / "digits.gradwright");
        session_ = std::make_unique<TrainingSession>();
        page_ = std::make_unique<InferencePage>(*document_, theme_, *session_);
        page_->resize(1440, 820);
        page_->show();
        QVERIFY(page_->chooser().model() == nullptr);
        session_->start(trainingJob(project_, document_->runsFolder()));
        QTRY_COMPARE_WITH_TIMEOUT(session_->state(), TrainingState::Running, kPatience);
        session_->pause();
        // Read while it trains, with the newest weights.
        QTRY_VERIFY_WITH_TIMEOUT(page_->chooser().followsTraining(), kPatience);
        drawWithMouse(page_->pad(), kOne);
        QTRY_VERIFY_WITH_TIMEOUT(page_->prediction().prediction().has_value(), kPatience);
        QVERIFY(page_->chooser().model()->weightsTitle.starts_with("newest"));
        QTRY_COMPARE_WITH_TIMEOUT(session_->state(), TrainingState::Paused, kPatience);
        session_->resume();
        QTRY_COMPARE_WITH_TIMEOUT(session_->state(), TrainingState::Finished, kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(page_->chooser().model()->weightsTitle.starts_with("best"),
                                 kPatience);
        page_->pad().clear();
    }

    void cleanup() {
        page_->pad().clear();
        page_->pad().setTool(PadTool::Brush);
    }

    void aDrawnDigitIsRead_data() {
        QTest::addColumn<int>("digit");
        QTest::newRow("one") << 1;
        QTest::newRow("seven") << 7;
    }
    void aDrawnDigitIsRead() {
        QFETCH(const int, digit);
        QVERIFY(!page_->prediction().prediction());
        drawWithMouse(page_->pad(), digit == 1 ? kOne : kSeven);
        QTRY_COMPARE_WITH_TIMEOUT(page_->prediction().answer(), QString::number(digit), kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(page_->pixels().view().input().has_value(), kPatience);
        const auto& seen = *page_->pixels().view().input();
        QCOMPARE(toString(seen.shown.shape()), std::string("1×28×28"));
        float ink = 0;
        for (const float value : seen.shown.span<float>())
            ink += value;
        QVERIFY(ink > 20);
        const auto key = QStringLiteral("clear");
        QTest::mouseClick(page_->findChild<QToolButton*>(key), Qt::LeftButton);
        QVERIFY(page_->pad().isBlank());
        QVERIFY(!page_->prediction().prediction());
        QVERIFY(!page_->pixels().view().input());
    }

    /// A classical method that was fitted and saved beside the project is chosen as runs are, reads
    /// what is drawn and is measured on the test set.
    void aFittedMethodReadsDrawings() {
        auto project = project_;
        project.data.limit = 4'000;
        const auto data = openDataset(project.data);
        const auto learned = splitOf(data, project.data).training;
        const auto& method = classicalMethod("forest");
        const auto samples = samplesOf(*data.training, learned, data.info, {});
        SavedBaseline saved;
        saved.method = &method;
        saved.params = {{"trees", std::int64_t{40}}};
        saved.learned = samples.count();
        saved.project = project;
        saved.info = data.info;
        saved.model = fitMethod(method, samples, saved.params, 1, {});
        saveBaseline(folder_ / "forest.baseline", saved);
        auto& box = page_->chooser().box();
        const auto network = box.currentIndex();
        page_->chooser().refresh();
        QTRY_VERIFY_WITH_TIMEOUT(box.findText(QStringLiteral("Random forest")) > 0, kPatience);
        QCOMPARE(box.currentIndex(), network); // what is in use stays
        box.setFocus();
        while (box.currentText() != QStringLiteral("Random forest"))
            QTest::keyClick(&box, Qt::Key_Down);
        QTRY_VERIFY_WITH_TIMEOUT(page_->chooser().model() && page_->chooser().model()->answers,
                                 kPatience);
        QVERIFY(page_->findChild<QLabel*>(QStringLiteral("weights"))
                    ->text()
                    .contains(QStringLiteral("fitted to 4000 samples")));
        drawWithMouse(page_->pad(), kOne);
        QTRY_COMPARE_WITH_TIMEOUT(page_->prediction().answer(), QStringLiteral("1"), kPatience);
        // A vote of forty trees.
        const auto votes = page_->prediction().prediction()->probability * 40;
        QVERIFY(std::abs(votes - std::round(votes)) < 1e-3);
        QTRY_VERIFY_WITH_TIMEOUT(page_->evaluation().report() &&
                                     page_->evaluation().report()->model->answers,
                                 kPatience);
        QVERIFY(page_->evaluation().report()->matrix.correct() >
                page_->evaluation().report()->samples * 8 / 10);
        std::filesystem::remove(folder_ / "forest.baseline");
        page_->chooser().refresh();
        QTRY_VERIFY_WITH_TIMEOUT(page_->chooser().model() && !page_->chooser().model()->answers,
                                 kPatience);
    }

    void strokesHaveAnUndoOfTheirOwn() {
        auto& pad = page_->pad();
        drawWithMouse(pad, kOne);
        const auto one = pad.image();
        drawWithMouse(pad, kSeven);
        QVERIFY(pad.image() != one);
        const int before = document_->undoStack().count();
        pad.setFocus();
        QTest::keySequence(&pad, QKeySequence::Undo);
        QCOMPARE(pad.image(), one);
        QTest::keySequence(&pad, QKeySequence::Redo);
        QVERIFY(pad.image() != one);
        QCOMPARE(document_->undoStack().count(), before);
        QTest::mouseClick(page_->findChild<QToolButton*>(QStringLiteral("undo")), Qt::LeftButton);
        QCOMPARE(pad.image(), one);
    }

    void undoingTheStrokeInHandEndsIt() {
        auto& pad = page_->pad();
        const QPoint at = pad.rect().center();
        QTest::mousePress(&pad, Qt::LeftButton, {}, at);
        QTest::mouseMove(&pad, at + QPoint(20, 0));
        pad.undo();
        QTest::mouseMove(&pad, at + QPoint(40, 0));
        QTest::mouseRelease(&pad, Qt::LeftButton, {}, at + QPoint(40, 0));
        QVERIFY(pad.isBlank());
        // With another stroke beneath, that one stays as it is.
        drawWithMouse(pad, kOne);
        const auto one = pad.image();
        QTest::mousePress(&pad, Qt::LeftButton, {}, at);
        pad.undo();
        QTest::mouseMove(&pad, at + QPoint(60, 60));
        QTest::mouseRelease(&pad, Qt::LeftButton, {}, at + QPoint(60, 60));
        QCOMPARE(pad.image(), one);
    }

    void anAutoencoderAnswersWithAPicture() {
        Project project = openTemplate("denoising-autoencoder");
        project.data.limit = 2'000;
        project.data.validationFraction = 0.05;
        test::set(project, "epochs", std::int64_t{1});
        saveProject(folder_ / "denoise.gradwright", project);
        ProjectDocument document(folder_ / "autosave");
        document.open(folder_ / "denoise.gradwright");
        TrainingSession session;
        InferencePage page(document, theme_, session);
        page.resize(1440, 820);
        page.show();
        session.start(trainingJob(project, document.runsFolder()));
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), TrainingState::Finished, kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(page.chooser().model() != nullptr && page.values().isVisible(),
                                 kPatience);
        QVERIFY(!page.prediction().isVisible());
        QVERIFY(page.values().showsPicture());
        drawWithMouse(page.pad(), kSeven);
        QTRY_VERIFY_WITH_TIMEOUT(page.values().values().has_value(), kPatience);
        QCOMPARE(page.values().values()->size(), std::size_t{784});
        for (const float value : *page.values().values())
            QVERIFY(value >= 0 && value <= 1);
        // Beside it, as large, is what was read.
        const auto [from, to] = page.values().pictureRects();
        QCOMPARE(from.size(), to.size());
        QVERIFY(from.width() >= 28 && !from.intersects(to));
        QVERIFY(page.values().rect().contains(from) && page.values().rect().contains(to));
        page.pad().clear();
        QVERIFY(!page.values().values());
    }

    /// A run whose data are others now would give its answers other names.
    void aRunWithOtherDataIsNotUsed() {
        const auto run = page_->chooser().model()->run;
        const auto file = run / "run.json";
        const std::string before = readTextFile(file);
        auto record = parseJson(before, "run.json");
        record["data"]["classes"][3] = "drei";
        writeFileAtomically(file, std::string_view(record.dump()));
        QVERIFY_EXCEPTION_THROWN(openModel(run), Error);
        writeFileAtomically(file, std::string_view(before));
        QCOMPARE(openModel(run).run, run);
    }

    void brushAndEraser() {
        auto& pad = page_->pad();
        auto* width = page_->findChild<QSlider*>(QStringLiteral("brush"));
        const auto ink = [&] {
            float sum = 0;
            for (const float value : pad.image().pixels)
                sum += value;
            return sum;
        };
        width->setValue(10);
        drawWithMouse(pad, kOne);
        const float thin = ink();
        pad.clear();
        width->setValue(30);
        drawWithMouse(pad, kOne);
        QVERIFY(ink() > 2 * thin);
        QTest::mouseClick(page_->findChild<QToolButton*>(QStringLiteral("eraser")), Qt::LeftButton);
        QCOMPARE(pad.tool(), PadTool::Eraser);
        width->setValue(48);
        drawWithMouse(pad, kOne);
        QVERIFY(ink() < 1);
        width->setValue(20);
    }

    void readsPicturesFromFilesAndTheClipboard() {
        const auto sample = QStringLiteral(GRADWRIGHT_SOURCE_DIR "/resources/samples/");
        page_->images().openImage(sample + QStringLiteral("2-drawing-pad.png"));
        QTRY_COMPARE_WITH_TIMEOUT(page_->prediction().answer(), QStringLiteral("2"), kPatience);
        QApplication::clipboard()->setImage(QImage(sample + QStringLiteral("0-marker.png")));
        page_->images().pasteImage();
        QTRY_COMPARE_WITH_TIMEOUT(page_->prediction().answer(), QStringLiteral("0"), kPatience);
        page_->images().openImage(QStringLiteral("/nowhere/digit.png"));
        const auto isSaid = [&] {
            const auto labels = page_->findChildren<QLabel*>();
            return std::ranges::any_of(labels, [](const QLabel* label) {
                return label->isVisible() &&
                       label->text().contains(QStringLiteral("/nowhere/digit.png"));
            });
        };
        QTRY_VERIFY_WITH_TIMEOUT(isSaid(), kPatience);
        // A stroke begins a drawing of its own.
        drawWithMouse(page_->pad(), kOne);
        QTRY_COMPARE_WITH_TIMEOUT(page_->prediction().answer(), QStringLiteral("1"), kPatience);
    }

    void theTestSetIsReadAndACellShowsItsImages() {
        auto& panel = page_->evaluation();
        QTRY_VERIFY_WITH_TIMEOUT(panel.report() != nullptr, kPatience);
        const auto& matrix = panel.report()->matrix;
        QCOMPARE(matrix.samples(), std::int64_t{10'000});
        QVERIFY(matrix.correct() > 8'500);
        QCOMPARE(panel.mistakes().mistakes().size(), panel.report()->mistakes.size());
        ConfusionView::Cell cell{4, 9};
        for (std::size_t i = 0; i < 10; ++i)
            for (std::size_t j = 0; j < 10; ++j)
                if (i != j && matrix.count(i, j) > matrix.count(cell.first, cell.second))
                    cell = {i, j};
        auto& view = panel.confusion();
        QTest::mouseClick(&view, Qt::LeftButton, {}, view.rectOf(cell).center().toPoint());
        QVERIFY(view.chosen() == cell);
        const auto& shown = panel.mistakes().mistakes();
        QCOMPARE(static_cast<std::int64_t>(shown.size()), matrix.count(cell.first, cell.second));
        for (const auto& mistake : shown)
            QVERIFY(static_cast<std::size_t>(mistake.label) == cell.first &&
                    static_cast<std::size_t>(mistake.predicted) == cell.second);
        // A click on a mistake reads it before one's eyes.
        QTest::mouseClick(&panel.mistakes(), Qt::LeftButton, {}, QPoint(20, 20));
        QTRY_VERIFY_WITH_TIMEOUT(page_->prediction().prediction().has_value(), kPatience);
        QTest::mouseClick(&view, Qt::LeftButton, {}, view.rectOf(cell).center().toPoint());
        QVERIFY(!view.chosen());
        // The same by the keyboard.
        view.setFocus();
        QTest::keyClick(&view, Qt::Key_Down);
        QVERIFY((view.chosen() == ConfusionView::Cell{0, 0}));
        QTest::keyClick(&view, Qt::Key_Down);
        QTest::keyClick(&view, Qt::Key_Right);
        QTest::keyClick(&view, Qt::Key_Right);
        QVERIFY((view.chosen() == ConfusionView::Cell{1, 2}));
        QVERIFY(view.accessibleDescription().contains(QStringLiteral("1 × ")) ||
                view.accessibleDescription().contains(QStringLiteral("read as 2")));
        QTest::keyClick(&view, Qt::Key_Escape);
        QVERIFY(!view.chosen());
        page_->pad().clear();
        panel.mistakes().setFocus();
        QTest::keyClick(&panel.mistakes(), Qt::Key_Right);
        QTest::keyClick(&panel.mistakes(), Qt::Key_Return);
        QTRY_VERIFY_WITH_TIMEOUT(page_->prediction().prediction().has_value(), kPatience);
    }

    /// All mistakes are reached by scrolling; a step of the keyboard brings the next into sight.
    void allMistakesCanBeSeen() {
        auto& view = page_->evaluation().mistakes();
        auto* scroll = page_->evaluation().findChild<QScrollArea*>(QStringLiteral("mistakes"));
        QVERIFY(scroll && view.mistakes().size() > 50);
        QVERIFY(view.height() > scroll->viewport()->height());
        view.setFocus();
        for (std::size_t i = 1; i < view.mistakes().size(); ++i)
            QTest::keyClick(&view, Qt::Key_Right);
        const auto last = QString::number(view.mistakes().back().sample + 1);
        const QString said =
            QAccessible::queryAccessibleInterface(&view)->text(QAccessible::Description);
        QVERIFY2(said.contains(last), qPrintable(said));
        QVERIFY(scroll->verticalScrollBar()->value() >= scroll->verticalScrollBar()->maximum() - 4);
    }

    /// Buttons go through the test set; the network gets the sample itself and says what it says of
    /// it in the evaluation.
    void theTestSetIsSteppedThrough() {
        auto* next = page_->images().findChild<QToolButton*>(QStringLiteral("next"));
        auto* truth = page_->findChild<QLabel*>(QStringLiteral("truth"));
        const auto& model = *page_->chooser().model();
        Predictor predictor(model.graph, *model.weights, model.target);
        for (std::int64_t sample = 0; sample < 3; ++sample) {
            QTest::mouseClick(next, Qt::LeftButton);
            const auto input = inputOfSample(model.data->test, sample)(model.data->info).input;
            const auto expected = predictor.predict(input).probabilities;
            const auto isRead = [&] {
                const auto& answer = page_->prediction().prediction();
                return answer && answer->probabilities == expected;
            };
            QTRY_VERIFY_WITH_TIMEOUT(isRead(), kPatience);
            QCOMPARE(truth->text(),
                     QStringLiteral("Truth: %1").arg(model.data->test->label(sample)));
            QVERIFY(!page_->pad().picture().isNull());
        }
        // A stroke is no test sample.
        drawWithMouse(page_->pad(), kOne);
        QVERIFY(truth->text().isEmpty());
    }

    /// As at twice the scale on a usual screen: nothing covers anything, what has no room is
    /// scrolled to.
    void aSmallPageScrolls() {
        page_->resize(960, 460);
        QVERIFY(QTest::qWaitForWindowExposed(page_.get()));
        QTRY_VERIFY(page_->pad().height() > 0);
        auto* brush = page_->findChild<QSlider*>(QStringLiteral("brush"));
        const auto placeOf = [&](QWidget* widget) {
            return QRect(widget->mapTo(page_.get(), QPoint()), widget->size());
        };
        QTRY_VERIFY(!placeOf(brush).intersects(placeOf(&page_->pad())));
        QVERIFY(page_->prediction().height() >= 200);
        QVERIFY(page_->evaluation().confusion().height() >= 240);
        page_->resize(1440, 820);
    }

    /// Last, since it opens another project: nothing of the one before stays.
    void anotherProjectBeginsBlank() {
        drawWithMouse(page_->pad(), kOne);
        QVERIFY(!page_->pad().isBlank());
        document_->newFromTemplate("lenet-5");
        QVERIFY(page_->pad().isBlank());
        QTRY_VERIFY_WITH_TIMEOUT(!page_->chooser().model(), kPatience);
        QVERIFY(!page_->prediction().prediction());
    }

private:
    test::TemporaryFolder folder_;
    Project project_;
    ThemeManager theme_{*qApp, ThemeChoice::Light};
    std::unique_ptr<ProjectDocument> document_;
    std::unique_ptr<TrainingSession> session_;
    std::unique_ptr<InferencePage> page_;
};

QTEST_MAIN(InferencePageTest)
#include "tst_inference_page.moc"
