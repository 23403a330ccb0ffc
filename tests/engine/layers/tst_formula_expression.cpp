// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/layers/formula_expression.h"
#include "tests/support/message_of.h"

#include <QTest>

#include <array>
#include <cmath>
#include <random>

using namespace gradwright;
using namespace gradwright::formula;
using gradwright::test::messageOf;

namespace {

Expression folded(std::string_view text,
                  const std::map<std::string, double, std::less<>>& fixed = {}) {
    return withNumbers(parse(text), fixed);
}

/// At x = 0.7, y = -1.3, z = 2, w = 0.4, with a = 0.3 and b = -2.
constexpr std::array kInputs = {0.7, -1.3, 2.0, 0.4};
constexpr double x = kInputs[0], y = kInputs[1], z = kInputs[2], w = kInputs[3];
constexpr double a = 0.3, b = -2;

double parameterNamed(const std::string& name) {
    return name == "a" ? a : b;
}

double valueOf(std::string_view text) {
    const auto expression = folded(text);
    std::vector<double> parameters;
    for (const auto& name : expression.parameters)
        parameters.push_back(parameterNamed(name));
    return evaluate(expression, kInputs, parameters);
}

double sigmoid(double v) {
    return 1 / (1 + std::exp(-v));
}

} // namespace

class FormulaExpressionTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void valuesAreThoseOfMathematics_data() {
        QTest::addColumn<double>("expected");
        const auto row = [](const char* text, double expected) { QTest::newRow(text) << expected; };
        row("x", x);
        row("1 + 2 * x", 1 + 2 * x);
        row("(1 + 2) * x", 3 * x);
        row("x - 1 - 2", x - 3);
        row("x - (1 - 2)", x + 1);
        row("8 / 4 / 2 + 0 * x", 1);
        row("2 ^ 3 ^ 2 + 0 * x", 512);
        row("(2 ^ 3) ^ 2 + 0 * x", 64);
        row("-x ^ 2", -x * x);
        row("(-x) ^ 2", x * x);
        row("2 ^ -x", std::pow(2, -x));
        row("-2 ^ 2 + 0 * x", -4);
        row("2 * -x", -2 * x);
        row("--x", x);
        row("+x - -x", 2 * x);
        row(".5e1 * x + 2.", 5 * x + 2);
        row("1e-3*x", 1e-3 * x);
        row("\t x\n*\r2", 2 * x);
        row("pi * x + e", M_PI * x + M_E);
        row("exp(x) + log(x) + sqrt(x)", std::exp(x) + std::log(x) + std::sqrt(x));
        row("abs(-x) + sign(-x) + floor(-x)", x - 1 - 1);
        row("sin(x) * cos(x) * erf(x)", std::sin(x) * std::cos(x) * std::erf(x));
        row("min(x, 0.5) + max(x, 1, 3)", 3.5);
        row("min(1, x) - max(1, x)", x - 1);
        row("clip(x, -1, 0.5) + clip(x, -2 ^ 2, pi)", 0.5 + x);
        row("pow(x, 2) + x ^ 2", 2 * x * x);
        row("sigmoid(x) + tanh(x)", sigmoid(x) + std::tanh(x));
        row("relu(x) + relu(-x)", x);
        row("gelu(x)", x / 2 * (1 + std::erf(x / std::sqrt(2.0))));
        row("silu(x) + swish(x)", 2 * x * sigmoid(x));
        row("softplus(x)", std::log(1 + std::exp(x)));
        row("leaky_relu(-x) + leaky_relu(-x, 1 / 4)", -x * 0.26);
        row("elu(-x, 2)", 2 * (std::exp(-x) - 1));
        row("hard_sigmoid(x) + hard_tanh(3 * x)", (x + 3) / 6 + 1);
        row("a * x + b * y", a * x + b * y);
        row("x * sigmoid(b * x)", x * sigmoid(b * x));
        row("x + y * z - w", x + y * z - w);
        row("z ^ x + 0 * y", std::pow(z, x));
    }
    void valuesAreThoseOfMathematics() {
        QFETCH(double, expected);
        const double actual = valueOf(QTest::currentDataTag());
        QVERIFY2(std::abs(actual - expected) <= 1e-13 * (1 + std::abs(expected)),
                 qPrintable(QString("%1 instead of %2").arg(actual).arg(expected)));
    }

    void derivativesEqualDifferences_data() { valuesAreThoseOfMathematics_data(); }
    void derivativesEqualDifferences() {
        const auto expression = folded(QTest::currentDataTag());
        std::vector<double> parameters;
        for (const auto& name : expression.parameters)
            parameters.push_back(parameterNamed(name));
        constexpr double kStep = 1e-6;
        for (std::size_t input = 0; input < expression.inputs; ++input) {
            auto above = kInputs;
            auto below = kInputs;
            above[input] += kStep;
            below[input] -= kStep;
            const double expected = (evaluate(expression, above, parameters) -
                                     evaluate(expression, below, parameters)) /
                                    (2 * kStep);
            const double actual = derivative(expression, kInputs, parameters, input);
            QVERIFY2(std::abs(actual - expected) <= 1e-7 * (1 + std::abs(expected)),
                     qPrintable(QString("%1 instead of %2").arg(actual).arg(expected)));
        }
    }

    void kinksAreThoseOfTraining() {
        const auto slope = [](std::string_view text, double at) {
            return derivative(folded(text), std::array{at}, {});
        };
        QCOMPARE(slope("max(x, 0)", 0), 1.0);
        QCOMPARE(slope("max(0, x)", 0), 1.0); // the same function in training
        QCOMPARE(slope("relu(x)", 0), 0.0);
        QCOMPARE(slope("abs(x)", 0), 0.0);
        QCOMPARE(slope("clip(x, 0, 1)", 1), 1.0);
        QCOMPARE(slope("clip(x, 0, 1)", 1.5), 0.0);
        QCOMPARE(slope("x ^ 2", 0), 0.0);
        QCOMPARE(slope("x ^ 0", 0), 0.0);
    }

    void namesAreCollected() {
        const auto expression = parse("b * x + alpha_2 * y + b");
        QCOMPARE(expression.inputs, std::size_t(2));
        QVERIFY((expression.parameters == std::vector<std::string>{"b", "alpha_2"}));
        const auto fixed = withNumbers(expression, {{"b", 2.0}});
        QVERIFY((fixed.parameters == std::vector<std::string>{"alpha_2"}));
        QCOMPARE(evaluate(fixed, std::array{1.0, 3.0}, std::array{0.5}), 5.5);
    }

    void mistakesAreExplained_data() {
        QTest::addColumn<QString>("message");
        const auto row = [](const char* text, const char* message) {
            QTest::newRow(text) << QString(message);
        };
        row("", "column 1: the formula is empty; one is x * sigmoid(x)");
        row("  ", "column 1: the formula is empty; one is x * sigmoid(x)");
        row("x *", "column 4: a number, a name or \"(\" is missing at the end");
        row("x * / 2", "column 5: a number, a name or \"(\" is missing before \"/\"");
        row("sin()", "column 1: \"sin\" does not take 0 arguments; it is written sin(v)");
        row("2x", "column 2: an operator is missing before \"x\"; a product is written 2 * x");
        row("x ** 2", "column 3: a power is written ^, not **");
        row("x, 2", "column 2: a comma stands between the arguments of a function alone; a decimal "
                    "point is \".\"");
        row("x * (1 + 2", "column 11: the \"(\" of column 5 is not closed; \")\" is missing at the "
                          "end");
        row("(1 + x 2)", "column 8: the \"(\" of column 1 is not closed; \")\" or an operator is "
                         "missing before \"2\"");
        row("x + 1)", "column 6: there is no \"(\" for this \")\"");
        row("x + 3 * sigmod(x)",
            "column 9: there is no function \"sigmod\"; did you mean \"sigmoid\"?");
        row("ln(x)", "column 1: there is no function \"ln\"; did you mean \"log\"?");
        row("x(3)", "column 1: \"x\" is not a function; a product is written x * (…)");
        row("x + sigmoid", "column 5: \"sigmoid\" is a function; it is written sigmoid(v)");
        row("clip(x, 1)",
            "column 1: \"clip\" does not take 2 arguments; it is written clip(v, lo, hi)");
        row("max(x)", "column 1: \"max\" does not take 1 argument; it is written max(a, b)");
        row("x + $", "column 5: \"$\" has no meaning here; signs are + - * / ^ ( ) ,");
        row("2 · x", "column 3: write * for ·");
        row("x²", "column 2: write ^2 for ²");
        row("x + ä",
            "column 5: this character has no meaning here; names have letters from a to z, "
            "digits and \"_\"");
        row("1e999 * x", "column 1: 1e999 is beyond the numbers that are computed with");
        row("2 * beta", "column 1: the formula does not use its input, x");
        row("x + z", "column 1: the formula uses \"z\" but not \"y\"; inputs are named x, y, z, w "
                     "in this order");
        row("x * _a", "column 5: \"_a\" begins or ends with \"_\", which names of parameters do "
                      "not");
        row("x / 0", "column 3: this divides by 0");
        row("x * log(-1)", "column 5: this computes no number: it is not defined");
        row("x * log(0)", "column 5: this computes no number: it is infinite");
        row("(-2) ^ x", "column 6: a number that is raised to what varies is above 0, not -2");
        row("clip(x, beta, 1)",
            "column 1: the bounds of clip are numbers; use min and max for others");
        row("clip(x, 1, -1)", "column 1: the lower bound of clip is 1, above the upper one, -1");
        row("leaky_relu(x, a)", "column 1: the second argument of Leaky ReLU is a number");
        row("x + elu(x, 0)", "column 5: the α of ELU is above 0, not 0");
    }
    void mistakesAreExplained() {
        QFETCH(QString, message);
        QCOMPARE(messageOf([] { return folded(QTest::currentDataTag()); }), message);
    }

    void sizesAreLimited() {
        const auto parsed = [](const std::string& text) {
            return messageOf([&] { return parse(text); });
        };
        QCOMPARE(parsed(std::string(100000, '(')),
                 "column 1001: a formula has at most 1000 characters, not 100000");
        for (const char c : {'(', '-'})
            QCOMPARE(parsed(std::string(900, c)),
                     "column 65: more than 64 parentheses, signs or powers are nested here");
        std::string powers = "x";
        for (int i = 0; i < 400; ++i)
            powers += "^x";
        QCOMPARE(parsed(powers),
                 "column 129: more than 64 parentheses, signs or powers are nested here");
        QCOMPARE(parsed(std::string(63, '(') + "x" + std::string(63, ')')), "no error");
        // Chains are no nesting.
        std::string sum = "x";
        for (int i = 0; i < 400; ++i)
            sum += "+x";
        QCOMPARE(evaluate(folded(sum), std::array{0.5}, {}), 200.5);
        std::string many = "x";
        for (int i = 1; i <= 17; ++i)
            many += fmt::format("+p{}", i);
        QVERIFY(parsed(many).contains("\"p17\" would be parameter 17; a formula has at most 16"));
        QCOMPARE(parsed("x+" + std::string(33, 'q')),
                 "column 3: a name has at most 32 characters, not 33");
    }

    void startsAreRead() {
        const std::vector<Start> expected = {
            {"beta", 1, false}, {"c", -0.5, true}, {"d", 2, false}};
        QVERIFY(parseStarts("beta = 1, c=-.5 fixed , d = +2 learned") == expected);
        QVERIFY(parseStarts(" ").empty());
        QVERIFY(parseStarts(toText(expected)) == expected);
        const std::vector<Start> exact = {{"third", 1.0 / 3.0, true}, {"tiny", -1e-300, false}};
        QVERIFY(parseStarts(toText(exact)) == exact);
    }

    void mistakesInStartsAreExplained_data() {
        QTest::addColumn<QString>("message");
        const auto row = [](const char* text, const char* message) {
            QTest::newRow(text) << QString(message);
        };
        const char* way = "; a parameter is written beta = 1 or beta = 1 fixed";
        const auto missing = [&](const char* text, const char* message) {
            QTest::newRow(text) << QString(message) + way;
        };
        missing("beta", "column 5: \"=\" is missing at the end");
        missing("beta 1", "column 6: \"=\" is missing before \"1\"");
        missing("beta =", "column 7: a number is missing at the end");
        missing("beta = x", "column 8: a number is missing before \"x\"");
        missing("= 1", "column 1: a name is missing before \"=\"");
        missing("a = 1 b = 2", "column 7: a comma is missing before \"b\"");
        missing("a = 1,", "column 7: a parameter after the comma is missing at the end");
        missing("a = 1 frozen", "column 7: a comma is missing before \"frozen\"");
        row("a = 1, a = 2", "column 8: \"a\" has a value already");
        row("x = 1", "column 1: \"x\" is an input");
        row("pi = 1", "column 1: \"pi\" is a constant");
        row("tanh = 1", "column 1: \"tanh\" is a function; it is written tanh(v)");
        row("a = 1; b = 2", "column 6: \";\" has no meaning here; signs are + - = ,");
    }
    void mistakesInStartsAreExplained() {
        QFETCH(QString, message);
        QCOMPARE(messageOf([] { return parseStarts(QTest::currentDataTag()); }), message);
    }

    /// Any text either is a formula, which then has values, or raises an Error.
    void anyTextIsReadOrRefused() {
        constexpr std::array<std::string_view, 34> kPieces = {
            "x",   "y",  "beta", "(",    ")",    "+",    "-",     "*",    "/",     "^", ",", "1",
            "2.5", "0",  "sin(", "max(", "min(", "elu(", "clip(", "pow(", "relu(", " ", "e", "pi",
            ".",   "1e", "=",    "\xC3", "·",    "_",    "log(",  "5e-9", "sqrt(", "\n"};
        constexpr std::size_t kCommon = 12; // of the pieces
        std::mt19937 random(3);
        int read = 0;
        for (int i = 0; i < 200000; ++i) {
            std::string text;
            const auto length = 1 + random() % 12;
            for (std::size_t piece = 0; piece < length; ++piece) {
                const auto among = random() % 2 == 0 ? kCommon : kPieces.size();
                text += random() % 20 == 0 ? std::string(1, static_cast<char>(random()))
                                           : std::string(kPieces[random() % among]);
            }
            try {
                static_cast<void>(parseStarts(text));
            } catch (const Error&) {
            }
            try {
                const auto expression = folded(text, {{"beta", 0.5}});
                const std::vector<double> parameters(expression.parameters.size(), 1.0);
                static_cast<void>(evaluate(expression, kInputs, parameters));
                static_cast<void>(derivative(expression, kInputs, parameters));
                ++read;
            } catch (const Error& error) {
                QVERIFY2(std::string_view(error.what()).starts_with("column "), error.what());
            }
        }
        qInfo("%d of 200000 texts are formulas", read);
        QVERIFY(read > 1000);
    }
};

QTEST_APPLESS_MAIN(FormulaExpressionTest)
#include "tst_formula_expression.moc"
