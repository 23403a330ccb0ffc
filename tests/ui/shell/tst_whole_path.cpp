// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/project/project_file.h"
#include "tests/support/gestures.h"
#include "tests/support/own_home.h"
#include "ui/design/design_page.h"
#include "ui/drawing/drawing_pad.h"
#include "ui/inference/inference_page.h"
#include "ui/inference/prediction_panel.h"
#include "ui/palette/layer_palette.h"
#include "ui/plots/curve_plot.h"
#include "ui/runs/training_course.h"
#include "ui/shell/main_window.h"
#include "ui/training/train_page.h"

#include <QApplication>
#include <QLineEdit>
#include <QPushButton>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>

using namespace gradwright;

namespace {

constexpr int kPatience = 120'000; // ms: the machine may be busy

} // namespace

/// What the program is for, in one go, with nothing but mouse and keys: a network from nothing, a
/// problem put right, trained, paused, resumed at another rate, a digit drawn and read; saved.
class TestWholePath : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;

private Q_SLOTS:
    void initTestCase() { test::liveIn(folder_.path()); }

    void fromNothingToARecognisedDigit() {
        ThemeManager themes(*qApp);
        MainWindow window(themes);
        window.resize(1440, 900);
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
        ProjectDocument& document = window.document();
        const auto click = [&](const char* name) {
            // Lists that are filled anew hold what was there before until events are handled.
            QAbstractButton* button = nullptr;
            const auto find = [&] {
                for (auto* const each : window.findChildren<QAbstractButton*>(QLatin1String(name)))
                    if (each->isVisible() && each->isEnabled())
                        button = each;
                return button != nullptr;
            };
            QTRY_VERIFY2(find(), name);
            QTest::mouseClick(button, Qt::LeftButton);
        };
        const auto enter = [&](const char* field, const char* text) {
            auto* const edit = window.training().findChild<QLineEdit*>(QLatin1String(field));
            QVERIFY2(edit != nullptr && edit->isEnabled(), field);
            edit->setFocus();
            edit->selectAll();
            QTest::keyClicks(edit, QLatin1String(text));
            QTest::keyClick(edit, Qt::Key_Return);
        };

        // Build.
        click("blank");
        auto* const search = window.design().palettePanel().findChild<QLineEdit*>();
        for (const char* layer : {"input", "flatten", "dense", "softmax", "output"}) {
            search->setFocus();
            search->clear();
            QTest::keyClicks(search, QLatin1String(layer));
            QTest::keyClick(search, Qt::Key_Return);
        }
        const Graph& graph = document.project().network.main;
        QCOMPARE(graph.nodes().size(), 5U);
        QCOMPARE(graph.links().size(), 4U);

        // The data has ten classes, the new layer other units: said before training, and put right
        // by the button beside it.
        QTRY_VERIFY_WITH_TIMEOUT(document.dataInfo().has_value(), kPatience);
        const auto unitsOf = [&] {
            const Node& node = *graph.findByName("dense1");
            const auto at = node.params.find("units");
            return at == node.params.end() ? std::int64_t{-1} : std::get<std::int64_t>(at->second);
        };
        QVERIFY(document.analysis().hasErrors());
        QVERIFY(unitsOf() != 10);
        click("fix");
        QCOMPARE(unitsOf(), std::int64_t{10});
        QVERIFY(!document.analysis().hasErrors());

        // Train one epoch on a part, with a pause in which the rate changes.
        QTest::keyClick(&window, Qt::Key_3, Qt::ControlModifier);
        QVERIFY(window.training().isVisible());
        enter("limit", "20000");
        enter("epochs", "1");
        enter("batch", "16");
        QCOMPARE(document.project().data.limit, std::int64_t{20'000});
        QCOMPARE(document.project().training.epochs(), std::int64_t{1});
        TrainingSession& session = window.session();
        QTest::keyClick(&window, Qt::Key_F5);
        QVERIFY(session.isActive());
        QTest::keyClick(&window, Qt::Key_F5); // at once: however fast the machine, it is not done
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), TrainingState::Paused, kPatience);
        enter("learning_rate", "0.005");
        QTest::keyClick(&window, Qt::Key_F5);
        QTRY_COMPARE_WITH_TIMEOUT(session.state(), TrainingState::Finished, kPatience);
        QCOMPARE(session.learningRate(), 0.005);
        QVERIFY(document.project().training.learningRate() != 0.005); // the run's own
        QCOMPARE(window.training().course().epoch(), 1.0);
        QVERIFY(window.training().course().quality().validation().back() > 0.8);

        // Draw and read.
        QTest::keyClick(&window, Qt::Key_4, Qt::ControlModifier);
        InferencePage& inference = window.inference();
        QTRY_VERIFY_WITH_TIMEOUT(inference.pad().isVisible(), kPatience);
        test::drawWithMouse(inference.pad(), test::kOne);
        QTRY_COMPARE_WITH_TIMEOUT(inference.prediction().answer(), QStringLiteral("1"), kPatience);

        // Save, and open again.
        const auto file = std::filesystem::path(folder_.path().toStdString()) / "drawn.gradwright";
        document.saveAs(file);
        QVERIFY(!document.isModified());
        const Project saved = document.project();
        window.openFile(QString::fromStdString(file.string()));
        QVERIFY(document.project() == saved);
        QVERIFY(loadProject(file) == saved);
    }
};

QTEST_MAIN(TestWholePath)
#include "tst_whole_path.moc"
