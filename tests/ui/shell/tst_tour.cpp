// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/own_home.h"
#include "ui/design/design_page.h"
#include "ui/drawing/drawing_pad.h"
#include "ui/inference/image_panel.h"
#include "ui/inference/inference_page.h"
#include "ui/plots/curve_plot.h"
#include "ui/runs/training_course.h"
#include "ui/shell/main_window.h"
#include "ui/shell/template_card.h"
#include "ui/shell/tour.h"
#include "ui/shell/welcome_page.h"
#include "ui/training/train_page.h"

#include <QApplication>
#include <QLabel>
#include <QMenuBar>
#include <QPushButton>
#include <QSettings>
#include <QTemporaryDir>
#include <QTest>

#include <memory>

using namespace gradwright;

/// The tour, walked with mouse and keys.
class TourTest : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<MainWindow> window_;

    Tour* tour() const { return window_->findChild<Tour*>(); }
    QPushButton* button(const char* name) const {
        return tour()->findChild<QPushButton*>(QLatin1String(name));
    }
    void click(const char* name) const {
        QVERIFY(button(name)->isEnabled());
        QTest::mouseClick(button(name), Qt::LeftButton);
        QCoreApplication::processEvents();
    }
    /// Where the pointer is, as a person clicks: whatever lies on top there gets it.
    void clickInWindow(QPoint place) const {
        QTest::mouseClick(window_->windowHandle(), Qt::LeftButton, {}, place);
        QCoreApplication::processEvents();
    }
    void openWindow(QSize size) {
        window_ = std::make_unique<MainWindow>(*themes_);
        window_->resize(size);
        window_->show();
        QVERIFY(QTest::qWaitForWindowActive(window_.get()));
    }
    /// The card is whole, beside what it is about, and that is to be seen.
    void checkPlaces() const {
        QTRY_VERIFY(!tour()->targetArea().isEmpty());
        QTRY_VERIFY2(tour()->rect().contains(tour()->cardArea()),
                     qPrintable(QString::number(tour()->stop())));
        QVERIFY2(!tour()->cardArea().intersects(tour()->targetArea()),
                 qPrintable(QString::number(tour()->stop())));
        const auto* const text = tour()->findChild<QLabel*>(QStringLiteral("tourText"));
        QVERIFY(text->height() >= text->heightForWidth(text->width()));
        QCOMPARE(tour()->geometry(), window_->rect());
    }

private Q_SLOTS:
    void initTestCase() {
        test::liveIn(folder_.path());
        themes_ = std::make_unique<ThemeManager>(*qApp);
    }
    void init() {
        QSettings().clear();
        openWindow({1440, 900});
    }
    void cleanup() { window_.reset(); }

    void isOfferedOnceAlone() {
        QVERIFY(tour() == nullptr); // a window by itself begins none
        window_->offerTour();
        QVERIFY(tour() != nullptr && tour()->isVisible());
        click("tourSkip");
        QTRY_VERIFY(tour() == nullptr);
        window_->offerTour();
        QVERIFY(tour() == nullptr);
        openWindow({1440, 900}); // as at the next start
        window_->offerTour();
        QVERIFY(tour() == nullptr);
    }

    void leadsThroughTheWindow_data() {
        QTest::addColumn<QSize>("size");
        QTest::addColumn<int>("theme");
        QTest::newRow("large, dark") << QSize(1440, 900) << static_cast<int>(ThemeChoice::Dark);
        QTest::newRow("small, light") << QSize(1024, 700) << static_cast<int>(ThemeChoice::Light);
    }
    void leadsThroughTheWindow() {
        QFETCH(const QSize, size);
        QFETCH(const int, theme);
        themes_->setChoice(static_cast<ThemeChoice>(theme));
        window_->resize(size);
        window_->offerTour();
        QVERIFY(qobject_cast<TemplateCard*>(tour()->target()) != nullptr);
        QVERIFY(!button("tourBack")->isEnabled());
        checkPlaces();
        click("tourNext");
        QVERIFY(window_->training().isVisible());
        QCOMPARE(tour()->target(), window_->training().startButton());
        checkPlaces();
        click("tourNext");
        QCOMPARE(tour()->target(), &window_->training().course().loss());
        checkPlaces();
        QVERIFY(tour()->targetArea().height() > 100); // the curves, not the title alone
        click("tourNext");
        QVERIFY(window_->inference().isVisible());
        QCOMPARE(tour()->target(), &window_->inference().pad());
        checkPlaces();
        click("tourBack");
        QCOMPARE(tour()->target(), &window_->training().course().loss());
        click("tourNext");
        click("tourNext");
        QCOMPARE(tour()->target(), window_->training().runsPlace());
        checkPlaces();
        QCOMPARE(button("tourNext")->text(), QStringLiteral("Done"));
        click("tourNext");
        QTRY_VERIFY(tour() == nullptr);
        auto* const gallery = window_->findChild<WelcomePage*>();
        QVERIFY(gallery->isVisible()); // where it began
        // The card that the tour told of opens with Enter.
        QTRY_VERIFY(qobject_cast<TemplateCard*>(QApplication::focusWidget()) != nullptr);
        QCOMPARE(QApplication::focusWidget(), gallery->firstCard());
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
        QTRY_VERIFY(!window_->document().project().network.main.nodes().empty());
    }

    void keysStayInside() {
        window_->startTour();
        QTRY_VERIFY(button("tourNext")->hasFocus());
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Tab);
        QVERIFY(button("tourSkip")->hasFocus()); // Back is disabled
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Backtab);
        QVERIFY(button("tourNext")->hasFocus());
        // The window's commands rest.
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_4, Qt::ControlModifier);
        QVERIFY(!window_->inference().isVisible());
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Return);
        QCOMPARE(tour()->stop(), std::size_t{1});
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Left);
        QCOMPARE(tour()->stop(), std::size_t{0});
        // What is dimmed takes neither focus nor clicks.
        window_->findChild<WelcomePage*>()->findChild<TemplateCard*>()->setFocus();
        QTRY_VERIFY(button("tourNext")->hasFocus());
        auto* const walk = tour();
        const auto cards = window_->findChild<WelcomePage*>()->findChildren<TemplateCard*>();
        for (auto* const card : cards)
            if (card != walk->target() && card->isVisible())
                clickInWindow(card->mapTo(window_.get(), card->rect().center()));
        QVERIFY(walk->isVisible());
        QVERIFY(window_->document().project().network.main.nodes().empty());
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Escape);
        QTRY_VERIFY(tour() == nullptr);
    }

    /// The card says to click one: whoever does so at once has the network, and no tour.
    void aClickOnWhatIsShownWorks() {
        window_->offerTour();
        checkPlaces();
        const auto* const card = qobject_cast<TemplateCard*>(tour()->target());
        QVERIFY(card != nullptr);
        clickInWindow(tour()->targetArea().center());
        QTRY_VERIFY(tour() == nullptr);
        QTRY_VERIFY(!window_->document().project().network.main.nodes().empty());
        QVERIFY(window_->design().isVisible());
        QVERIFY(!window_->findChild<WelcomePage*>()->isVisible());
    }

    void theMenuBeginsItAgain() {
        window_->offerTour();
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Escape);
        QTRY_VERIFY(tour() == nullptr);
        QAction* found = nullptr;
        for (QAction* const each : window_->findChildren<QAction*>())
            if (each->text() == QStringLiteral("Tour"))
                found = each;
        QVERIFY(found != nullptr);
        found->trigger();
        QVERIFY(tour() != nullptr && tour()->isVisible());
        found->trigger(); // from its beginning, once
        QTRY_COMPARE(window_->findChildren<Tour*>().size(), 1);
    }

    /// With a network in the window it begins at the canvas, and leads back there.
    void beginsAtTheNetworkThatIsOpen() {
        window_->startTour();
        // Files that are opened meanwhile come first.
        window_->openFile(
            QStringLiteral(GRADWRIGHT_SOURCE_DIR "/resources/templates/two-spirals.gradwright"));
        QTRY_VERIFY(tour() == nullptr);
        QVERIFY(window_->design().isVisible());
        QVERIFY(!window_->document().project().network.main.nodes().empty());
        // Points have a map in place of the drawing pad, once they are known.
        auto& inference = window_->inference();
        QTRY_VERIFY_WITH_TIMEOUT(&inference.panel() != &inference.images(), 60'000);
        window_->startTour();
        QVERIFY(window_->design().isVisible());
        checkPlaces();
        click("tourNext");
        click("tourNext");
        click("tourNext");
        QCOMPARE(tour()->target(), static_cast<QWidget*>(&window_->inference().panel()));
        click("tourSkip");
        QTRY_VERIFY(tour() == nullptr);
        QVERIFY(window_->design().isVisible());
    }

    void followsTheSizeOfTheWindow() {
        window_->startTour();
        click("tourNext");
        window_->resize(1100, 740);
        QTRY_COMPARE(tour()->geometry(), window_->rect());
        checkPlaces();
    }
};

QTEST_MAIN(TourTest)
#include "tst_tour.moc"
