// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/own_home.h"
#include "ui/formats/formats_dialog.h"
#include "ui/shell/main_window.h"

#include <QAction>
#include <QApplication>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTest>

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

    void escapeCloses() {
        QTest::keyClick(dialog(), Qt::Key_Escape);
        QTRY_VERIFY(dialog() == nullptr);
    }
};

QTEST_MAIN(FormatsTest)
#include "tst_formats.moc"
