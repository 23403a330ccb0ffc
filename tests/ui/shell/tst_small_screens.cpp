// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/own_home.h"
#include "tests/ui/shell/trained_window.h"
#include "ui/canvas/canvas_scene.h"
#include "ui/canvas/canvas_view.h"
#include "ui/canvas/metrics.h"
#include "ui/data/data_page.h"
#include "ui/data/data_review.h"
#include "ui/design/design_page.h"
#include "ui/drawing/drawing_pad.h"
#include "ui/inference/evaluation_panel.h"
#include "ui/inference/image_panel.h"
#include "ui/inference/inference_page.h"
#include "ui/inference/plane_view.h"
#include "ui/inference/prediction_panel.h"
#include "ui/inspector/inspector_panel.h"
#include "ui/palette/layer_palette.h"
#include "ui/shell/device_chip.h"
#include "ui/shell/welcome_page.h"

#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QProcess>
#include <QScrollBar>
#include <QTemporaryDir>
#include <QToolButton>

#include <algorithm>
#include <tuple>

using namespace gradwright;

namespace {

constexpr auto kScreenVariable = "GRADWRIGHT_TEST_SCREEN";

} // namespace

/// The window on the smallest screens that it is made for: 1024 × 700, and 1920 × 1080 at 200 %.
class TestSmallScreens : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<MainWindow> window_;

    void showPage(int page) {
        test::pressKey(*window_, static_cast<Qt::Key>(Qt::Key_0 + page), Qt::ControlModifier);
        QTest::qWait(50);
    }
    /// Whether the window is on the screen and what is in it has the room that it needs.
    void isWhole(const QWidget& page) {
        const QSize room = window_->screen()->availableSize();
        QVERIFY2(
            window_->width() <= room.width() && window_->height() <= room.height(),
            qPrintable(QStringLiteral("%1 × %2").arg(window_->width()).arg(window_->height())));
        // What has just been read is laid out with the next events.
        static_cast<void>(QTest::qWaitFor([&] { return cutParts(page).isEmpty(); }));
        const QStringList cut = cutParts(page);
        QVERIFY2(page.isVisible() && cut.isEmpty(), qPrintable(cut.join(u'\n')));
    }
    /// Each part, so that a message names the one to make smaller.
    static QStringList cutParts(const QWidget& page) {
        QStringList cut;
        QList<const QWidget*> parts = page.findChildren<const QWidget*>();
        parts.prepend(&page);
        for (const QWidget* const part : parts) {
            const QSize least = part->minimumSizeHint().boundedTo(part->maximumSize());
            if (part->isVisible() && part->layout() != nullptr &&
                (least.width() > part->width() || least.height() > part->height()))
                cut << QStringLiteral("%1 %2 needs %3 × %4 and has %5 × %6")
                           .arg(QString::fromLatin1(part->metaObject()->className()),
                                part->objectName())
                           .arg(least.width())
                           .arg(least.height())
                           .arg(part->width())
                           .arg(part->height());
        }
        // Labels that break lines need a height for their width, which is no part of the hint.
        for (const auto* const label : page.findChildren<QLabel*>())
            if (label->isVisible() && label->wordWrap() && !label->text().isEmpty() &&
                label->heightForWidth(label->width()) > label->height())
                cut << label->text();
        // What an empty field asks for.
        for (const auto* const field : page.findChildren<QLineEdit*>()) {
            constexpr int kFrame = 8;
            const int begin = field->inputMethodQuery(Qt::ImCursorRectangle).toRect().center().x();
            const int room = field->width() - begin - kFrame;
            if (field->isVisible() && field->text().isEmpty() &&
                field->fontMetrics().horizontalAdvance(field->placeholderText()) > room)
                cut << QStringLiteral("%1: %2").arg(field->objectName(), field->placeholderText());
        }
        return cut;
    }

private Q_SLOTS:
    void initTestCase() {
        test::liveIn(folder_.path());
        themes_ = std::make_unique<ThemeManager>(*qApp);
        window_ = std::make_unique<MainWindow>(*themes_);
        window_->show();
        QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
        // A maximized window of a platform without a window manager keeps its first size.
        window_->setWindowState(Qt::WindowNoState);
        window_->resize(window_->screen()->availableSize());
        QTest::qWait(50);
    }
    void cleanupTestCase() { window_.reset(); }

    void theScreenIsTheOneAskedFor() {
        const QSize size = window_->screen()->availableSize();
        QVERIFY2(size == QSize(1024, 700) || size == QSize(960, 540),
                 qPrintable(QStringLiteral("%1 × %2").arg(size.width()).arg(size.height())));
        QCOMPARE(window_->size(), size);
    }

    void theGalleryIsWhole() {
        QWidget* const gallery = window_->findChild<WelcomePage*>();
        QVERIFY(gallery != nullptr);
        isWhole(*gallery);
    }

    /// Whichever page is chosen: its word is bold, and wider.
    void theHeaderIsWhole() {
        test::chooseTemplate(*window_, "lenet-5");
        const QSize size = window_->size();
        for (const int width : {size.width(), 1100, 1239, 1240, 1440}) {
            window_->resize(width, size.height());
            for (int page = 1; page <= 4; ++page) {
                showPage(page);
                for (const auto* const button : window_->findChildren<QToolButton*>())
                    if (button->property("kind") == QLatin1String("page"))
                        QVERIFY2(button->width() >= button->sizeHint().width(),
                                 qPrintable(QStringLiteral("%1, page %2, %3: %4 of %5")
                                                .arg(width)
                                                .arg(page)
                                                .arg(button->text())
                                                .arg(button->width())
                                                .arg(button->sizeHint().width())));
            }
        }
        window_->resize(size);
        showPage(1);
    }

    /// One that does not fit has a second column, which covers its bar.
    void menusFitTheScreen() {
        auto* const bar = window_->findChild<QMenuBar*>();
        QVERIFY(bar != nullptr && bar->actions().size() >= 6);
        for (const QAction* const each : bar->actions()) {
            QMenu* const menu = each->menu();
            QVERIFY2(menu != nullptr, qPrintable(each->text()));
            menu->popup(window_->screen()->availableGeometry().topLeft());
            for (QAction* const entry : menu->actions())
                if (entry->isVisible())
                    QVERIFY2(menu->actionGeometry(entry).left() ==
                                 menu->actionGeometry(menu->actions().front()).left(),
                             qPrintable(each->text() + u' ' + entry->text()));
            menu->close();
        }
    }

    /// The chosen page is written in bold.
    void theNamesOfPagesAreWhole() {
        test::chooseTemplate(*window_, "lenet-5");
        for (int page = 1; page <= 4; ++page) {
            showPage(page);
            const auto buttons = window_->findChildren<QToolButton*>();
            const auto chosen = std::ranges::find_if(buttons, [](const QToolButton* each) {
                return each->property("kind") == QStringLiteral("page") && each->isChecked();
            });
            QVERIFY(chosen != buttons.end());
            const QToolButton& button = **chosen;
            QFont bold = button.font();
            bold.setWeight(QFont::DemiBold);
            const bool hasIcon = button.toolButtonStyle() == Qt::ToolButtonTextBesideIcon;
            const int needed = QFontMetrics(bold).horizontalAdvance(button.text()) + 2 * 11 +
                               (hasIcon ? button.iconSize().width() + 4 : 0);
            const QWidget& chip = *window_->findChild<DeviceChip*>();
            QVERIFY2(button.mapTo(window_.get(), button.rect().topRight()).x() <
                         chip.mapTo(window_.get(), QPoint()).x(),
                     "the last page lies over the device");
            QVERIFY2(button.width() >= needed, qPrintable(QStringLiteral("%1 has %2 of %3 px")
                                                              .arg(button.text())
                                                              .arg(button.width())
                                                              .arg(needed)));
        }
    }

    /// The drawer of the inspector has a button, as that of the runs has.
    void theInspectorIsOpenedByItsButton() {
        showPage(1);
        const auto buttons = window_->design().findChildren<QToolButton*>();
        const auto found = std::ranges::find_if(buttons, [](const QToolButton* each) {
            return each->defaultAction() != nullptr &&
                   each->defaultAction()->text() == QStringLiteral("Inspector");
        });
        QVERIFY(found != buttons.end() && (*found)->isVisible());
        const QWidget& inspector = window_->design().inspector();
        QVERIFY(!inspector.isVisible());
        QTest::mouseClick(*found, Qt::LeftButton);
        QVERIFY(inspector.isVisible());
        QTest::mouseClick(*found, Qt::LeftButton);
        QVERIFY(!inspector.isVisible());
    }

    void layersAreReadOnTheCanvas() {
        test::chooseTemplate(*window_, "lenet-5");
        auto& page = window_->design();
        isWhole(page);
        QCOMPARE(page.view().width() + page.palettePanel().parentWidget()->width(), page.width());
        QVERIFY2(page.view().zoom() > metrics::kBlockZoom,
                 qPrintable(QString::number(page.view().zoom())));
        for (const auto& [id, item] : page.scene().canvas().items().nodes()) {
            const QRect shown = page.view().mapFromScene(item->sceneBoundingRect()).boundingRect();
            QVERIFY(page.view().viewport()->rect().contains(shown));
            QVERIFY2(shown.height() >= 18, qPrintable(QString::number(shown.height()))); // a line
        }
    }

    void theDataAreWhole() {
        test::chooseTemplate(*window_, "weather");
        showPage(2);
        QTRY_VERIFY_WITH_TIMEOUT(window_->data().review().parts() &&
                                     !window_->data().review().isRunning(),
                                 test::kTrainingPatience);
        isWhole(window_->data());
    }

    void trainingAndItsResultAreWhole() {
        test::chooseTemplate(*window_, "softmax-regression");
        DataChoice data = window_->document().project().data;
        data.limit = 500;
        window_->document().perform(QStringLiteral("Limit"), {SetData{data}});
        showPage(3);
        isWhole(window_->training());
        test::pressKey(*window_, Qt::Key_F5);
        QTRY_COMPARE_WITH_TIMEOUT(window_->session().state(), TrainingState::Finished,
                                  test::kTrainingPatience);
        isWhole(window_->training());
        showPage(4);
        QTest::qWait(200);
        isWhole(window_->inference());
        window_->document().undoStack().undo();
    }

    void inferenceScrollsUpAndDownAlone_data() {
        QTest::addColumn<bool>("isTrained");
        // Classes of images, points of the plane, rows of a table; what is written, untrained.
        for (const char* const key : {"lenet-5", "two-spirals", "weather"})
            QTest::newRow(key) << true;
        QTest::newRow("character-lstm") << false;
    }
    void inferenceScrollsUpAndDownAlone() {
        QFETCH(const bool, isTrained);
        window_->document().newFromTemplate(QTest::currentDataTag()); // without a question
        auto& page = window_->inference();
        if (isTrained) {
            DataChoice data = window_->document().project().data;
            data.limit = 300;
            window_->document().perform(QStringLiteral("Limit"), {SetData{data}});
            TrainingSettings settings = window_->document().project().training;
            settings.params["epochs"] = std::int64_t{1};
            window_->document().perform(QStringLiteral("Epochs"), {SetTraining{settings}});
            test::pressKey(*window_, Qt::Key_F5);
            QTRY_COMPARE_WITH_TIMEOUT(window_->session().state(), TrainingState::Finished,
                                      test::kTrainingPatience);
        }
        showPage(4);
        if (isTrained)
            QTRY_VERIFY_WITH_TIMEOUT(page.evaluation().report() != nullptr,
                                     test::kTrainingPatience);
        QTest::qWait(200);
        isWhole(page);
        for (const auto* const area : page.findChildren<QScrollArea*>())
            if (area->isVisible())
                QVERIFY2(area->horizontalScrollBar()->maximum() == 0,
                         qPrintable(QStringLiteral("%1 scrolls sideways by %2")
                                        .arg(area->objectName())
                                        .arg(area->horizontalScrollBar()->maximum())));
        const auto isInSight = [](const QWidget& part) {
            return part.visibleRegion().boundingRect() == part.rect();
        };
        QVERIFY(isInSight(page.panel()) || page.panel().height() > page.height() - 100);
        // What fits beside the panel is seen without scrolling.
        const auto leftOf = [&page](const QWidget& part) {
            return part.mapTo(&page, QPoint()).x();
        };
        const bool isBeside = leftOf(page.evaluation()) > leftOf(page.panel());
        const int needed = std::max(page.evaluation().minimumSizeHint().height(),
                                    page.panel().minimumSizeHint().height());
        if (isTrained && isBeside && needed < page.height() - 80)
            QVERIFY2(isInSight(page.evaluation()),
                     qPrintable(QStringLiteral("%1 of %2 px are seen")
                                    .arg(page.evaluation().visibleRegion().boundingRect().height())
                                    .arg(page.evaluation().height())));
        if (&page.panel() == &page.images()) {
            // What is drawn and how it is read are seen at once, with bars that can be compared.
            QVERIFY(isInSight(page.pad()));
            const PredictionPanel& answer = page.prediction();
            QVERIFY(isInSight(answer));
            for (std::size_t row = 0; row < answer.rows().size(); ++row)
                QVERIFY2(answer.barOfRow(row).width() >= 160 &&
                             answer.rectOfRow(row).height() >= 16,
                         qPrintable(QStringLiteral("%1 × %2")
                                        .arg(answer.barOfRow(row).width())
                                        .arg(answer.rectOfRow(row).height())));
        }
        if (page.panel().isAncestorOf(&page.plane())) {
            QVERIFY(isInSight(page.plane()));
            QVERIFY2(page.plane().height() >= 240 && page.plane().width() >= 240,
                     qPrintable(QString::number(page.plane().height())));
        }
    }

    /// Once each page has been seen in this size.
    void theWindowAsksForNoMoreThanTheScreen() {
        const QSize size = window_->screen()->availableSize();
        const QSize least = window_->minimumSizeHint().expandedTo(window_->minimumSize());
        // Without room for it the status line would be below the screen's edge.
        constexpr int kTitleBar = 40; // of the window manager, of which there is none here
        QVERIFY2(least.width() <= size.width() && least.height() <= size.height() - kTitleBar,
                 qPrintable(QStringLiteral("%1 × %2").arg(least.width()).arg(least.height())));
    }
};

int main(int argc, char** argv) {
    if (!qEnvironmentVariableIsSet(kScreenVariable)) {
        // Screen and scale are those of a process, so there is one for each.
        const QTemporaryDir folder;
        int failures = 0;
        for (const auto& [width, height, scale] :
             {std::tuple(1024, 700, "1"), std::tuple(1920, 1080, "2")}) {
            const QString screen = folder.filePath(QStringLiteral("%1.json").arg(width));
            QFile file(screen);
            if (!file.open(QIODevice::WriteOnly))
                return 1;
            file.write(QStringLiteral(R"({"screens": [{"name": "Small", "x": 0, "y": 0,
                           "width": %1, "height": %2, "logicalDpi": 96, "dpr": 1}]})")
                           .arg(width)
                           .arg(height)
                           .toUtf8());
            file.close();
            qputenv("QT_QPA_PLATFORM", "offscreen:configfile=" + screen.toUtf8());
            qputenv("QT_SCALE_FACTOR", scale);
            qputenv(kScreenVariable, scale);
            QStringList arguments;
            for (int i = 1; i < argc; ++i)
                arguments << QString::fromLocal8Bit(argv[i]);
            failures += QProcess::execute(QString::fromLocal8Bit(argv[0]), arguments);
            qunsetenv(kScreenVariable);
        }
        return failures;
    }
    QApplication application(argc, argv);
    TestSmallScreens test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_small_screens.moc"
