// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/error.h"
#include "engine/support/id.h"
#include "engine/support/json_numbers.h"
#include "tests/support/message_of.h"

#include <QTest>

#include <type_traits>
#include <unordered_set>

using namespace gradwright;
using namespace gradwright::test;

class JsonTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void keepsTheOrderOfKeys() {
        const auto json = parseJson(R"({"z": 1, "a": [true, null], "m": {"y": 2, "b": 3}})", "it");
        QCOMPARE(json.dump(), std::string(R"({"z":1,"a":[true,null],"m":{"y":2,"b":3}})"));
    }

    void syntaxErrorsNameLineAndColumn_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("message");
        QTest::newRow("first line") << QByteArray("{x}") << "f: not valid JSON at line 1, column 2";
        QTest::newRow("third line")
            << QByteArray("{\n \"a\": 1,\n   oops}") << "f: not valid JSON at line 3, column 4";
        QTest::newRow("cut off") << QByteArray("{\n\"a\": [1")
                                 << "f: not valid JSON at line 2, column 8; it is cut off there";
        QTest::newRow("empty") << QByteArray()
                               << "f: not valid JSON at line 1, column 1; it is empty";
        QTest::newRow("not UTF-8")
            << QByteArray("\"\xff\"") << "f: not valid JSON at line 1, column 2";
        QTest::newRow("trailing") << QByteArray("1 2") << "f: not valid JSON at line 1, column 3";
    }
    void syntaxErrorsNameLineAndColumn() {
        QFETCH(QByteArray, text);
        QFETCH(QString, message);
        QCOMPARE(messageOf([&] { return parseJson(text.toStdString(), "f"); }), message);
    }

    void refusesANumberThatDoesNotFit() {
        QVERIFY(messageOf([] { return parseJson("1e999", "f"); }).startsWith("f: not valid JSON"));
    }

    void wholeNumbersAreWholeAndFit_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("asInt");      // empty: refused
        QTest::addColumn<QString>("asUnsigned"); // of 64 bits
        QTest::newRow("7") << QByteArray("7") << "7"
                           << "7";
        QTest::newRow("-7") << QByteArray("-7") << "-7" << QString();
        QTest::newRow("3.0") << QByteArray("3.0") << "3"
                             << "3";
        QTest::newRow("-0.0") << QByteArray("-0.0") << "0"
                              << "0";
        QTest::newRow("3.5") << QByteArray("3.5") << QString() << QString();
        QTest::newRow("2^31 - 1") << QByteArray("2147483647") << "2147483647"
                                  << "2147483647";
        QTest::newRow("2^31") << QByteArray("2147483648") << QString() << "2147483648";
        QTest::newRow("2^31, real") << QByteArray("2147483648.0") << QString() << "2147483648";
        QTest::newRow("-2^31, real") << QByteArray("-2147483648.0") << "-2147483648" << QString();
        QTest::newRow("2^64 - 1") << QByteArray("18446744073709551615") << QString()
                                  << "18446744073709551615";
        QTest::newRow("2^64, real")
            << QByteArray("18446744073709551616.0") << QString() << QString();
        QTest::newRow("far away") << QByteArray("2.9e121") << QString() << QString();
        QTest::newRow("text") << QByteArray("\"7\"") << QString() << QString();
        QTest::newRow("true") << QByteArray("true") << QString() << QString();
    }
    void wholeNumbersAreWholeAndFit() {
        QFETCH(const QByteArray, text);
        const auto list = parseJson("[" + text.toStdString() + "]", "f");
        const auto taken = [&]<typename T>(T) {
            try {
                T value{};
                list.at(0).get_to(value);
                // However it is asked for.
                if (list.get<std::vector<T>>().at(0) != value || list[0].get<T>() != value ||
                    Json{{"key", list[0]}}.value("key", T{1}) != value)
                    return QStringLiteral("another one");
                return QString::fromStdString(std::to_string(value));
            } catch (const Json::exception&) {
                return QString();
            }
        };
        QTEST(taken(int{}), "asInt");
        QTEST(taken(std::uint64_t{}), "asUnsigned");
        const auto isWhole = list[0].is_number_integer();
        QCOMPARE(isInt64(list[0]), isWhole && text != "18446744073709551615");
        // Real numbers are taken as before.
        if (list[0].is_number())
            QCOMPARE(list[0].get<double>(), text.toDouble());
    }

    void refusesRepeatedKeys() {
        QCOMPARE(messageOf([] { return parseJson(R"({"a": 1, "b": {"a": 2}, "a": 3})", "f"); }),
                 "f: the key \"a\" appears twice in one object");
        parseJson(R"([{"a": 1}, {"a": 2, "b": {"a": 3}}])", "f");
    }

    void boundsDepth() {
        const JsonLimits limits{.depth = 3};
        parseJson("[[[1]]]", "f", limits);
        parseJson(R"({"a": [{}]})", "f", limits);
        const QString refused = "f: JSON nested deeper than 3 levels";
        QCOMPARE(messageOf([&] { return parseJson("[[[[]]]]", "f", limits); }), refused);
        QCOMPARE(messageOf([&] { return parseJson(R"([[[{}]]])", "f", limits); }), refused);
        const std::string deep(1'000'000, '[');
        QCOMPARE(messageOf([&] { return parseJson(deep, "f"); }),
                 "f: JSON nested deeper than 64 levels");
    }

    void boundsSize() {
        const JsonLimits limits{.bytes = 5};
        QCOMPARE(parseJson("12345", "f", limits).get<int>(), 12345);
        QCOMPARE(messageOf([&] { return parseJson("123456", "f", limits); }),
                 "f: 6 bytes of JSON, at most 5 are read");
    }

    void excerptsAreShortAndWholeCharacters() {
        QCOMPARE(excerpt("short"), std::string("short"));
        std::string umlauts;
        for (int i = 0; i < 50; ++i)
            umlauts += "ä";
        const auto cut = QString::fromStdString(excerpt(umlauts));
        QCOMPARE(cut, QString(28, u'ä') + "...");
        QVERIFY(dumpExcerpt(Json(std::string(1'000'000, 'x'))).size() <= 60);
    }
};

class IdTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void kindsDoNotMix() {
        QVERIFY((!std::is_convertible_v<NodeId, LinkId>));
        QVERIFY((!std::is_convertible_v<NodeId, std::uint32_t>));
        QVERIFY((!std::is_convertible_v<std::uint32_t, NodeId>));
    }

    void compareAndHashByValue() {
        QVERIFY(NodeId{1} < NodeId{2});
        QCOMPARE(NodeId{7}.index(), std::size_t{7});
        const std::unordered_set<NodeId> ids = {NodeId{1}, NodeId{2}, NodeId{1}};
        QCOMPARE(ids.size(), std::size_t{2});
        QVERIFY(ids.contains(NodeId{2}) && !ids.contains(NodeId{3}));
    }
};

int main(int argc, char** argv) {
    JsonTest json;
    IdTest ids;
    return QTest::qExec(&json, argc, argv) + QTest::qExec(&ids, argc, argv);
}
#include "tst_json.moc"
