// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/ops/value_type.h"
#include "tests/support/message_of.h"

#include <QTest>

using namespace gradwright;
using namespace gradwright::test;

class ValueTypeTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void lengthsAreNumbersNamesOrProducts() {
        const auto n = Dim::batch();
        const auto t = Dim::named("T");
        QCOMPARE(toString(n), std::string("N"));
        QCOMPARE(toString(Dim(3) * t * n * Dim(2)), std::string("6·N·T"));
        QVERIFY(t * n == n * t);
        QVERIFY(!(n * n == n));
        QVERIFY(n.has("N") && !n.has("T") && (n * t).has("T"));
        QCOMPARE((Dim(2) * n * t).lengthFor({{"N", 5}, {"T", 7}}), 70);
        QVERIFY((Dim(2) * n * t).bound({{"T", 7}}) == Dim(14) * n);
        QCOMPARE(messageOf([&] {
                     return (n * t).lengthFor({{"N", 5}});
                 }),
                 "no number is given for the length 5·T");
        QCOMPARE(messageOf([&] { return n.number(); }),
                 "the length N is a name; a number is needed");
        QVERIFY_THROWS_EXCEPTION(Error, Dim(std::int64_t{1} << 40) * Dim(std::int64_t{1} << 20));
    }

    void typesOfSamplesLeaveTheBatchOut() {
        const ValueType image(Shape{3, 5, 7});
        QCOMPARE(toString(image.dims), std::string("N×3×5×7"));
        QVERIFY(image.isReal() && image.isPerSample());
        QVERIFY(image.sample() == (Shape{3, 5, 7}));
        QVERIFY(image.shapeFor(4) == (Shape{4, 3, 5, 7}));
        QCOMPARE(image.elementsPerSample(), 105);
        QVERIFY(!ValueType(Shape{1}, DType::I32).isReal());

        const auto turned = ValueType::of({3, Dim::batch()});
        QVERIFY(!turned.isPerSample());
        QCOMPARE(messageOf([&] { return toString(turned.sample()); }),
                 "a value 3×N has no batch in front of numbers");
        QVERIFY(!ValueType::of({Dim::batch(), Dim::named("T"), 8}).isPerSample());
        QVERIFY(ValueType::of({}).shapeFor(4) == Shape{});
        QCOMPARE(toString(Dims{}), std::string("scalar"));
    }
};

QTEST_APPLESS_MAIN(ValueTypeTest)
#include "tst_value_type.moc"
