// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/analysis.h"
#include "engine/project/templates.h"
#include "tests/support/own_home.h"
#include "tests/ui/shell/trained_window.h"
#include "ui/canvas/canvas_view.h"
#include "ui/data/data_page.h"
#include "ui/design/design_page.h"
#include "ui/inference/inference_page.h"
#include "ui/inspector/inspector_panel.h"
#include "ui/shell/main_window.h"
#include "ui/shell/template_card.h"
#include "ui/training/train_page.h"

#include <QAbstractButton>
#include <QApplication>
#include <QElapsedTimer>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

#include <algorithm>
#include <memory>
#include <vector>

using namespace gradwright;

/// The whole window, from the gallery to a trained network.
class TestMainWindow : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<MainWindow> window_;

    void shoot(const char* name) {
        const QString folder = qEnvironmentVariable("GRADWRIGHT_SHOTS");
        QTest::qWait(100);
        if (!folder.isEmpty())
            window_->grab().save(folder + QStringLiteral("/%1.png").arg(QLatin1String(name)));
    }
    void choose(const char* templateKey) {
        QTest::mouseClick(window_->findChild<QAbstractButton*>(QLatin1String(templateKey)),
                          Qt::LeftButton);
    }

private Q_SLOTS:
    void initTestCase() {
        test::liveIn(folder_.path());
        themes_ = std::make_unique<ThemeManager>(*qApp);
    }
    void init() {
        QSettings().setValue(QStringLiteral("theme"), static_cast<int>(ThemeChoice::Dark));
        window_ = std::make_unique<MainWindow>(*themes_);
        window_->show();
        QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
    }
    void cleanup() { window_.reset(); }

    void aTemplateOpensFromTheGallery() {
        shoot("welcome");
        choose("lenet-5");
        QCOMPARE(window_->document().project().name, std::string("LeNet-5"));
        QVERIFY(window_->design().isVisible());
        QVERIFY(!window_->document().isModified());
        shoot("design");
    }

    void figuresAreTheSameEverywhere() {
        const Analysis analysis = analyze(openTemplate("vgg-16").network);
        const QString layers = QString::number(analysis.nodes.size());
        auto* const card = window_->findChild<TemplateCard*>(QStringLiteral("vgg-16"));
        QVERIFY(card != nullptr);
        QTRY_VERIFY(card->summary().has_value());
        QCOMPARE(QString::number(card->summary()->layers), layers);
        choose("vgg-16");
        const auto* const figures = window_->findChild<QLabel*>(QStringLiteral("figures"));
        QTRY_VERIFY2(figures->text().contains(QStringLiteral("<b>%1</b>").arg(layers)),
                     qPrintable(figures->text()));
        // In the inspector as well, which has them in full.
        std::vector<QString> shown;
        for (const auto* const label : window_->design().inspector().findChildren<QLabel*>())
            shown.push_back(label->text());
        for (const QString& text :
             {layers, QStringLiteral("138,357,544"), QStringLiteral("15,470,264,320")})
            QVERIFY2(std::ranges::find(shown, text) != shown.end(), qPrintable(text));
    }

    /// Keys that are meant for a page go into no field of it.
    void noPageOpensInAField() {
        choose("lenet-5");
        QCOMPARE(QApplication::focusWidget(), &window_->design().view());
        auto* const search =
            window_->training().findChild<QLineEdit*>(QStringLiteral("findSetting"));
        for (int i = 0; i < 2; ++i) { // the second time, too
            test::pressKey(*window_, Qt::Key_3, Qt::ControlModifier);
            QCOMPARE(QApplication::focusWidget(), &window_->training());
            QTest::keyClicks(QApplication::focusWidget(), QStringLiteral("rate"));
            QVERIFY(search->text().isEmpty());
            QVERIFY(window_->session().state() == TrainingState::Idle);
            QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
            QVERIFY(QApplication::focusWidget() != &window_->training() &&
                    window_->training().isAncestorOf(QApplication::focusWidget()));
            QTest::mouseClick(search, Qt::LeftButton);
            QVERIFY(search->hasFocus());
            test::pressKey(*window_, Qt::Key_4, Qt::ControlModifier);
            QCOMPARE(QApplication::focusWidget(), &window_->inference());
        }
        test::pressKey(*window_, Qt::Key_1, Qt::ControlModifier);
        QCOMPARE(QApplication::focusWidget(), &window_->design().view());
        // By Tab to a page's button in the header, and on from there.
        auto* const button = [this]() -> QToolButton* {
            for (auto* const each : window_->findChildren<QToolButton*>())
                if (each->property("kind") == QStringLiteral("page") &&
                    each->text() == QStringLiteral("Train"))
                    return each;
            return nullptr;
        }();
        QVERIFY(button != nullptr);
        button->setFocus();
        QTest::keyClick(button, Qt::Key_Space);
        QVERIFY(window_->training().isVisible() && button->hasFocus());
    }

    void pagesChangeByKeys() {
        choose("perceptron");
        QTest::keyClick(window_.get(), Qt::Key_4, Qt::ControlModifier);
        QVERIFY(window_->inference().isVisible());
        shoot("inference");
        QTest::keyClick(window_.get(), Qt::Key_2, Qt::ControlModifier);
        QVERIFY(window_->data().isVisible());
        shoot("data");
        QTest::keyClick(window_.get(), Qt::Key_3, Qt::ControlModifier);
        QVERIFY(window_->training().isVisible());
        QTest::keyClick(window_.get(), Qt::Key_1, Qt::ControlModifier);
        QVERIFY(window_->design().isVisible());
    }

    void trainTrainsAndPausesAndStops() {
        choose("softmax-regression");
        DataChoice data = window_->document().project().data;
        data.limit = 2000;
        window_->document().perform(QStringLiteral("Limit"), {SetData{data}});
        auto* const train = window_->findChild<QPushButton*>(QStringLiteral("train"));
        QTest::mouseClick(train, Qt::LeftButton);
        QVERIFY(window_->training().isVisible());
        TrainingSession& session = window_->session();
        QTRY_VERIFY_WITH_TIMEOUT(session.currentStep() > 0, 60'000);
        shoot("train");
        if (session.state() == TrainingState::Running) {
            QTest::mouseClick(train, Qt::LeftButton);
            QTRY_VERIFY_WITH_TIMEOUT(session.state() == TrainingState::Paused ||
                                         session.state() == TrainingState::Finished,
                                     20'000);
        }
        window_->training().stop();
        QTRY_VERIFY_WITH_TIMEOUT(!session.isActive(), 20'000);
        QVERIFY(std::filesystem::exists(session.run()));
        window_->document().undoStack().undo();
    }

    void whatIsMissingIsOfferedWhenTrainingStarts() {
        window_->document().newProject();
        auto* const train = window_->findChild<QPushButton*>(QStringLiteral("train"));
        QTest::mouseClick(train, Qt::LeftButton);
        QVERIFY(window_->training().isVisible());
        auto* const remedy = window_->training().findChild<QPushButton*>(QStringLiteral("remedy"));
        QVERIFY(remedy->isVisible());
        QTest::mouseClick(remedy, Qt::LeftButton);
        QVERIFY(!window_->training().isVisible()); // the gallery is there

        // A network without an Output gets one.
        choose("softmax-regression");
        const Graph& graph = window_->document().project().network.main;
        const NodeId output = nodesOfLayer(graph, "output").front();
        window_->document().perform(
            QStringLiteral("Remove"),
            {removeNodes(window_->document().project().network, "", {output})});
        QTest::mouseClick(train, Qt::LeftButton);
        QVERIFY(!window_->session().isActive());
        QCOMPARE(remedy->text(), QStringLiteral("Add an Output"));
        QTest::mouseClick(remedy, Qt::LeftButton);
        QCOMPARE(nodesOfLayer(graph, "output").size(), std::size_t{1});
        QVERIFY(!remedy->isVisible());
        window_->document().undoStack().undo();
        window_->document().undoStack().undo();
    }

    void withErrorsTrainShowsThem() {
        choose("lenet-5");
        const Node* const conv = window_->document().project().network.main.findByName("conv2");
        window_->document().perform(
            QStringLiteral("Break"),
            {NetworkEdit{SetParam{"", conv->id, "kernel", ParamValue{IntTuple{64, 64}}}}});
        QVERIFY(window_->document().analysis().hasErrors());
        auto* const train = window_->findChild<QPushButton*>(QStringLiteral("train"));
        QCOMPARE(train->text(), QStringLiteral("1 error"));
        QTest::keyClick(window_.get(), Qt::Key_4, Qt::ControlModifier);
        QTest::mouseClick(train, Qt::LeftButton);
        QVERIFY(window_->design().isVisible());
        QVERIFY(!window_->session().isActive());
        window_->document().undoStack().undo();
    }
};

QTEST_MAIN(TestMainWindow)
#include "tst_main_window.moc"
