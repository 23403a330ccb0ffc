// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/data_text.h"
#include "ui/theme/counted_text.h"

#include <QTest>

using namespace gradwright;

/// Numbers with what they count.
class CountedTextTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void oneIsSaidAsOne() {
        const auto samples = [](std::int64_t count) {
            return countedText(count, QStringLiteral("1 sample"), QStringLiteral("%1 samples"));
        };
        QCOMPARE(samples(0), QStringLiteral("0 samples"));
        QCOMPARE(samples(1), QStringLiteral("1 sample"));
        QCOMPARE(samples(2), QStringLiteral("2 samples"));
        QCOMPARE(samples(9248), QStringLiteral("9,248 samples"));
    }

    void dataAreDescribedByTheirNumbers() {
        DataInfo text;
        text.input = Shape{1};
        text.target = Shape{2};
        text.classes = {"a", "b"};
        QVERIFY2(dataText(text).startsWith(QStringLiteral("Texts of 2 characters")),
                 qPrintable(dataText(text)));
        DataInfo rows;
        rows.input = Shape{1};
        rows.target = Shape{1};
        rows.columns = {{.name = "x"}};
        QVERIFY2(dataText(rows).startsWith(QStringLiteral("Rows of 1 number")) &&
                     !dataText(rows).startsWith(QStringLiteral("Rows of 1 numbers")),
                 qPrintable(dataText(rows)));
    }
};

QTEST_APPLESS_MAIN(CountedTextTest)
#include "tst_counted_text.moc"
