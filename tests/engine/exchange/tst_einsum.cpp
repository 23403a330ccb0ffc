// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/einsum_parts.h"
#include "engine/exchange/network_runner.h"
#include "engine/graph/lower.h"
#include "tests/engine/exchange/imported_model.h"
#include "tests/support/numeric.h"

#include <QTest>

#include <algorithm>
#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr std::int64_t kBatch = 3;
constexpr std::int64_t kDotsLength = 2; ///< of each axis that dots stand for

/// A length for each letter, so that no two axes are confused.
std::int64_t lengthOf(char letter) {
    return letter == 'b' ? kBatch : 2 + (letter - 'a') % 5;
}

/// "...ij" with a capital letter for each axis of the dots.
std::string spelled(const std::string& term, std::size_t dots) {
    const auto place = term.find("...");
    if (place == std::string::npos)
        return term;
    return term.substr(0, place) + std::string("XYZ").substr(0, dots) + term.substr(place + 3);
}

std::vector<std::int64_t> shapeOf(const std::string& letters) {
    std::vector<std::int64_t> lengths;
    for (const char letter : letters)
        lengths.push_back(letter >= 'X' && letter <= 'Z' ? (letter == 'X' ? kBatch : kDotsLength)
                                                         : lengthOf(letter));
    return lengths;
}

/// The sum over all letters, as plain loops.
std::vector<double> summedByLoops(const std::vector<std::string>& terms, const std::string& wanted,
                                  const std::vector<Tensor>& values) {
    std::string all = wanted;
    for (const auto& term : terms)
        for (const char letter : term)
            if (all.find(letter) == std::string::npos)
                all += letter;
    const auto lengths = shapeOf(all);
    const auto offsetOf = [&](const std::string& letters, const std::vector<std::int64_t>& at) {
        std::int64_t offset = 0;
        const auto shape = shapeOf(letters);
        for (std::size_t i = 0; i < letters.size(); ++i)
            offset = offset * shape[i] + at[all.find(letters[i])];
        return static_cast<std::size_t>(offset);
    };
    std::vector<double> sums(static_cast<std::size_t>(Shape(shapeOf(wanted)).elements()));
    std::vector<std::int64_t> at(all.size());
    for (std::int64_t i = 0; i < Shape(lengths).elements(); ++i) {
        auto rest = i;
        for (std::size_t axis = all.size(); axis-- > 0; rest /= lengths[axis])
            at[axis] = rest % lengths[axis];
        double product = 1;
        for (std::size_t term = 0; term < terms.size(); ++term)
            product *= static_cast<double>(values[term].span<float>()[offsetOf(terms[term], at)]);
        sums[offsetOf(wanted, at)] += product;
    }
    return sums;
}

struct EinsumCase {
    std::vector<std::string> terms; ///< behind the first one, in capitals at the end: weights
    std::string wanted;
    std::map<std::string, int> layers; ///< that there are
    bool isWeighted = false;           ///< the last term is weights of the model
    std::size_t dots = 2;
    bool isImplicit = false;
};

const std::vector<EinsumCase>& cases() {
    static const std::vector<EinsumCase> all = {
        {{"bi", "oi"}, "bo", {{"dense", 1}}, true},
        {{"bi", "io"}, "bo", {{"dense", 1}}, true},
        {{"bi", "io"}, "bo", {{"dense", 1}}, true, 2, true},
        {{"bti", "io"}, "bto", {{"dense", 1}}, true},
        {{"...i", "io"}, "...o", {{"dense", 1}}, true},
        {{"...i", "oi"}, "...o", {{"dense", 1}}, true},
        {{"btd", "dhk"}, "bthk", {{"dense", 1}, {"reshape", 1}}, true},
        {{"btd", "hdk"}, "bhtk", {{"dense", 1}, {"permute", 1}, {"reshape", 1}}, true},
        {{"bthk", "hkd"}, "btd", {{"dense", 1}, {"reshape", 1}}, true},
        {{"bij", "bjk"}, "bik", {{"onnx-node", 1}}},
        {{"bij", "bkj"}, "bik", {{"onnx-node", 1}, {"permute", 1}}},
        {{"bhid", "bhjd"}, "bhij", {{"onnx-node", 1}, {"permute", 1}}},
        {{"bhij", "bhjd"}, "bhid", {{"onnx-node", 1}}},
        {{"bihd", "bjhd"}, "bhij", {{"onnx-node", 1}, {"permute", 2}}},
        {{"bhij", "bjhd"}, "bihd", {{"onnx-node", 1}, {"permute", 2}}},
        {{"...ij", "...jk"}, "...ik", {{"onnx-node", 1}}},
        {{"bcij", "bdij"}, "bcd", {}},
        {{"bij", "bj"}, "bi", {}},
        {{"bi", "bij"}, "bj", {}},
        {{"bi", "bi"}, "b", {}},
        {{"bi", "bj"}, "bij", {}},
        {{"ba", "be"}, "b", {}},
        {{"bij", "bij"}, "bij", {}},
        {{"bijd", "bkd"}, "bijk", {}},
        {{"bi", "bij", "bj"}, "b", {}},
        {{"bijk"}, "bikj", {{"permute", 1}}},
        {{"...ij"}, "...ji", {{"permute", 1}}},
        {{"bijk"}, "bj", {}},
        {{"bij"}, "b", {}},
    };
    return all;
}

std::string equationOf(const EinsumCase& each) {
    std::string text;
    for (const auto& term : each.terms)
        text += (text.empty() ? "" : ", ") + term;
    return each.isImplicit ? text : text + " -> " + each.wanted;
}

struct BuiltEinsum {
    ModelBuilder builder;
    std::vector<std::string> terms;
    std::vector<Tensor> values;
    std::map<std::string, Tensor> inputs;
};

BuiltEinsum built(const EinsumCase& each, std::int64_t opset) {
    BuiltEinsum made{ModelBuilder(opset), {}, {}, {}};
    std::vector<std::string> names;
    for (std::size_t i = 0; i < each.terms.size(); ++i) {
        const auto term = spelled(each.terms[i], each.dots);
        const Shape shape(shapeOf(term));
        auto values = randomTensor(DType::F32, shape, 7 + i, 1.0);
        if (each.isWeighted && i + 1 == each.terms.size()) {
            const auto span = values.span<float>();
            names.push_back(made.builder.floats(shape.dims(), {span.begin(), span.end()}));
        } else {
            names.push_back(made.builder.input("x" + std::to_string(i),
                                               {shape.dims().begin() + 1, shape.dims().end()}));
            made.inputs.emplace(names.back(), values);
        }
        made.terms.push_back(term);
        made.values.push_back(std::move(values));
    }
    const auto y = made.builder.node("Einsum", names, "product");
    made.builder.set("equation", equationOf(each));
    made.builder.output(y);
    return made;
}

} // namespace

/// Einsum as the products, sums and transpositions that it stands for.
class EinsumTest : public QObject {
    Q_OBJECT

    static void compare(const Tensor& got, const std::vector<double>& wanted) {
        QCOMPARE(static_cast<std::size_t>(got.elements()), wanted.size());
        for (std::size_t i = 0; i < wanted.size(); ++i)
            QVERIFY2(std::abs(got.span<double>()[i] - wanted[i]) < 1e-5 * (1 + std::abs(wanted[i])),
                     qPrintable(QStringLiteral("%1: %2, not %3")
                                    .arg(i)
                                    .arg(got.span<double>()[i])
                                    .arg(wanted[i])));
    }

private Q_SLOTS:
    void eachFormIsThatOfPlainLoops_data() {
        QTest::addColumn<int>("which");
        QTest::addColumn<int>("opset");
        for (int i = 0; i < std::ssize(cases()); ++i)
            for (const int opset : {12, 17})
                QTest::addRow("%d %s", opset,
                              equationOf(cases()[static_cast<std::size_t>(i)]).c_str())
                    << i << opset;
    }
    void eachFormIsThatOfPlainLoops() {
        QFETCH(int, which);
        QFETCH(int, opset);
        const auto& each = cases()[static_cast<std::size_t>(which)];
        const auto made = built(each, opset);
        auto model = made.builder.read();
        writeEinsumsOut(model);
        QVERIFY2(!hasEinsum(model), "it stayed an Einsum");
        const auto import = importOnnxWhole(made.builder.read(), {.nodes = true});
        QVERIFY(!import.isWholeRun);
        QVERIFY(import.unable.empty());
        if (!each.layers.empty()) {
            const auto layers = layersOf(import.network);
            if (layers != each.layers) {
                QString text;
                for (const auto& [key, count] : layers)
                    text += QStringLiteral("%1 %2 ").arg(count).arg(QString::fromStdString(key));
                QFAIL(qPrintable(text));
            }
        }
        const auto wanted = summedByLoops(made.terms, spelled(each.wanted, each.dots), made.values);
        const auto answers = answersOf(import, made.inputs, kBatch);
        QCOMPARE(answers.size(), std::size_t{1});
        compare(answers.begin()->second.to(DType::F64), wanted);
        // By the CPU engine, too.
        NetworkRunner runner(lower(import.network), import.weights);
        std::map<std::string, Tensor> inputs;
        for (const auto& [layer, input] : import.inputs)
            inputs.emplace(layer, made.inputs.at(input));
        compare(runner.run(inputs).at(import.outputs.at(0).first).to(DType::F64), wanted);
    }

    /// They are computed as nodes.
    void diagonalsStayNodes_data() {
        QTest::addColumn<QString>("wanted");
        QTest::newRow("trace") << "b";
        QTest::newRow("diagonal") << "bi";
    }
    void diagonalsStayNodes() {
        QFETCH(QString, wanted);
        constexpr std::int64_t kSize = 4;
        ModelBuilder b(17);
        const auto y = b.node("Einsum", {b.input("x", {kSize, kSize})}, "product");
        b.set("equation", "bii->" + wanted.toStdString());
        b.output(y);
        auto model = b.read();
        writeEinsumsOut(model);
        QCOMPARE(model.nodes.size(), std::size_t{1});
        QCOMPARE(model.nodes[0].op, std::string("Einsum"));
        const auto import = importOnnxWhole(b.read(), {.nodes = true});
        QVERIFY(import.unable.empty());
        const auto x = randomTensor(DType::F32, {kBatch, kSize, kSize}, 5, 1.0);
        const auto answers = answersOf(import, {{"x", x}}, kBatch);
        const auto got = answers.begin()->second.to(DType::F64);
        for (std::int64_t sample = 0; sample < kBatch; ++sample) {
            double trace = 0;
            for (std::int64_t i = 0; i < kSize; ++i) {
                const auto value = static_cast<double>(
                    x.span<float>()[static_cast<std::size_t>((sample * kSize + i) * kSize + i)]);
                trace += value;
                if (wanted == QStringLiteral("bi"))
                    QCOMPARE(got.span<double>()[static_cast<std::size_t>(sample * kSize + i)],
                             value);
            }
            if (wanted == QStringLiteral("b"))
                QVERIFY(std::abs(got.span<double>()[static_cast<std::size_t>(sample)] - trace) <
                        1e-6);
        }
    }

    void whatIsNoEquationStays() {
        for (const auto* equation : {"->->", "bij", "bijk->bij", "b1->b", "bij,bjk->bik"}) {
            ModelBuilder b(17);
            const auto y = b.node("Einsum", {b.input("x", {4, 4})}, "product");
            b.set("equation", std::string(equation));
            b.output(y);
            auto model = b.read();
            writeEinsumsOut(model);
            if (std::string_view(equation) != "bij" && std::string_view(equation) != "bijk->bij")
                QCOMPARE(model.nodes[0].op, std::string("Einsum"));
        }
    }

    /// As programs of JAX write it: the heads are an axis of the weights.
    void attentionIsFound() {
        constexpr std::int64_t kSteps = 5, kHeads = 2, kOfHead = 3, kAll = kHeads * kOfHead;
        ModelBuilder b(17);
        const auto x = b.input("x", {kSteps, kAll});
        const auto einsum = [&](const std::string& equation, const std::string& first,
                                const std::string& second) {
            const auto y = b.node("Einsum", {first, second});
            b.set("equation", equation);
            return y;
        };
        std::vector<std::string> parts;
        for (int i = 0; i < 3; ++i)
            parts.push_back(
                b.node("Add", {einsum("btd,dhk->bthk", x, b.random({kAll, kHeads, kOfHead})),
                               b.random({kHeads, kOfHead})}));
        auto scores = einsum("bqhd,bkhd->bhqk", parts[0], parts[1]);
        scores = b.node("Mul", {scores, b.number(static_cast<float>(1 / std::sqrt(3.0)))});
        const auto shares = b.node("Softmax", {scores});
        b.set("axis", std::int64_t{-1});
        const auto made = einsum("bhqk,bkhd->bqhd", shares, parts[2]);
        const auto y = einsum("bqhd,hde->bqe", made, b.random({kHeads, kOfHead, kAll}));
        b.output(b.node("Add", {y, b.random({kAll})}));
        const auto import = importOnnxWhole(b.read(), {.nodes = true});
        QString text;
        for (const auto& [key, count] : layersOf(import.network))
            text += QStringLiteral("%1 %2 ").arg(count).arg(QString::fromStdString(key));
        QCOMPARE(text, QStringLiteral("1 multi-head-self-attention "));
    }
};

QTEST_APPLESS_MAIN(EinsumTest)
#include "tst_einsum.moc"
