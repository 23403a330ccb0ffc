// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/own_home.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/data/column_details.h"
#include "ui/design/design_page.h"
#include "ui/forms/param_editor.h"
#include "ui/glossary/explanation.h"
#include "ui/glossary/glossary.h"
#include "ui/inference/inference_page.h"
#include "ui/inference/text_panel.h"
#include "ui/shell/command_palette.h"
#include "ui/shell/glossary_dialog.h"
#include "ui/shell/main_window.h"
#include "ui/training/train_page.h"

#include <QApplication>
#include <QLineEdit>
#include <QListWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QTextBrowser>

#include <memory>
#include <set>

using namespace gradwright;

/// The glossary as the window uses it.
class GlossaryWindowTest : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<MainWindow> window_;

    std::set<std::string> shownPlaces() const {
        std::set<std::string> places;
        for (const QWidget* const each : window_->findChildren<QWidget*>())
            if (auto place = explainedPlace(*each); !place.empty())
                places.insert(std::move(place));
        return places;
    }
    /// What the details of columns explain: how each kind goes together with a target of its own.
    std::set<std::string> placesOfColumns() {
        std::set<std::string> places;
        ColumnDetails details(*themes_);
        for (const auto measure :
             {Association::Measure::Pearson, Association::Measure::CorrelationRatio,
              Association::Measure::CramersV}) {
            ColumnFacts column;
            column.association = {measure, 0.5};
            details.setColumn(column, QStringLiteral("a number"), 10, QStringLiteral("kind"));
            for (const QWidget* const each : details.findChildren<QWidget*>())
                if (auto place = explainedPlace(*each); !place.empty())
                    places.insert(std::move(place));
        }
        return places;
    }
    GlossaryDialog* dialog() const { return window_->findChild<GlossaryDialog*>(); }

private Q_SLOTS:
    void initTestCase() {
        test::liveIn(folder_.path());
        themes_ = std::make_unique<ThemeManager>(*qApp);
    }
    void init() {
        window_ = std::make_unique<MainWindow>(*themes_);
        window_->show();
        QVERIFY(QTest::qWaitForWindowActive(window_.get()));
    }
    void cleanup() { window_.reset(); }

    /// Every place that is declared for the window is somewhere in it.
    void allPlacesOfTheWindowAreThere() {
        window_->openFile(
            QStringLiteral(GRADWRIGHT_SOURCE_DIR "/resources/templates/lenet-5.gradwright"));
        QTRY_VERIFY(!window_->document().project().network.main.nodes().empty());
        const auto* const conv = window_->document().project().network.main.findByName("conv2");
        window_->design().showPlace("", conv->id);
        (void)window_->inference().plane();
        (void)window_->inference().panelOf<TextPanel>();
        QCoreApplication::processEvents();
        auto shown = shownPlaces();
        shown.merge(placesOfColumns());
        QStringList missing;
        for (const auto place : windowPlaces())
            if (!shown.contains("window/" + std::string(place)))
                missing << QString::fromLatin1(place.data(), static_cast<qsizetype>(place.size()));
        QVERIFY2(missing.isEmpty(), qPrintable(missing.join(u' ')));
        // The inspector's fields say of which layer they are.
        QVERIFY(shown.contains("layer/conv2d"));
        QVERIFY(shown.contains("layer/conv2d/kernel"));
        QVERIFY(shown.contains("layer/conv2d/activation"));
        QVERIFY(shown.contains("metric/accuracy"));
        // And whatever has a place has something to say there, or facts of its own.
        for (const QWidget* const each : window_->findChildren<QWidget*>())
            if (const auto place = explainedPlace(*each);
                place.starts_with("layer/") || place.starts_with("training/"))
                QVERIFY2(Glossary::own().explaining(place) != nullptr || !each->toolTip().isEmpty(),
                         place.c_str());
    }

    void f1ExplainsWhatHasTheFocus() {
        window_->showPage(window_->training());
        auto* const batch = window_->training().findChild<QLineEdit*>(QStringLiteral("batch"));
        batch->setFocus();
        QTRY_VERIFY(batch->hasFocus());
        QTest::keyClick(batch, Qt::Key_F1);
        QTRY_VERIFY(dialog() != nullptr && dialog()->isVisible());
        QCOMPARE(dialog()->shownTerm(), std::string("batch-size"));
        const auto* const text = dialog()->findChild<QTextBrowser*>();
        QVERIFY(text->toPlainText().contains(QStringLiteral("Batch size")));
        QVERIFY(text->toPlainText().contains(QStringLiteral("averaged for one step")));
        QTest::keyClick(dialog(), Qt::Key_Escape);
        QTRY_VERIFY(dialog() == nullptr);
    }

    void termsAreSearchedAndLinked() {
        window_->showGlossary();
        auto* const search = dialog()->findChild<QLineEdit*>(QStringLiteral("findTerm"));
        auto* const list = dialog()->findChild<QListWidget*>(QStringLiteral("terms"));
        QTest::keyClicks(search, QStringLiteral("dead relu"));
        QCOMPARE(dialog()->shownTerm(), std::string("dead-relu"));
        search->clear();
        QTest::keyClicks(search, QStringLiteral("Rosenblatt")); // stands in explanations alone
        int shown = 0;
        for (int i = 0; i < list->count(); ++i)
            shown += list->item(i)->isHidden() ? 0 : 1;
        QVERIFY(shown > 0 && shown < 5);
        search->clear();
        QTest::keyClicks(search, QStringLiteral("qqqq"));
        QCOMPARE(dialog()->shownTerm(), std::string());
        QVERIFY(dialog()->findChild<QTextBrowser*>()->toPlainText().contains(
            QStringLiteral("No term")));
        dialog()->showTerm("relu");
        auto* const text = dialog()->findChild<QTextBrowser*>();
        QVERIFY(text->toHtml().contains(QStringLiteral("href=\"leaky-relu\"")));
        Q_EMIT text->anchorClicked(QUrl(QStringLiteral("leaky-relu")));
        QCOMPARE(dialog()->shownTerm(), std::string("leaky-relu"));
        dialog()->close();
    }

    void commandPaletteFindsTerms() {
        QTest::keyClick(window_.get(), Qt::Key_K, Qt::ControlModifier);
        auto* const palette = window_->findChild<CommandPalette*>();
        QVERIFY(palette != nullptr);
        auto* const search = palette->findChild<QLineEdit*>();
        QTest::keyClicks(search, QStringLiteral("vanishing gradient"));
        const auto* const list = palette->findChild<QListWidget*>();
        QVERIFY(list->currentItem() != nullptr);
        QCOMPARE(list->currentItem()->text(), QStringLiteral("Vanishing gradient"));
        QTest::keyClick(search, Qt::Key_Return);
        QTRY_VERIFY(dialog() != nullptr && dialog()->isVisible());
        QCOMPARE(dialog()->shownTerm(), std::string("vanishing-gradient"));
        dialog()->close();
    }
};

QTEST_MAIN(GlossaryWindowTest)
#include "tst_glossary_window.moc"
