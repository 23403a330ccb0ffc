// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/shared_library.h"

#include <QTest>

using namespace gradwright;

class SharedLibraryTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aTableIsFilled() {
        double (*cosine)(double) = nullptr;
        double (*root)(double) = nullptr;
        QVERIFY(openLibrary("libm.so.6", {{"cos", cosine}, {"sqrt", root}}));
        QCOMPARE(cosine(0.0), 1.0);
        QCOMPARE(root(2.25), 1.5);
    }

    void whatIsMissingIsSaid() {
        const auto notNull = [](double x) { return x; };
        double (*cosine)(double) = nullptr;
        double (*none)(double) = notNull;
        QVERIFY(!openLibrary("libm.so.6", {{"no_such_function", none}, {"cos", cosine}}));
        QVERIFY(!none);
        QCOMPARE(cosine(0.0), 1.0); // the others are there all the same
        QVERIFY(!openLibrary("libno_such_library.so.1", {{"cos", cosine}}));
        QVERIFY(!cosine);
    }
};

QTEST_APPLESS_MAIN(SharedLibraryTest)
#include "tst_shared_library.moc"
