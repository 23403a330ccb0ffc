// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/own_home.h"
#include "tests/ui/shell/trained_window.h"
#include "ui/formats/formats_dialog.h"
#include "ui/formats/network_formats.h"
#include "ui/shell/main_window.h"
#include "ui/theme/bar_delegate.h"

#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QTabWidget>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTest>

#include <cmath>
#include <memory>

using namespace gradwright;

/// "Number formats", with mouse and keys.
class FormatsTest : public QObject {
    Q_OBJECT

private:
    QTemporaryDir folder_;
    std::unique_ptr<ThemeManager> themes_;
    std::unique_ptr<MainWindow> window_;

    FormatsDialog* dialog() const { return window_->findChild<FormatsDialog*>(); }
    int rowOf(const char* format) const {
        for (int row = 0; row < dialog()->table().rowCount(); ++row)
            if (dialog()->table().item(row, 0)->text() == QLatin1String(format))
                return row;
        return -1;
    }
    QString cell(const char* format, int column) const {
        return dialog()->table().item(rowOf(format), column)->text();
    }
    void type(const char* text) const {
        dialog()->number().setFocus();
        dialog()->number().selectAll();
        QTest::keyClicks(&dialog()->number(), QString::fromLatin1(text));
    }
    void choose(const char* format) const {
        auto& table = dialog()->table();
        QTest::mouseClick(table.viewport(), Qt::LeftButton, {},
                          table.visualItemRect(table.item(rowOf(format), 0)).center());
    }

    void showNetwork(bool isTrained) {
        QTest::keyClick(dialog(), Qt::Key_Escape);
        QTRY_VERIFY(dialog() == nullptr);
        if (isTrained)
            test::trainTemplate(*window_);
        else
            test::chooseTemplate(*window_, "exclusive-or");
        for (QAction* const each : window_->findChildren<QAction*>())
            if (each->text() == QStringLiteral("Network in other number formats…"))
                each->trigger();
        QVERIFY(dialog() != nullptr && QTest::qWaitForWindowActive(dialog()));
    }

private Q_SLOTS:
    void initTestCase() {
        test::liveIn(folder_.path());
        themes_ = std::make_unique<ThemeManager>(*qApp);
    }
    void init() {
        window_ = std::make_unique<MainWindow>(*themes_);
        window_->resize(1440, 900);
        window_->show();
        QVERIFY(QTest::qWaitForWindowActive(window_.get()));
        for (QAction* const each : window_->findChildren<QAction*>())
            if (each->text() == QStringLiteral("Number formats…"))
                each->trigger();
        QVERIFY(dialog() != nullptr && QTest::qWaitForWindowActive(dialog()));
    }
    void cleanup() { window_.reset(); }

    void aNumberIsShownInEachFormat() {
        type("0.1");
        QCOMPARE(cell("BF16", 2), QStringLiteral("0.10009765625"));
        QCOMPARE(cell("FP16", 2), QStringLiteral("0.0999755859375"));
        QCOMPARE(cell("FP8 E4M3", 2), QStringLiteral("0.1015625"));
        QCOMPARE(cell("INT8", 2), QStringLiteral("0"));
        QCOMPARE(cell("INT8", 3), QStringLiteral("100 %"));
        QCOMPARE(cell("FP64", 3), QStringLiteral("0"));
        type("70000");
        QCOMPARE(cell("FP16", 2), QStringLiteral("∞"));
        QCOMPARE(cell("FP8 E4M3", 2), QStringLiteral("NaN"));
        QCOMPARE(cell("INT4", 2), QStringLiteral("7"));
        QCOMPARE(cell("BF16", 4), QStringLiteral("512"));
        type("-inf");
        QCOMPARE(cell("FP32", 2), QStringLiteral("−∞"));
        type("0,5"); // as many people write it
        QCOMPARE(cell("FP32", 2), QStringLiteral("0.5"));
    }

    void whatIsNoNumberIsSaidToBeNone() {
        type("0.5");
        type("0.5x");
        const auto* const wrong = dialog()->findChild<QLabel*>(QStringLiteral("wrongNumber"));
        QVERIFY(wrong->isVisible());
        QCOMPARE(cell("FP32", 2), QStringLiteral("0.5")); // the last one that was
        QTest::keyClick(&dialog()->number(), Qt::Key_Backspace);
        QVERIFY(!wrong->isVisible());
    }

    void bitsAreTurnedOver() {
        type("1");
        choose("FP16");
        QCOMPARE(dialog()->bits().bits(), std::uint64_t{0x3C00});
        QTest::mouseClick(dialog()->bits().button(15), Qt::LeftButton);
        QCOMPARE(dialog()->number().text(), QStringLiteral("-1"));
        QTest::mouseClick(dialog()->bits().button(9), Qt::LeftButton);
        QCOMPARE(dialog()->number().text(), QStringLiteral("-1.5"));
        QVERIFY(dialog()->value().text().contains(QStringLiteral("1.5 · 2^0")));
        // By keys: from the sign to the highest bit of the exponent, which is 0.
        QTest::keyClick(dialog()->bits().button(15), Qt::Key_Right);
        QCOMPARE(dialog()->focusWidget(), dialog()->bits().button(14));
        QTest::keyClick(dialog()->focusWidget(), Qt::Key_Space);
        QCOMPARE(dialog()->number().text(), QStringLiteral("nan"));
        QCOMPARE(dialog()->bits().bits(), std::uint64_t{0xFE00}); // as it was set
        choose("INT4");
        type("-3");
        QCOMPARE(dialog()->bits().bits(), std::uint64_t{0b1101});
        QVERIFY(dialog()->bits().button(0)->accessibleName().contains(QStringLiteral("mantissa")));
    }

    /// By the command of the Model menu, with the numbers that the engine has.
    void theNetworkIsTriedInEachFormat() {
        showNetwork(true);
        auto& tab = dialog()->network();
        QCOMPARE(dialog()->tabs().currentWidget(), &tab);
        QCOMPARE(dialog()->focusWidget(), &tab.startButton());
        QTest::keyClick(&tab.startButton(), Qt::Key_Space);
        QTRY_VERIFY2_WITH_TIMEOUT(!tab.isRunning(), "trying", test::kTrainingPatience);
        QCOMPARE(tab.trials().size(), numberFormats().size());
        const auto column = [&](const char* format) {
            for (int i = 0; i < tab.table().columnCount(); ++i)
                if (tab.table().horizontalHeaderItem(i)->text() == QLatin1String(format))
                    return i;
            return -1;
        };
        const auto text = [&](int row, const char* format) {
            return tab.table().item(row, column(format))->text();
        };
        using Tab = NetworkFormats;
        QCOMPARE(text(Tab::kLargestRow, "FP64"), QStringLiteral("0"));
        QCOMPARE(text(Tab::kHowRow, "FP64"), QStringLiteral("computed"));
        QCOMPARE(text(Tab::kHowRow, "FP32"), QStringLiteral("computed"));
        for (const char* const format : {"TF32", "BF16", "FP16", "FP8 E4M3", "FP8 E5M2", "INT8"})
            QCOMPARE(text(Tab::kHowRow, format), QStringLiteral("simulated"));
        QCOMPARE(text(Tab::kHowRow, "INT4"), QStringLiteral("simulated, weights alone"));
        QVERIFY(text(Tab::kTimeRow, "FP32").endsWith(QStringLiteral(" ms")));
        QCOMPARE(text(Tab::kTimeRow, "TF32"), QStringLiteral("–"));
        // Fewer bits, larger errors, of the whole and of each layer; sizes go with the bits.
        const auto number = [&](int row, const char* format) {
            return text(row, format).toDouble();
        };
        for (int row : {int{Tab::kLargestRow}, int{Tab::kMeanRow}, int{Tab::kLayerRows}}) {
            QVERIFY(number(row, "FP32") < 1e-5);
            QVERIFY(number(row, "FP32") < number(row, "FP16"));
            QVERIFY(number(row, "FP16") < number(row, "BF16"));
            QVERIFY(number(row, "BF16") < number(row, "FP8 E5M2"));
        }
        const auto& trials = tab.trials();
        QCOMPARE(trials.front().weightBytes, 8 * trials.back().weightBytes * 2);
        QCOMPARE(tab.table().rowCount(),
                 Tab::kLayerRows + static_cast<int>(trials.front().layers.size()));
        const auto& layer = trials[static_cast<std::size_t>(column("BF16"))].layers[0];
        QCOMPARE(text(Tab::kLayerRows, "BF16"), QString::number(layer.largest, 'e', 1));
        const auto* const cell = tab.table().item(Tab::kLayerRows, column("BF16"));
        const double bar = cell->data(BarDelegate::kShareRole).toDouble();
        QVERIFY(std::abs(bar - (1 + std::log10(layer.largest / layer.scale) / 8)) < 1e-9);
        tab.errors().setFocus();
        QTest::keyClick(&tab.errors(), Qt::Key_Down);
        QCOMPARE(text(Tab::kLayerRows, "BF16"), QString::number(layer.mean, 'e', 1));
        // Another network has other numbers.
        window_->document().newFromTemplate("lenet-5");
        QTRY_COMPARE(tab.table().rowCount(), 0);
    }

    void tryingIsStopped() {
        showNetwork(true);
        auto& tab = dialog()->network();
        tab.samples().setValue(100'000);
        QTest::mouseClick(&tab.startButton(), Qt::LeftButton);
        QVERIFY(tab.isRunning());
        QTest::mouseClick(&tab.startButton(), Qt::LeftButton);
        QCOMPARE(tab.said().text(), QStringLiteral("Stopped."));
        QVERIFY(tab.trials().empty());
        QTest::mouseClick(&tab.startButton(), Qt::LeftButton);
        QTest::keyClick(dialog(), Qt::Key_Escape);
        QTRY_VERIFY(dialog() == nullptr);
    }

    void withoutATrainingThereIsNothingToTry() {
        showNetwork(false);
        auto& tab = dialog()->network();
        QTest::mouseClick(&tab.startButton(), Qt::LeftButton);
        QTRY_VERIFY(tab.said().text().contains(QStringLiteral("has not been trained")));
    }

    void escapeCloses() {
        QTest::keyClick(dialog(), Qt::Key_Escape);
        QTRY_VERIFY(dialog() == nullptr);
    }
};

QTEST_MAIN(FormatsTest)
#include "tst_formats.moc"
