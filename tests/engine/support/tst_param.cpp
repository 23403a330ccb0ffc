// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/support/json.h"
#include "engine/support/param.h"
#include "tests/support/message_of.h"

#include <QTest>

#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace {

ParamSpec rate() {
    auto spec = realParam("rate", "Rate", 0.5, 0, 1, "Share.");
    spec.maximumExclusive = true;
    return spec;
}
ParamSpec units() {
    return intParam("units", "Units", 64, 1, 4096, "Number of outputs.");
}
ParamSpec kernel() {
    return tupleParam("kernel", "Kernel", {3, 3}, 2, 2, 1, 99, "Window.");
}
ParamSpec mode() {
    return choiceParam("mode", "Mode", "same", {{"same", "Same", ""}, {"valid", "Valid", ""}},
                       "Border.");
}

QString why(const ParamSpec& spec, const ParamValue& value) {
    return QString::fromStdString(whyInvalid(spec, value).value_or("valid"));
}

} // namespace

class ParamTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void rangesAreSaidInWords() {
        QCOMPARE(why(units(), std::int64_t{1}), "valid");
        QCOMPARE(why(units(), std::int64_t{4096}), "valid");
        QCOMPARE(why(units(), std::int64_t{0}), "Units must be from 1 to 4096, not 0");
        QCOMPARE(why(units(), std::int64_t{4097}), "Units must be from 1 to 4096, not 4097");
        QCOMPARE(why(rate(), 0.0), "valid");
        QCOMPARE(why(rate(), 1.0), "Rate must be at least 0 and less than 1, not 1");
        QCOMPARE(why(rate(), -0.25), "Rate must be at least 0 and less than 1, not -0.25");
        QCOMPARE(why(rate(), std::nan("")), "Rate must be at least 0 and less than 1, not nan");

        ParamSpec open = realParam("x", "X", 1, 0, 1, "");
        open.maximum = std::numeric_limits<double>::infinity();
        open.minimumExclusive = true;
        QCOMPARE(why(open, 1e300), "valid");
        QCOMPARE(why(open, 0.0), "X must be greater than 0, not 0");
        QCOMPARE(why(open, INFINITY), "X must be greater than 0, not inf");
        open.minimum = -open.maximum;
        QCOMPARE(why(open, -INFINITY), "X must be finite, not -inf");
        open.maximum = 5;
        QCOMPARE(why(open, 6.0), "X must be at most 5, not 6");
    }

    void typesAreSaidInWords() {
        QCOMPARE(why(units(), 1.5), "Units must be a whole number, not 1.5");
        QCOMPARE(why(rate(), true), "Rate must be a number, not true");
        QCOMPARE(why(mode(), std::string("full")), "Mode must be one of same, valid, not full");
        QCOMPARE(why(mode(), std::int64_t{3}), "Mode must be one of same, valid, not 3");
        QCOMPARE(why(kernel(), IntTuple{3}), "Kernel must be 2 whole numbers, not 3");
        QCOMPARE(why(kernel(), IntTuple{}), "Kernel must be 2 whole numbers, not nothing");
        QCOMPARE(why(kernel(), IntTuple{3, 100}), "Kernel must be from 1 to 99, not 3×100");
        auto shape = kernel();
        shape.maxLength = 3;
        QCOMPARE(why(shape, std::string("3x3")), "Kernel must be 2 to 3 whole numbers, not 3x3");
        QCOMPARE(why(boolParam("bias", "Bias", true, ""), 1.0),
                 "Bias must be true or false, not 1");
        QCOMPARE(why(textParam("note", "Note", "", ""), 1.0), "Note must be a text, not 1");
    }

    /// A 0 that stands for something is read by its name, too, and errors offer that name.
    void aZeroMayHaveAName() {
        const auto limit = zeroIs("all", intParam("limit", "Limit", 0, 0, 100, ""));
        QVERIFY(paramFromText(limit, "all") == ParamValue(std::int64_t{0}));
        QVERIFY(paramFromText(limit, "0") == ParamValue(std::int64_t{0}));
        QVERIFY(paramFromText(limit, "7") == ParamValue(std::int64_t{7}));
        const auto decay = zeroIs("off", realParam("decay", "Decay", 0, 0, 1, ""));
        QVERIFY(paramFromText(decay, "off") == ParamValue(0.0));
        QCOMPARE(why(limit, 1.5), "Limit must be a whole number or all, not 1.5");
        QVERIFY_THROWS_EXCEPTION(Error, paramFromText(limit, "none"));
        QVERIFY_THROWS_EXCEPTION(Error, paramFromText(units(), "all"));
    }

    /// Files of earlier versions are read, and what is written has the present key only.
    void formerKeysAreRead() {
        const ParamSpecs specs = {formerly("number-of-units", formerly("size", units())), rate()};
        const auto read = [&](const char* text) {
            return paramsFromJson(parseJson(text, "text"), specs, "the layer");
        };
        const ParamValues seven = {{"units", std::int64_t{7}}};
        for (const auto* text :
             {R"({"units": 7})", R"({"size": 7})", R"({"number-of-units": 7})"}) {
            QVERIFY(read(text) == seven);
            QCOMPARE(toJson(read(text)).dump(), std::string(R"({"units":7})"));
        }
        QVERIFY(findParamToRead(specs, "size") == &specs[0]);
        QVERIFY(findParamToRead(specs, "units") == &specs[0]);
        QVERIFY(findParamToRead(specs, "length") == nullptr);
        QVERIFY(findParam(specs, "size") == nullptr); // values in memory never have it
        QCOMPARE(validate(specs, {{"size", std::int64_t{7}}}).size(), std::size_t{1});
    }

    void oneParameterUnderTwoKeysIsRefused() {
        const ParamSpecs specs = {formerly("size", units()), rate()};
        const auto read = [&](const char* text) {
            return messageOf([&] { paramsFromJson(parseJson(text, "text"), specs, "the layer"); });
        };
        QCOMPARE(read(R"({"size": 7, "units": 7})"),
                 "the layer has the parameter \"units\" twice: under its own name and as \"size\", "
                 "as earlier versions called it; remove one");
        QCOMPARE(read(R"({"length": 7})"), "the layer has no parameter \"length\"");
        QCOMPARE(read(R"({"size": 7.5})"), "Units must be a whole number, not 7.5");
        QCOMPARE(read("[7]"), "the layer must be an object of parameters, not [7]");
    }

    void messagesStayShort() {
        const auto message = why(mode(), std::string(1'000'000, 'x'));
        QVERIFY2(message.size() < 120, qPrintable(message.left(200)));
    }

    void validateFindsEveryProblem() {
        const ParamSpecs specs = {units(), rate()};
        QVERIFY(validate(specs, {}).empty());
        const auto problems = validate(specs, {{"rate", 2.0}, {"size", true}, {"units", 7.0}});
        QCOMPARE(problems.size(), std::size_t{3});
        QCOMPARE(problems[0].param, std::string("rate"));
        QCOMPARE(problems[1].message, std::string("There is no parameter called \"size\" here"));
        QCOMPARE(problems[2].message, std::string("Units must be a whole number, not 7"));
    }

    void absentKeysGiveTheDefault() {
        const ParamSpecs specs = {units(), rate(), mode(), kernel(),
                                  boolParam("bias", "Bias", true, "")};
        const ParamValues values = {{"units", std::int64_t{10}}};
        const Params params(specs, values);
        QCOMPARE(params.integer("units"), 10);
        QCOMPARE(params.real("rate"), 0.5);
        QCOMPARE(params.text("mode"), std::string("same"));
        QCOMPARE(params.tuple("kernel"), (IntTuple{3, 3}));
        QCOMPARE(params.boolean("bias"), true);
        QCOMPARE(messageOf([&] { return params.real("units"); }),
                 "parameter units is asked for as another type than it has");
        QCOMPARE(messageOf([&] { return params.real("slope"); }),
                 "there is no parameter called \"slope\" here");
    }

    void visibilityFollowsTheOtherParameter() {
        auto sides = kernel();
        sides.visibleWhen = {"mode", {std::string("valid")}};
        const ParamSpecs specs = {mode(), sides};
        ParamValues values;
        QVERIFY(isVisible(specs[0], Params(specs, values)));
        QVERIFY(!isVisible(sides, Params(specs, values)));
        values["mode"] = std::string("valid");
        QVERIFY(isVisible(sides, Params(specs, values)));
    }

    void jsonRoundTrips() {
        const std::vector<std::pair<ParamSpec, ParamValue>> all = {
            {units(), std::int64_t{-9'223'372'036'854'775'807}},
            {rate(), 0.1},
            {rate(), 1.0},
            {mode(), std::string("äö\"\n")},
            {kernel(), IntTuple{5, 7}},
            {boolParam("bias", "Bias", true, ""), false},
        };
        for (const auto& [spec, value] : all) {
            const auto text = toJson(value).dump();
            QVERIFY2(paramFromJson(spec, parseJson(text, "it")) == value, text.c_str());
        }
        QCOMPARE(paramFromJson(rate(), Json(1)), ParamValue(1.0));
    }

    void jsonOfAnotherTypeIsRefused_data() {
        QTest::addColumn<QString>("param");
        QTest::addColumn<QString>("json");
        QTest::addColumn<QString>("message");
        QTest::newRow("fraction") << "units"
                                  << "1.5"
                                  << "Units must be a whole number, not 1.5";
        QTest::newRow("beyond int64") << "units"
                                      << "18446744073709551615"
                                      << "Units must be a whole number, not 18446744073709551615";
        QTest::newRow("text") << "rate"
                              << "\"0.5\""
                              << "Rate must be a number, not \"0.5\"";
        QTest::newRow("null") << "rate"
                              << "null"
                              << "Rate must be a number, not null";
        QTest::newRow("too long") << "kernel"
                                  << "[1,2,3]"
                                  << "Kernel must be 2 whole numbers, not [1,2,3]";
        QTest::newRow("element") << "kernel"
                                 << "[1,2.5]"
                                 << "Kernel must be 2 whole numbers, not [1,2.5]";
        QTest::newRow("element beyond") << "kernel"
                                        << "[1,9223372036854775808]"
                                        << "Kernel must be 2 whole numbers, not "
                                           "[1,9223372036854775808]";
        QTest::newRow("object") << "mode"
                                << "{}"
                                << "Mode must be one of same, valid, not {}";
    }
    void jsonOfAnotherTypeIsRefused() {
        QFETCH(QString, param);
        QFETCH(QString, json);
        QFETCH(QString, message);
        const ParamSpecs specs = {units(), rate(), mode(), kernel()};
        const auto* spec = findParam(specs, param.toStdString());
        QCOMPARE(
            messageOf([&] { return paramFromJson(*spec, parseJson(json.toStdString(), "it")); }),
            message);
    }

    void textRoundTrips() {
        QCOMPARE(paramFromText(units(), "12"), ParamValue(std::int64_t{12}));
        QCOMPARE(paramFromText(rate(), "1e-3"), ParamValue(0.001));
        QCOMPARE(paramFromText(mode(), "valid"), ParamValue(std::string("valid")));
        const auto bias = boolParam("bias", "Bias", true, "");
        QCOMPARE(paramFromText(bias, "off"), ParamValue(false));
        QCOMPARE(paramFromText(bias, "yes"), ParamValue(true));
        for (const auto* text : {"5x7", "5×7", "5,7", "5 7", "5 x 7", "5 , 7"})
            QCOMPARE(paramFromText(kernel(), text), ParamValue(IntTuple{5, 7}));
        const ParamValue negative = IntTuple{-1, 12};
        QCOMPARE(paramFromText(kernel(), toString(negative)), negative);
    }

    void wrongTextIsRefused() {
        for (const auto* text : {"", "x", "3x", "x3", "3--3", "3xx3", "3abc3", "3.5x3", "3-3"})
            QCOMPARE(messageOf([&] { return paramFromText(kernel(), text); }),
                     QString("Kernel must be 2 whole numbers, not \"%1\"").arg(text));
        QCOMPARE(messageOf([] { return paramFromText(units(), "12 "); }),
                 "Units must be a whole number, not \"12 \"");
        QCOMPARE(messageOf([] { return paramFromText(rate(), "half"); }),
                 "Rate must be a number, not \"half\"");
    }
};

QTEST_APPLESS_MAIN(ParamTest)
#include "tst_param.moc"
