// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/tables/csv.h"
#include "engine/support/json.h"
#include "tests/app/cli.h"
#include "tests/support/network_builder.h"
#include "tests/ui/inference/trained_page.h"
#include "ui/drawing/drawing_pad.h"
#include "ui/inference/answer_card.h"
#include "ui/inference/evaluation_panel.h"
#include "ui/inference/folder_card.h"
#include "ui/inference/image_panel.h"
#include "ui/inference/mistakes_view.h"
#include "ui/inference/pixel_view.h"
#include "ui/inference/prediction_panel.h"

#include <QApplication>
#include <QClipboard>
#include <QDropEvent>
#include <QLabel>
#include <QLineEdit>
#include <QMimeData>
#include <QPushButton>
#include <QTableView>
#include <QUrl>

#include <cmath>
#include <numeric>

using namespace gradwright;
using namespace gradwright::test;

namespace fs = std::filesystem;

namespace {

/// A picture of one colour, which is a little another one in each.
QImage shade(bool red, int i) {
    QImage image(12, 12, QImage::Format_RGB32);
    image.fill(red ? QColor(190 + 3 * i, 20 + i, 30) : QColor(25, 15 + i, 200 + 2 * i));
    return image;
}

Project colourProject(const std::string& folder) {
    auto project = newProject();
    project.name = "colours";
    NetworkBuilder b;
    const auto image = b.layer("input", {{"shape", IntTuple{3, 8, 8}}}, "image");
    const auto flat = b.after(image, "flatten");
    const auto scores = b.after(flat, "dense", {{"units", std::int64_t{2}}}, "scores");
    b.after(b.after(scores, "softmax"), "output", {}, "colour");
    project.network = std::move(b.network);
    project.data.dataset = "images";
    project.data.params = {{"folder", folder}, {"size", IntTuple{8, 8}}};
    set(project, "epochs", std::int64_t{20});
    set(project, "batch", std::int64_t{8});
    set(project, "threads", std::int64_t{1});
    return project;
}

void drop(QWidget& widget, const QString& path) {
    QMimeData mime;
    mime.setUrls({QUrl::fromLocalFile(path)});
    const QPoint at(100, 100);
    QDragEnterEvent enter(at, Qt::CopyAction, &mime, Qt::LeftButton, {});
    QApplication::sendEvent(&widget, &enter);
    QVERIFY2(enter.isAccepted(), qPrintable(path));
    QDropEvent event(at, Qt::CopyAction, &mime, Qt::LeftButton, {});
    QApplication::sendEvent(&widget, &event);
}

} // namespace

/// Pictures in colour from files, the clipboard and folders; and networks of many classes.
class ImagePanelTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void anAnswerStaysOnOneLine() {
        for (const auto* name : {"7", "square", "triangle", "versicolor"}) {
            const QString text = QString::fromLatin1(name);
            for (const int width : {104, 142}) {
                const QFont font = PredictionPanel::answerFont(text, width);
                QVERIFY2(QFontMetrics(font).horizontalAdvance(text) <= width, name);
            }
        }
    }

    void initTestCase() {
        for (const bool red : {true, false}) {
            fs::create_directories(folder_ / (red ? "colours/red" : "colours/blue"));
            for (int i = 0; i < 15; ++i)
                QVERIFY(shade(red, i).save(file(red, i)));
        }
        trained_ = std::make_unique<TrainedPage>(
            theme_, colourProject((folder_ / "colours").string()), folder_, "colours");
        QVERIFY(trained_->isReady());
        panel_ = &trained_->page->images();
        QVERIFY(panel_->isVisible());
    }

    void init() { panel_->clear(); }

    void nothingSpeaksOfDigits() {
        for (const auto* label : panel_->findChildren<QLabel*>())
            QVERIFY2(!label->text().contains(QStringLiteral("digit")) || !label->isVisible(),
                     qPrintable(label->text()));
    }

    void aDroppedFileIsReadAsByTheCommandLine() {
        drop(*trained_->page, file(true, 3));
        QTRY_COMPARE_WITH_TIMEOUT(prediction().answer(), QStringLiteral("red"), kPatience);
        const auto json = cli_.run({"predict", trained_->run(), file(true, 3), "--json"}).json();
        const auto shares = json[0]["probabilities"].get<std::vector<float>>();
        for (std::size_t i = 0; i < shares.size(); ++i)
            QVERIFY(std::abs(shares[i] - prediction().prediction()->probabilities[i]) < 1e-5F);
        // It is seen in its colours, on the pad and as the network's input.
        QVERIFY(isReddish(panel_->pad()));
        QVERIFY(isReddish(panel_->pixels().view()));
    }

    void aPictureIsPasted() {
        QApplication::clipboard()->setImage(shade(false, 4));
        panel_->pasteImage();
        QTRY_COMPARE_WITH_TIMEOUT(prediction().answer(), QStringLiteral("blue"), kPatience);
        QVERIFY(!isReddish(panel_->pad()));
    }

    void otherFilesAreLeftToTheWindow() {
        QMimeData mime;
        mime.setUrls({QUrl::fromLocalFile(QStringLiteral("/tmp/table.csv"))});
        QVERIFY(!panel_->accepts(mime));
        mime.setUrls({QUrl::fromLocalFile(QStringLiteral("/tmp/net.gradwright"))});
        QVERIFY(!panel_->accepts(mime));
    }

    void aFolderIsReadAndSaved() {
        // One of the files is no image.
        writeText(folder_ / "colours/blue/broken.png", "no image");
        drop(*trained_->page, QString::fromStdString((folder_ / "colours").string()));
        auto& card = panel_->folder();
        QVERIFY(card.isVisible());
        QTRY_COMPARE_WITH_TIMEOUT(card.readings().rowCount(), 31, kPatience);
        QTRY_VERIFY_WITH_TIMEOUT(!card.isRunning(), kPatience);
        int broken = 0;
        QStringList files;
        for (const auto& reading : card.readings().readings()) {
            if (!reading.problem.isEmpty()) {
                ++broken;
                QVERIFY(reading.file.endsWith(QStringLiteral("broken.png")));
                continue;
            }
            QCOMPARE(card.readings().answerOf(reading), reading.file.section(u'/', 0, 0));
            QVERIFY(!reading.thumbnail.isNull());
            files << QString::fromStdString((folder_ / "colours").string()) + u'/' + reading.file;
        }
        QCOMPARE(broken, 1);
        // Saved as a table, which says what the command line says.
        card.save(QString::fromStdString((folder_ / "out.csv").string()));
        const auto table = readCsv(folder_ / "out.csv");
        QCOMPARE(table.names,
                 (std::vector<std::string>{"file", "class", "probability", "problem"}));
        QCOMPARE(table.rows(), std::size_t{31});
        const auto json =
            cli_.run(QStringList{"predict", trained_->run(), "--json"} + files).json();
        std::size_t next = 0;
        for (std::size_t row = 0; row < table.rows(); ++row) {
            if (!table.at(row, 3).empty())
                continue;
            QCOMPARE(std::string(table.at(row, 1)), json[next]["class"].get<std::string>());
            QVERIFY(std::abs(std::stod(std::string(table.at(row, 2))) -
                             json[next]["probability"].get<double>()) < 1e-5);
            ++next;
        }
        QCOMPARE(next, std::size_t{30});
        // A click on a row shows its picture.
        auto& view = card.view();
        const auto index = view.model()->index(20, 0);
        view.scrollTo(index);
        QTest::mouseClick(view.viewport(), Qt::LeftButton, {}, view.visualRect(index).center());
        const auto expected = card.readings().answerOf(card.readings().readings()[20]);
        QTRY_COMPARE_WITH_TIMEOUT(prediction().answer(), expected, kPatience);
        QTest::mouseClick(card.findChild<QPushButton*>(QStringLiteral("close folder")),
                          Qt::LeftButton);
        QVERIFY(!card.isVisible());
        fs::remove(folder_ / "colours/blue/broken.png");
    }

    void anEmptyFolderIsSaid() {
        fs::create_directories(folder_ / "empty");
        panel_->openFolder(QString::fromStdString((folder_ / "empty").string()));
        const auto isSaid = [&] {
            const auto labels = panel_->folder().findChildren<QLabel*>();
            return std::ranges::any_of(labels, [](const QLabel* label) {
                return label->isVisible() &&
                       label->text().contains(QStringLiteral("no PNG or JPEG"));
            });
        };
        QTRY_VERIFY_WITH_TIMEOUT(isSaid(), kPatience);
    }

    void ofManyClassesTheLikeliestAreShownAndAnyIsFound() {
        PredictionPanel panel(theme_);
        panel.resize(520, 380);
        panel.show();
        std::vector<std::string> classes;
        for (int i = 0; i < 1000; ++i)
            classes.push_back(fmt::format("kind number {:03} of a long name", i));
        panel.setClasses(classes);
        QVERIFY(panel.search().isVisible());
        QVERIFY(panel.rows().empty());
        // The class i is the (7 i mod 1000)-th likeliest: 7 and 1000 have no common divisor.
        Prediction prediction;
        for (int i = 0; i < 1000; ++i)
            prediction.probabilities.push_back(std::exp(-0.05F * static_cast<float>(7 * i % 1000)));
        const float sum =
            std::accumulate(prediction.probabilities.begin(), prediction.probabilities.end(), 0.0F);
        for (auto& share : prediction.probabilities)
            share /= sum;
        prediction.classIndex = 0;
        prediction.probability = static_cast<double>(prediction.probabilities[0]);
        panel.setPrediction(prediction);
        QCOMPARE(panel.rows().size(), PredictionPanel::kLikeliest);
        for (std::size_t row = 0; row < panel.rows().size(); ++row) {
            QCOMPARE(7 * panel.rows()[row] % 1000, row);
            QCOMPARE(panel.rankOf(panel.rows()[row]), row + 1);
            QVERIFY(panel.rect().contains(panel.rectOfRow(row)));
            for (std::size_t other = 0; other < row; ++other)
                QVERIFY(!panel.rectOfRow(row)
                             .adjusted(0, 1, 0, -1)
                             .intersects(panel.rectOfRow(other).adjusted(0, 1, 0, -1)));
        }
        panel.search().setFocus();
        QTest::keyClicks(&panel.search(), QStringLiteral("NUMBER 123"));
        QCOMPARE(panel.rows(), (std::vector<std::size_t>{123}));
        QCOMPARE(panel.rankOf(123), std::size_t{7 * 123 % 1000 + 1});
        panel.search().selectAll();
        QTest::keyClicks(&panel.search(), QStringLiteral("nothing"));
        QVERIFY(panel.rows().empty());
        panel.search().clear();
        QCOMPARE(panel.rows().size(), PredictionPanel::kLikeliest);
        // A few classes keep their places and need no search.
        panel.setClasses({"a", "b", "c"});
        QVERIFY(!panel.search().isVisible());
        QCOMPARE(panel.rows(), (std::vector<std::size_t>{0, 1, 2}));
    }

private:
    QString file(bool red, int i) const {
        return QString::fromStdString(
            (folder_ / fmt::format("colours/{}/{:02}.png", red ? "red" : "blue", i)).string());
    }
    PredictionPanel& prediction() { return panel_->answer().prediction(); }
    static bool isReddish(QWidget& widget) {
        const auto shown = widget.grab().toImage();
        const auto color = shown.pixelColor(widget.height() / 3, widget.height() / 3);
        return color.red() > color.blue() + 100;
    }

    TemporaryFolder folder_;
    Cli cli_{10, 10};
    ThemeManager theme_{*qApp, ThemeChoice::Light};
    std::unique_ptr<TrainedPage> trained_;
    ImagePanel* panel_ = nullptr;
};

QTEST_MAIN(ImagePanelTest)
#include "tst_image_panel.moc"
