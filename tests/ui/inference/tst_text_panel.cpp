// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/data/text/text_corpus.h"
#include "engine/inference/text_writer.h"
#include "tests/app/cli.h"
#include "tests/support/character_network.h"
#include "tests/ui/inference/trained_page.h"
#include "ui/inference/prediction_panel.h"
#include "ui/inference/text_panel.h"
#include "ui/session/text_session.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSlider>
#include <QSpinBox>

#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace {

Project catProject(const std::string& file) {
    auto project = newProject();
    project.name = "cat";
    project.data.dataset = "text";
    project.data.params = {{"file", file}, {"steps", std::int64_t{16}}};
    const auto info = openDataset(project.data).info;
    project.network = characterNetwork(16, static_cast<std::int64_t>(info.classes.size()));
    set(project, "epochs", std::int64_t{2});
    set(project, "batch", std::int64_t{8});
    set(project, "threads", std::int64_t{1});
    return project;
}

} // namespace

/// Networks of characters continue texts, as the command line does, and say what may follow.
class TextPanelTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() {
        std::string text;
        for (int i = 0; i < 400; ++i)
            text += i % 3 == 0 ? "the cat sat on the mat. " : "a dog lay by the fire. ";
        writeText(folder_ / "cat.txt", text);
        trained_ = std::make_unique<TrainedPage>(theme_, catProject((folder_ / "cat.txt").string()),
                                                 folder_, "cat");
        QVERIFY(trained_->isReady());
        panel_ = &trained_->page->panelOf<TextPanel>();
        QVERIFY(panel_->isVisible());
        predictor_ = std::make_unique<Predictor>(
            trained_->model().graph, *trained_->model().weights, trained_->model().target);
        // It begins with what it can be tried on.
        QTRY_VERIFY_WITH_TIMEOUT(panel_->next().prediction().has_value(), kPatience);
        QCOMPARE(panel_->text().toPlainText().size(), 16);
    }

    void whatMayFollowIsShownAtTheTemperature() {
        type(QStringLiteral("the c"));
        for (const int position : {20, 10, 0}) {
            panel_->findChild<QSlider*>(QStringLiteral("temperature"))->setValue(position);
            const auto expected = temperedProbabilities(
                nextCharacter(*predictor_, vocabulary(), "the c"), panel_->temperature());
            const auto isShown = [&] {
                const auto& prediction = panel_->next().prediction();
                if (!prediction || prediction->probabilities.size() != expected.size())
                    return false;
                for (std::size_t i = 0; i < expected.size(); ++i)
                    if (std::abs(static_cast<double>(prediction->probabilities[i]) - expected[i]) >
                        1e-5)
                        return false;
                return true;
            };
            QTRY_VERIFY_WITH_TIMEOUT(isShown(), kPatience);
        }
        // Of many characters there are the ten likeliest, the first on top.
        const auto& rows = panel_->next().rows();
        QCOMPARE(rows.size(), PredictionPanel::kLikeliest);
        QCOMPARE(static_cast<std::int32_t>(rows.front()), panel_->next().prediction()->classIndex);
    }

    void aClickTakesACharacter() {
        type(QStringLiteral("the c"));
        QTRY_VERIFY_WITH_TIMEOUT(panel_->next().prediction().has_value(), kPatience);
        QTest::qWait(100);
        const auto second = panel_->next().rows()[1];
        QTest::mouseClick(&panel_->next(), Qt::LeftButton, {},
                          panel_->next().rectOfRow(1).center());
        QCOMPARE(panel_->text().toPlainText(),
                 QStringLiteral("the c") + QString::fromStdString(vocabulary()[second]));
    }

    /// The same text, temperature and seed: the same continuation as from the command line.
    void aTextIsContinuedAsByTheCommandLine_data() {
        QTest::addColumn<int>("position");
        QTest::addColumn<int>("seed");
        QTest::newRow("the likeliest") << 0 << 1;
        QTest::newRow("drawn") << 20 << 5;
        QTest::newRow("daring") << 30 << 6;
    }
    void aTextIsContinuedAsByTheCommandLine() {
        QFETCH(const int, position);
        QFETCH(const int, seed);
        type(QStringLiteral("a dog "));
        panel_->findChild<QSlider*>(QStringLiteral("temperature"))->setValue(position);
        panel_->findChild<QSpinBox*>(QStringLiteral("seed"))->setValue(seed);
        panel_->findChild<QSpinBox*>(QStringLiteral("length"))->setValue(50);
        auto* button = panel_->findChild<QPushButton*>(QStringLiteral("continue"));
        QTest::mouseClick(button, Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(!panel_->session().isWriting(), kPatience);
        const auto written = panel_->text().toPlainText();
        QCOMPARE(written.size(), 56);
        const auto result = cli_.run({"predict", trained_->run(), "--text", "a dog ", "--length",
                                      "50", "--temperature", QString::number(panel_->temperature()),
                                      "--seed", QString::number(seed)});
        QVERIFY2(result.code == 0, result.text().c_str());
        QCOMPARE(written, QString::fromUtf8(result.out).chopped(1));
    }

    /// Characters appear while others are being written, and the button ends it.
    void writingIsSeenAndStopped() {
        type(QStringLiteral("the "));
        panel_->findChild<QSpinBox*>(QStringLiteral("length"))->setValue(100'000);
        auto* button = panel_->findChild<QPushButton*>(QStringLiteral("continue"));
        QTest::mouseClick(button, Qt::LeftButton);
        QCOMPARE(button->text(), QStringLiteral("Stop"));
        QTRY_VERIFY_WITH_TIMEOUT(panel_->text().toPlainText().size() > 60, kPatience);
        QVERIFY(panel_->session().isWriting());
        QElapsedTimer timer;
        timer.start();
        QTest::mouseClick(button, Qt::LeftButton);
        QVERIFY2(timer.elapsed() < 50, "stopping blocks the window");
        QTRY_VERIFY_WITH_TIMEOUT(!panel_->session().isWriting(), kPatience);
        const auto size = panel_->text().toPlainText().size();
        QVERIFY(size < 100'000);
        QTest::qWait(100);
        QCOMPARE(panel_->text().toPlainText().size(), size);
        QCOMPARE(button->text(), QStringLiteral("Write"));
    }

    void unknownCharactersAreNamedAndRemoved() {
        auto* said = panel_->findChild<QLabel*>(QStringLiteral("unknown"));
        auto* fix = panel_->findChild<QPushButton*>(QStringLiteral("fix unknown"));
        type(QStringLiteral("the Ünder"));
        QTRY_VERIFY(said->isVisible());
        QVERIFY2(said->text().contains(QStringLiteral("“Ü”")), qPrintable(said->text()));
        QVERIFY(!said->text().contains(QStringLiteral("“n”")));
        QCOMPARE(fix->text(), QStringLiteral("Remove them"));
        QTest::mouseClick(fix, Qt::LeftButton);
        QCOMPARE(panel_->text().toPlainText(), QStringLiteral("the nder"));
        QTRY_VERIFY(!said->isVisible());
        type(QStringLiteral("THE CAT"));
        QTRY_VERIFY(said->isVisible());
        QCOMPARE(fix->text(), QStringLiteral("Use lower case"));
        QTest::mouseClick(fix, Qt::LeftButton);
        QCOMPARE(panel_->text().toPlainText(), QStringLiteral("the cat"));
    }

    void anEmptyTextIsNotContinued() {
        type({});
        auto* button = panel_->findChild<QPushButton*>(QStringLiteral("continue"));
        QTest::mouseClick(button, Qt::LeftButton);
        QVERIFY(!panel_->session().isWriting());
        QVERIFY(!panel_->next().prediction());
    }

private:
    const std::vector<std::string>& vocabulary() const {
        return trained_->model().data->info.classes;
    }
    void type(const QString& text) {
        auto& edit = panel_->text();
        edit.setFocus();
        edit.selectAll();
        QTest::keyClick(&edit, Qt::Key_Delete);
        QTest::keyClicks(&edit, text);
        QCOMPARE(edit.toPlainText(), text);
    }

    TemporaryFolder folder_;
    Cli cli_{10, 10};
    ThemeManager theme_{*qApp, ThemeChoice::Light};
    std::unique_ptr<TrainedPage> trained_;
    std::unique_ptr<Predictor> predictor_;
    TextPanel* panel_ = nullptr;
};

QTEST_MAIN(TextPanelTest)
#include "tst_text_panel.moc"
