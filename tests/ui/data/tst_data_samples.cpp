// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/images/augmentation.h"
#include "engine/inference/predictor.h"
#include "engine/project/project_file.h"
#include "tests/support/own_home.h"
#include "tests/support/small_jobs.h"
#include "tests/ui/data/data_bench.h"
#include "ui/data/count_bars.h"
#include "ui/data/data_overview.h"
#include "ui/data/sample_browser.h"
#include "ui/data/sample_details.h"
#include "ui/data/sample_pictures.h"
#include "ui/session/run_history.h"
#include "ui/session/trained_model.h"
#include "ui/theme/text.h"

#include <QClipboard>
#include <QElapsedTimer>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QToolButton>

#include <atomic>
#include <cmath>
#include <numeric>
#include <set>
#include <thread>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// Images that are made when they are read: cheap ones by the million, or slow ones.
class MadeImages final : public DataSource {
public:
    MadeImages(std::int64_t size, int milliseconds)
        : size_(size)
        , milliseconds_(milliseconds) {}

    [[nodiscard]] std::int64_t size() const override { return size_; }
    [[nodiscard]] const Shape& shape() const override { return shape_; }
    void input(std::int64_t index, std::span<float> out) const override {
        ++reads;
        if (milliseconds_ > 0)
            std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds_));
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = static_cast<float>((static_cast<std::size_t>(index) + i) % 7) / 6;
    }
    [[nodiscard]] std::int32_t label(std::int64_t index) const override {
        return static_cast<std::int32_t>(index % 3);
    }
    [[nodiscard]] bool isCostly() const override { return milliseconds_ > 0; }

    mutable std::atomic<int> reads = 0;

private:
    std::int64_t size_;
    int milliseconds_;
    Shape shape_{1, 16, 16};
};

std::shared_ptr<const ReviewedParts> partsOf(const std::shared_ptr<const MadeImages>& training) {
    auto data = std::make_shared<Dataset>();
    data->info.input = training->shape();
    data->info.classes = {"a", "b", "c"};
    data->info.preparation.size = 0;
    data->training = training;
    data->test = std::make_shared<MadeImages>(3, 0);
    auto parts = std::make_shared<ReviewedParts>();
    parts->split.training.resize(static_cast<std::size_t>(training->size()));
    std::iota(parts->split.training.begin(), parts->split.training.end(), 0U);
    parts->counts = countParts(*data, parts->split);
    parts->data = std::move(data);
    return parts;
}

} // namespace

class TestDataSamples : public QObject {
    Q_OBJECT

private:
    QTemporaryDir home_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<DataBench> bench_;

    [[nodiscard]] SampleBrowser& samples() const { return bench_->page->samples(); }
    [[nodiscard]] const Project& project() const { return bench_->document.project(); }
    [[nodiscard]] QString label(const char* name) const {
        return bench_->find<QLabel>(name).text();
    }
    void waitForSamples() const {
        QTRY_VERIFY_WITH_TIMEOUT(samples().shown() && !samples().isFiltering(), kPatience);
    }
    void open(const char* key) const {
        bench_->document.newFromTemplate(key);
        QTRY_VERIFY_WITH_TIMEOUT(bench_->page->review().parts() != nullptr, kPatience);
        waitForSamples();
    }
    /// Chooses an entry of a closed list by typing its beginning.
    void choose(const char* box, const QString& text) const {
        auto& combo = bench_->find<QComboBox>(box);
        combo.setFocus();
        QTest::keyClicks(&combo, text);
        QCOMPARE(combo.currentText(), text);
    }
    [[nodiscard]] const ShownSamples& shown() const { return *samples().shown(); }

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

    // ---- the grid

    void imagesAreAGrid() {
        open("lenet-5");
        TileView& tiles = samples().tiles();
        QVERIFY(tiles.isVisible());
        const auto across = tiles.tiles().columnCount();
        QVERIFY2(across >= 8, qPrintable(QString::number(across)));
        QCOMPARE(tiles.tiles().rowCount(),
                 static_cast<int>((bench_->page->review().parts()->counts.total() + across - 1) /
                                  across));
        // The arrow keys go through it, and the sample is described.
        tiles.setFocus();
        QCOMPARE(tiles.selected(), 0);
        QTest::keyClick(&tiles, Qt::Key_Right);
        QTest::keyClick(&tiles, Qt::Key_Down);
        QCOMPARE(tiles.selected(), across + 1);
        QTRY_COMPARE(label("inputShape"), QStringLiteral("The network gets 1×28×28"));
        QTRY_VERIFY(!bench_->find<QLabel>("inputPicture").pixmap().isNull());
        // And so does the mouse.
        const QModelIndex third = tiles.tiles().index(0, 2);
        QTest::mouseClick(tiles.viewport(), Qt::LeftButton, {}, tiles.visualRect(third).center());
        QCOMPARE(tiles.selected(), 2);
        QVERIFY(tiles.tiles()
                    .data(third, Qt::AccessibleTextRole)
                    .toString()
                    .contains(QStringLiteral("training")));
    }

    void onlyWhatIsVisibleIsDecoded() {
        SampleBrowser browser(*themes_);
        browser.resize(900, 600);
        browser.show();
        const auto images = std::make_shared<MadeImages>(2000, 2);
        browser.setParts(partsOf(images), false, false);
        QTRY_VERIFY_WITH_TIMEOUT(browser.shown() && !browser.isFiltering(), kPatience);
        const int visible =
            browser.tiles().tiles().columnCount() * (browser.tiles().viewport()->height() / 80 + 2);
        QTRY_VERIFY_WITH_TIMEOUT(browser.pictures().decoded() >= 20, kPatience);
        QTest::qWait(400);
        QVERIFY2(browser.pictures().decoded() <= visible,
                 qPrintable(QString::number(browser.pictures().decoded())));
        QVERIFY(browser.pictures().decoded() >= visible / 2);
        // What has been seen is kept.
        const int reads = images->reads;
        browser.tiles().viewport()->repaint();
        QTest::qWait(50);
        QCOMPARE(static_cast<int>(images->reads), reads);
    }

    void aMillionSamplesScroll() {
        SampleBrowser browser(*themes_);
        browser.resize(900, 600);
        browser.show();
        const auto images = std::make_shared<MadeImages>(1'000'000, 0);
        browser.setParts(partsOf(images), false, false);
        QTRY_VERIFY_WITH_TIMEOUT(browser.shown() && !browser.isFiltering(), kPatience);
        QCOMPARE(std::ssize(browser.shown()->samples), 1'000'003);
        QScrollBar& bar = *browser.tiles().verticalScrollBar();
        constexpr int kSteps = 60;
        QElapsedTimer clock;
        clock.start();
        for (int i = 1; i <= kSteps; ++i) {
            bar.setValue(static_cast<int>(static_cast<qint64>(bar.maximum()) * i / kSteps));
            browser.tiles().viewport()->repaint();
        }
        const auto perStep = static_cast<double>(clock.elapsed()) / kSteps;
        qInfo("%.1f ms per step of scrolling", perStep);
#ifndef GRADWRIGHT_SANITIZED
        QVERIFY2(perStep < 100, qPrintable(QString::number(perStep))); // the machine may be busy
#endif
        QVERIFY(images->reads < 200 * kSteps);
        browser.tiles().setFocus();
        QTest::keyClick(&browser.tiles(), Qt::Key_End, Qt::ControlModifier);
        QVERIFY(browser.tiles().selected() >= 999'990);
    }

    // ---- filters

    void samplesAreFilteredByPartAndClass() {
        open("two-spirals");
        const PartCounts counts = bench_->page->review().parts()->counts;
        QCOMPARE(std::ssize(shown().samples), counts.total());
        choose("samplePart", QStringLiteral("Test"));
        QTRY_COMPARE(std::ssize(shown().samples), counts.samples[2]);
        // A class is chosen by its bar.
        auto& bars = bench_->find<CountBars>("classCounts");
        QTest::mouseClick(&bars, Qt::LeftButton, {}, QPoint(60, bars.height() * 3 / 4));
        QTRY_COMPARE(std::ssize(shown().samples), counts.classes[1][2]);
        QCOMPARE(bench_->find<QComboBox>("sampleClass").currentIndex(), 2);
        for (const SampleId& sample : shown().samples) {
            QVERIFY(sample.part == DataPart::Test);
            QCOMPARE(shown().data->test->label(sample.index), 1);
        }
        QVERIFY(label("sampleCount").startsWith(fullNumber(counts.classes[1][2])));
        // Another split leaves the filter alone.
        auto choice = project().data;
        choice.validationFraction *= 2;
        bench_->document.perform(QStringLiteral("Split"), {SetData{choice}});
        QTRY_VERIFY_WITH_TIMEOUT(
            bench_->page->review().parts()->counts.samples[1] == 2 * counts.samples[1], kPatience);
        waitForSamples();
        QCOMPARE(bench_->find<QComboBox>("sampleClass").currentIndex(), 2);
        QCOMPARE(bars.chosen(), 1);
        QTRY_COMPARE(std::ssize(shown().samples), counts.classes[1][2]);
        bars.setFocus();
        QTest::keyClick(&bars, Qt::Key_Space); // all of them again
        QTRY_COMPARE(std::ssize(shown().samples), counts.samples[2]);
    }

    void rowsAreFoundAndSorted() {
        std::string text = "size,word,kind\n";
        for (int i = 0; i < 40; ++i)
            text += fmt::format("{}.5,{},{}\n", (i * 17) % 40, i % 4 == 0 ? "pear" : "plum",
                                i % 2 == 0 ? "a" : "b");
        bench_->openTable(text);
        waitForSamples();
        auto& tabs = bench_->find<QTabBar>("dataTabs");
        QTest::mouseClick(&tabs, Qt::LeftButton, {}, tabs.tabRect(0).center());
        QTableView& rows = samples().rows();
        QVERIFY(rows.isVisible());
        auto& field = bench_->find<QLineEdit>("sampleText");
        field.setFocus();
        QTest::keyClicks(&field, QStringLiteral("PEAR"));
        QTRY_COMPARE(std::ssize(shown().samples), 10);
        QTest::keyClick(&field, Qt::Key_A, Qt::ControlModifier);
        QTest::keyClick(&field, Qt::Key_Delete);
        QTRY_COMPARE(std::ssize(shown().samples), 40);
        // By the column of sizes: up, then down.
        const auto& model = *rows.model();
        int size = 0;
        while (model.headerData(size, Qt::Horizontal).toString() != QStringLiteral("size"))
            ++size;
        const auto cell = [&](int row) { return model.index(row, size).data().toString(); };
        auto& header = *rows.horizontalHeader();
        const QPoint title(header.sectionViewportPosition(size) + 20, header.height() / 2);
        QTest::mouseClick(header.viewport(), Qt::LeftButton, {}, title);
        QTRY_COMPARE(cell(39), QStringLiteral("39.5"));
        QCOMPARE(cell(0), QStringLiteral("0.5"));
        QTest::mouseClick(header.viewport(), Qt::LeftButton, {}, title);
        QTRY_COMPARE(cell(0), QStringLiteral("39.5"));
        QCOMPARE(cell(38), QStringLiteral("1.5"));
    }

    void theMeanImageIsThatOfTheClass() {
        open("lenet-5");
        QTRY_VERIFY_WITH_TIMEOUT(label("meanText") == QStringLiteral("Mean of 2,000 images"),
                                 kPatience);
        const QImage all = bench_->find<QLabel>("meanImage").pixmap().toImage();
        samples().setLabel(1);
        QTRY_VERIFY_WITH_TIMEOUT(label("meanText").endsWith(QStringLiteral(" images of 1")),
                                 kPatience);
        const QImage ones = bench_->find<QLabel>("meanImage").pixmap().toImage();
        QVERIFY(!all.isNull() && ones != all);
    }

    // ---- the tensor

    void theInputIsWhatTheNetworkGets() {
        bench_->openTable("size,colour,kind\n1.5,red,a\n2,blue,b\n3,red,a\n4,blue,b\n5,red,a\n"
                          "6,red,b\n7,blue,a\n8,red,b\n9,red,a\n10,blue,b\n");
        waitForSamples();
        auto& tabs = bench_->find<QTabBar>("dataTabs");
        QTest::mouseClick(&tabs, Qt::LeftButton, {}, tabs.tabRect(0).center());
        QTRY_COMPARE(label("inputShape"), QStringLiteral("The network gets 3"));
        const SampleId sample = samples().selected().value();
        std::vector<float> expected(3);
        sourceOf(*shown().data, sample).input(sample.index, expected);
        QTRY_COMPARE(bench_->page->sample().input(), expected);
        const auto& values = bench_->find<QTableWidget>("inputValues");
        QCOMPARE(values.rowCount(), 3);
        QCOMPARE(values.item(1, 0)->text(), QStringLiteral("colour: blue"));
        QCOMPARE(values.item(0, 1)->text().toFloat(),
                 QString::number(static_cast<double>(expected[0]), 'g', 5).toFloat());
        QTest::mouseClick(&bench_->find<QPushButton>("copyValues"), Qt::LeftButton);
        const QStringList copied = QGuiApplication::clipboard()->text().split(QStringLiteral(", "));
        QCOMPARE(copied.size(), 3);
        for (qsizetype i = 0; i < 3; ++i)
            QCOMPARE(copied[i].toFloat(), expected[static_cast<std::size_t>(i)]);
    }

    void augmentationIsSeenAtOnce() {
        open("lenet-5");
        QTRY_VERIFY_WITH_TIMEOUT(!bench_->page->sample().input().empty(), kPatience);
        QVERIFY(bench_->page->sample().variants().empty());
        QVERIFY(!bench_->find<QPushButton>("drawAgain").isVisible());
        auto* const field = bench_->page->sample().findChild<QWidget*>(QStringLiteral("rotation"));
        QVERIFY(field != nullptr);
        auto* const edit = field->findChild<QLineEdit*>() ? field->findChild<QLineEdit*>()
                                                          : qobject_cast<QLineEdit*>(field);
        QVERIFY(edit != nullptr);
        edit->setFocus();
        edit->selectAll();
        QTest::keyClicks(edit, QStringLiteral("20"));
        QTest::keyClick(edit, Qt::Key_Return);
        QTRY_VERIFY(project().data.augmentation.contains("rotation"));
        QTRY_COMPARE_WITH_TIMEOUT(bench_->page->sample().variants().size(),
                                  SampleDetails::kVariants, kPatience);
        // They are what the batcher makes of the sample in these epochs.
        const SampleId sample = samples().selected().value();
        const auto& info = shown().data->info;
        const auto augmenter = augmenterOf(project().data, info, project().training.seed());
        auto expected = bench_->page->sample().input();
        augmenter->apply(expected, sample.index, 1);
        QCOMPARE(bench_->page->sample().variants()[1], expected);
        const auto before = bench_->page->sample().variants();
        QTest::mouseClick(&bench_->find<QPushButton>("drawAgain"), Qt::LeftButton);
        QTRY_VERIFY(bench_->page->sample().variants() != before);
        bench_->document.undoStack().undo();
        QTRY_VERIFY(bench_->page->sample().variants().empty());
    }

    // ---- after a training

    void likelyWrongLabelsComeFirst() {
        auto project = smallProject(300, 0.1);
        set(project, "epochs", std::int64_t{2});
        const auto file = bench_->folder / "small.gradwright";
        saveProject(file, project);
        bench_->document.open(file);
        QTRY_VERIFY_WITH_TIMEOUT(bench_->page->review().parts() != nullptr, kPatience);
        waitForSamples();
        samples().tiles().select(5);
        // Nothing has been trained.
        auto& judge = bench_->find<QPushButton>("judgeSamples");
        QTest::mouseClick(&judge, Qt::LeftButton);
        QTRY_VERIFY(bench_->find<QFrame>("dataMessage").isVisible());
        QVERIFY(!judge.isChecked());
        bench_->session.start(
            trainingJob(bench_->document.project(), bench_->document.runsFolder()));
        // What is trained on cannot be changed meanwhile.
        QVERIFY(!bench_->find<QToolButton>("replaceData").isEnabled());
        QTRY_COMPARE_WITH_TIMEOUT(bench_->session.state(), TrainingState::Finished, kPatience);
        QVERIFY(bench_->find<QToolButton>("replaceData").isEnabled());
        QTest::mouseClick(&judge, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(samples().shown() && !shown().losses.empty(), kPatience);
        QVERIFY(judge.isChecked());
        QCOMPARE(samples().tiles().selected(), 0); // wherever the one was that was looked at
        const auto& losses = shown().losses;
        QCOMPARE(losses.size(), bench_->page->review().parts()->split.training.size());
        QVERIFY(std::ranges::is_sorted(losses, std::greater{}));
        // The first one's loss is that of the run's best weights, computed one by one.
        const auto runs = readRuns(bench_->document.runsFolders());
        const auto model = openModel(runs.front().folder);
        Predictor predictor(model.graph, *model.weights, model.target);
        const SampleId worst = shown().samples.front();
        Tensor input(DType::F32, model.data->info.input);
        sourceOf(*model.data, worst).input(worst.index, input.span<float>());
        const auto prediction = predictor.predict(input);
        const auto own = model.data->training->label(worst.index);
        const double loss =
            -std::log(static_cast<double>(prediction.probabilities[static_cast<std::size_t>(own)]));
        QVERIFY2(std::abs(loss - static_cast<double>(losses.front())) < 1e-3 * loss,
                 qPrintable(QStringLiteral("%1 %2").arg(loss).arg(losses.front())));
        QCOMPARE(prediction.classIndex, shown().predicted.front());
        QVERIFY(shown().answer(0).contains(QStringLiteral("→")));
        // Off again: by place.
        QTest::mouseClick(&judge, Qt::LeftButton);
        QTRY_VERIFY(shown().losses.empty());
    }
};

QTEST_MAIN(TestDataSamples)
#include "tst_data_samples.moc"
