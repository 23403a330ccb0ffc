// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/graph/analysis.h"
#include "engine/graph/network_json.h"
#include "engine/layers/catalog.h"
#include "engine/layers/formula.h"
#include "engine/support/json.h"
#include "tests/engine/layers/layer_harness.h"
#include "tests/support/network_builder.h"
#include "tests/support/numeric.h"

#include <QTest>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <random>

using namespace gradwright;
using namespace gradwright::test;

namespace {

ParamValues params(std::string formula, std::string parameters, bool shared = true) {
    return {
        {"formula", std::move(formula)}, {"parameters", std::move(parameters)}, {"shared", shared}};
}

std::unique_ptr<Program> compile(const Backend& backend, const OpGraph& graph, std::int64_t batch,
                                 Precision precision) {
    auto program =
        backend.compile(graph, {.batch = batch, .precision = precision, .mode = Mode::Training});
    initializeWeights(*program->weights(), 11);
    return program;
}

WeightId weightOf(const OpGraph& graph, std::string_view key) {
    const auto found = std::ranges::find(graph.weights(), key, &WeightSpec::key);
    if (found == graph.weights().end())
        throw Error("there is no weight {}", key);
    return WeightId{static_cast<std::uint32_t>(found - graph.weights().begin())};
}

/// A layer on inputs that are known: each is a weight, "x/weight", whose gradient is the input's.
struct Known {
    OpGraph graph;
    ValueId output{};
    Tensor one{DType::F32, {1, 1}};
    Tensor target;
    std::vector<BatchInput> inputs;
    std::unique_ptr<Program> program;

    Known(const ParamValues& params, const std::vector<Shape>& shapes) {
        const auto source = graph.addInput("one", {{1}});
        std::vector<ValueId> values;
        for (std::size_t i = 0; i < shapes.size(); ++i) {
            const std::string path(formula::kInputNames[i]);
            const auto weight = graph.addWeight(
                {path + "/weight", {shapes[i].elements(), 1}, {"uniform", 1.5}, {}, true});
            const auto flat =
                graph.add(DenseOp{shapes[i].elements(), false}, {source}, path, {weight});
            values.push_back(graph.add(ReshapeOp::ofSample(shapes[i]), {flat}, path));
        }
        const auto& def = layer("formula");
        LowerContext context(graph, Params(def.params, params), values, "layer");
        output = def.lower(context);
        const auto wanted = graph.addInput("target", graph.type(output));
        graph.addOutput("output", output);
        graph.addLoss(graph.add(MeanSquaredErrorOp{}, {output, wanted}, "loss"), 1.0);
        one.span<float>()[0] = 1;
        target = Tensor(DType::F32, graph.type(wanted).shapeFor(1));
        inputs = {{source, one.bytes().data()}, {wanted, target.bytes().data()}};
        program = compile(*makeReferenceBackend(), graph, 1, Precision::F64);
    }

    [[nodiscard]] std::vector<double> weight(std::string_view key) const {
        return numbers(program->weights()->read(weightOf(graph, key)));
    }
    [[nodiscard]] std::vector<double> gradient(std::string_view key) const {
        return numbers(program->weights()->readGradient(weightOf(graph, key)));
    }
    void write(std::string_view key, const std::vector<double>& values) const {
        const auto id = weightOf(graph, key);
        Tensor tensor(DType::F64, graph.weight(id).shape);
        std::ranges::copy(values, tensor.span<double>().begin());
        program->weights()->write(id, tensor);
    }
    std::vector<double> run() const {
        if (!program->forward(inputs, {1, 1}) || !program->backward())
            throw Error("the program was stopped");
        return numbers(program->read(output));
    }
    static std::vector<double> numbers(const Tensor& tensor) {
        const auto wide = tensor.to(DType::F64);
        const auto span = wide.span<double>();
        return {span.begin(), span.end()};
    }
};

void compare(const char* what, const Tensor& actual, const Tensor& expected, double tolerance) {
    const double difference = relativeDifference(actual, expected);
    QVERIFY2(difference <= tolerance, qPrintable(QString("%1: %2").arg(what).arg(difference)));
}

void compareClose(double actual, double expected, const std::string& what,
                  double tolerance = 1e-10) {
    QVERIFY2(std::abs(actual - expected) <= tolerance * (1 + std::abs(expected)),
             qPrintable(QString("%1: %2 instead of %3")
                            .arg(what.c_str())
                            .arg(actual, 0, 'g', 17)
                            .arg(expected, 0, 'g', 17)));
}

std::vector<const Op*> opsOfLayer(const OpGraph& graph) {
    std::vector<const Op*> ops;
    for (const auto& op : graph.ops())
        if (op.path == "layer")
            ops.push_back(&op);
    return ops;
}

LayerProblem problemOf(const ParamValues& params, const std::vector<Shape>& inputs) {
    const auto& def = layer("formula");
    const auto inferred = def.infer({Params(def.params, params), inputs});
    if (const auto* const problem = std::get_if<LayerProblem>(&inferred))
        return *problem;
    return {"no problem", "", {}};
}

} // namespace

class FormulaTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// A formula and the layer that computes the same, in output and gradients, on both engines.
    void equalsTheLayer_data() {
        QTest::addColumn<LayerCase>("formula");
        QTest::addColumn<LayerCase>("other");
        const Shape image{3, 5, 4};
        QTest::newRow("swish at beta = 1")
            << LayerCase{"formula", {image}, {}, image} << LayerCase{"silu", {image}, {}, image};
        QTest::newRow("swish per channel")
            << LayerCase{"formula", {{6, 3}}, {{"shared", false}}, {6, 3}}
            << LayerCase{"silu", {{6, 3}}, {}, {6, 3}};
        QTest::newRow("PReLU of an image")
            << LayerCase{"formula",
                         {image},
                         params("max(x, 0) + weight * min(x, 0)", "weight = 0.25", false),
                         image}
            << LayerCase{"prelu", {image}, {}, image};
        QTest::newRow("PReLU of a sequence")
            << LayerCase{"formula",
                         {{6, 3}},
                         params("max(x, 0) + weight * min(x, 0)", "weight = 0.25", false),
                         {6, 3}}
            << LayerCase{"prelu", {{6, 3}}, {}, {6, 3}};
        QTest::newRow("shared PReLU")
            << LayerCase{"formula",
                         {image},
                         params("relu(x) - weight * relu(-x)", "weight = 0.25"),
                         image}
            << LayerCase{"prelu", {image}, {{"shared", true}}, image};
        QTest::newRow("leaky ReLU of a fixed slope")
            << LayerCase{"formula", {image}, params("leaky_relu(x, s / 10)", "s = 3 fixed"), image}
            << LayerCase{"leaky-relu", {image}, {{"slope", 0.3}}, image};
        QTest::newRow("a vector and an image")
            << LayerCase{"formula", {{3}, image}, params("x * y", ""), image}
            << LayerCase{"multiply", {{3}, image}, {}, image};
        QTest::newRow("a vector and a sequence")
            << LayerCase{"formula", {{6, 3}, {3}}, params("x - y", ""), {6, 3}}
            << LayerCase{"subtract", {{6, 3}, {3}}, {}, {6, 3}};
    }
    void equalsTheLayer() {
        QFETCH(LayerCase, formula);
        QFETCH(LayerCase, other);
        const auto h = harnessOf(formula);
        const auto known = harnessOf(other);
        const HarnessData data(h);
        for (const auto precision : {Precision::F64, Precision::F32}) {
            const bool exact = precision == Precision::F64;
            const auto backend = exact ? makeReferenceBackend() : makeOneDnnBackend();
            const double tolerance = exact ? 1e-12 : 1e-5;
            const auto program = compile(*backend, h.graph, kBatch, precision);
            const auto expected = compile(*backend, known.graph, kBatch, precision);
            QVERIFY(program->forward(data.bindings(h), {7, 1}) && program->backward());
            QVERIFY(expected->forward(data.bindings(known), {7, 1}) && expected->backward());
            compare("output", program->read(h.output), expected->read(known.output), tolerance);
            for (const auto& spec : known.graph.weights()) {
                const auto id = weightOf(h.graph, spec.key);
                const auto gradient = program->weights()->readGradient(id);
                const auto wanted =
                    expected->weights()->readGradient(weightOf(known.graph, spec.key));
                compare(spec.key.c_str(), gradient.reshaped(wanted.shape()), wanted, tolerance);
            }
        }
    }

    void gatedSumIsThatOfItsFormula() {
        const Known known(params("sigmoid(g) * x + (1 - sigmoid(g)) * y", "g = 0.4"), {{5}, {5}});
        const auto y = known.run();
        const double gate = 1 / (1 + std::exp(-0.4));
        double gradient = 0;
        for (std::size_t i = 0; i < 5; ++i) {
            const double a = known.weight("x/weight")[i];
            const double b = known.weight("y/weight")[i];
            compareClose(y[i], gate * a + (1 - gate) * b, "y");
            const double dy = 2 * y[i] / 5;
            compareClose(known.gradient("x/weight")[i], dy * gate, "dx");
            compareClose(known.gradient("y/weight")[i], dy * (1 - gate), "dy");
            gradient += dy * gate * (1 - gate) * (a - b);
        }
        compareClose(known.gradient("layer/g")[0], gradient, "dg");
    }

    /// What runs against what evaluate() and derivative() say.
    void runsAsEvaluated_data() {
        QTest::addColumn<QString>("parameters");
        for (const auto* const formula : {"x",
                                          "-x",
                                          "2 * x + 3",
                                          "3 - 2 * x",
                                          "(2 * x + 1) * 4 - x / 8",
                                          "1 / (1 + exp(-x))",
                                          "2 / (x ^ 2 + 1)",
                                          "x ^ 3 - x ^ 2 + x ^ 1 + x ^ 0",
                                          "sqrt(x * x + 1)",
                                          "(x * x + 1) ^ 0.5 + (x * x + 1) ^ -1",
                                          "log(3 + x) * 2 + 1",
                                          "sin(2 * x) - cos(x) / 2",
                                          "erf(x / sqrt(2))",
                                          "abs(x) + sign(x)",
                                          "floor(4 * x)",
                                          "min(x, 0.2) + max(-0.3, x)",
                                          "clip(3 * x, -1, pi)",
                                          "2 ^ x + e ^ -x",
                                          "mish(x) * softsign(x) + hard_swish(3 * x)",
                                          "x * y",
                                          "(2 * x) * (3 * y)",
                                          "(2 * x + 1) * (3 * y)",
                                          "(2 * x) / (3 + y ^ 2)",
                                          "max(x, y) - min(2 * x, -y)",
                                          "(2 + x) ^ y",
                                          "x - y * z + w"})
            QTest::newRow(formula) << "";
        for (const auto* const formula :
             {"a * x + c", "a + c * x", "x * sigmoid(a * x) + c", "softplus(a) * x + exp(c)",
              "(x * x + 1) ^ a * c ^ 2 + a * c * x", "max(a * x, c)", "x / (a * a + c * c)",
              "clip(a * x, -1, 1) + c * x", "(3 + x) ^ a - c"})
            QTest::newRow(formula) << "a = 0.75, c = -1.25";
    }
    void runsAsEvaluated() {
        QFETCH(QString, parameters);
        const auto values = params(QTest::currentDataTag(), parameters.toStdString());
        const auto read =
            std::get<layers::Formula>(layers::formulaOf(Params(layer("formula").params, values)));
        const auto count = read.expression.inputs;
        const Known known(values, std::vector<Shape>(count, Shape{7}));
        const auto y = known.run();
        for (std::size_t i = 0; i < 7; ++i) {
            std::vector<double> inputs;
            for (std::size_t input = 0; input < count; ++input)
                inputs.push_back(
                    known.weight(fmt::format("{}/weight", formula::kInputNames[input]))[i]);
            compareClose(y[i], formula::evaluate(read.expression, inputs, read.starts), "y");
            for (std::size_t input = 0; input < count; ++input)
                compareClose(
                    known.gradient(fmt::format("{}/weight", formula::kInputNames[input]))[i],
                    2 * y[i] / 7 * formula::derivative(read.expression, inputs, read.starts, input),
                    fmt::format("derivative {}", input));
        }
    }

    void learnedParametersHaveTheRightGradients_data() {
        QTest::addColumn<LayerCase>("layerCase");
        for (const auto& each : layerCases())
            if (each.layer == "formula")
                QTest::newRow(nameOf(each).c_str()) << each;
    }
    void learnedParametersHaveTheRightGradients() {
        QFETCH(LayerCase, layerCase);
        const Known known(layerCase.params, layerCase.inputs);
        known.run();
        for (const auto& spec : known.graph.weights()) {
            const auto gradient = known.gradient(spec.key);
            const auto values = known.weight(spec.key);
            for (std::size_t i = 0; i < values.size(); ++i) {
                constexpr double kStep = 1e-5;
                double losses[2];
                for (const int side : {0, 1}) {
                    auto moved = values;
                    moved[i] += side == 1 ? kStep : -kStep;
                    known.write(spec.key, moved);
                    QVERIFY(known.program->forward(known.inputs, {1, 1}));
                    losses[side] = known.program->lossSum();
                }
                known.write(spec.key, values);
                const double expected = (losses[1] - losses[0]) / (2 * kStep);
                QVERIFY2(std::abs(gradient[i] - expected) <= 1e-7 * (1 + std::abs(expected)),
                         qPrintable(QString("%1[%2]: %3 instead of %4")
                                        .arg(spec.key.c_str())
                                        .arg(i)
                                        .arg(gradient[i])
                                        .arg(expected)));
            }
        }
    }

    void channelsHaveTheirOwnParameters_data() {
        QTest::addColumn<Shape>("shape");
        QTest::addColumn<Shape>("weight");
        QTest::newRow("vector") << Shape{4} << Shape{4};
        QTest::newRow("sequence") << Shape{5, 4} << Shape{4};
        QTest::newRow("image") << Shape{4, 4, 3} << Shape{4, 1, 1};
        QTest::newRow("volume") << Shape{4, 2, 4, 3} << Shape{4, 1, 1, 1};
    }
    void channelsHaveTheirOwnParameters() {
        QFETCH(Shape, shape);
        QFETCH(Shape, weight);
        const Known known(params("a * x", "a = 1", false), {shape});
        QVERIFY(known.graph.weight(weightOf(known.graph, "layer/a")).shape == weight);
        QCOMPARE(known.graph.parameters(), shape.elements() + 4);
        const std::vector<double> factors = {2, 3, -5, 7};
        known.write("layer/a", factors);
        const auto y = known.run();
        const auto x = known.weight("x/weight");
        for (std::size_t i = 0; i < x.size(); ++i) {
            const auto channel = shape.rank() == 2 ? i % 4 : i / (x.size() / 4);
            compareClose(y[i], factors[channel] * x[i], std::to_string(i));
        }
    }

    void numbersBecomePartOfOps() {
        const auto single = [](std::string formula, const OpAttributes& expected) {
            const Known known(params(std::move(formula), ""), {{3}});
            const auto ops = opsOfLayer(known.graph);
            return ops.size() == 1 && ops[0]->attributes == expected;
        };
        QVERIFY(single("x", UnaryOp{}));
        QVERIFY(single("2 * x + 3", UnaryOp{UnaryKind::Linear, 2, 3}));
        QVERIFY(single("1 - (x - 2 ^ 2) / 2", UnaryOp{UnaryKind::Linear, -0.5, 3}));
        QVERIFY(single("x ^ 2", UnaryOp{UnaryKind::Power, 1, 0, 2}));
        QVERIFY(single("3 * exp(x) - 1", UnaryOp{UnaryKind::Exponential, 3, -1}));
        QVERIFY(single("4 / x", UnaryOp{UnaryKind::Reciprocal, 4}));
        QVERIFY(single("(2 * x) * (x * 3) + 1", BinaryOp{BinaryKind::Multiply, 6, 1}));
        QVERIFY(single("sigmoid(x)", ActivationOp{{ActivationKind::Sigmoid, 0}}));
        const Known twice(params("a * x + a * x ^ 2", "a = 1"), {{3}});
        QCOMPARE(twice.graph.weights().size(), std::size_t(2)); // x and one a
        const Known fixed(params("a * x", "a = 2 fixed"), {{3}});
        QCOMPARE(fixed.graph.weights().size(), std::size_t(1));
    }

    void frozenParametersStay() {
        auto values = params("a * x", "a = 1");
        values["frozen"] = true;
        const Known known(values, {{3}});
        QVERIFY(!known.graph.weight(weightOf(known.graph, "layer/a")).learns());
    }

    void contradictionsAreExplained() {
        const auto check = [](const ParamValues& values, const std::vector<Shape>& inputs,
                              const char* message, const char* param) {
            const auto problem = problemOf(values, inputs);
            QCOMPARE(QString::fromStdString(problem.message), QString(message));
            QCOMPARE(QString::fromStdString(problem.param), QString(param));
        };
        check(params("x * sigmod(x)", ""), {{3}},
              "In the formula, column 5: there is no function \"sigmod\"; did you mean "
              "\"sigmoid\"?",
              "formula");
        check(params("a * x", "a 1"), {{3}},
              "In the parameters, column 3: \"=\" is missing before \"1\"; a parameter is written "
              "beta = 1 or beta = 1 fixed",
              "parameters");
        check(params("x / a", "a = 0 fixed"), {{3}}, "In the formula, column 3: this divides by 0",
              "formula");
        check(params("x * y", ""), {{3}}, "The formula takes 2 inputs, x, y; 1 is connected.",
              "formula");
        check(params("2 * x", ""), {{3}, {3}}, "The formula takes 1 input, x; 2 are connected.",
              "formula");
        check(params("x * y", ""), {{3}, {4}},
              "A formula takes inputs of one shape, or of length 1 along an axis, or one number "
              "per channel; received 3 and 4.",
              "");
        check(params("a * x + b", "b = 2 fixed, c = 1"), {{3}},
              "The formula uses \"a\", which has no initial value. The formula does not use "
              "\"c\".",
              "parameters");
        const auto problem = problemOf(params("a * x + b", "b = 2 fixed, c = 1"), {{3}});
        QCOMPARE(problem.proposals.size(), std::size_t(1));
        const auto& proposal = std::get<SetParamProposal>(problem.proposals[0].action);
        QCOMPARE(proposal.param, std::string("parameters"));
        QVERIFY(proposal.value == ParamValue(std::string("a = 1, b = 2 fixed")));
        QVERIFY(problemOf(params("a * x + b", "a = 1, b = 2 fixed"), {{3}}).message ==
                "no problem");
    }

    void filesKeepIt() {
        NetworkBuilder b;
        const auto input = b.layer("input", {{"shape", IntTuple{3, 4, 5}}});
        const auto node =
            b.after(input, "formula", params("c * x ^ 2 + y", "c = 0.5 fixed", false), "f");
        b.link(input, node, 1);
        b.after(node, "output");
        const auto text = toJson(b.network).dump();
        const auto read = networkFromJson(Json::parse(text));
        QCOMPARE(toJson(read).dump(), text);
        QVERIFY(text.find("c * x ^ 2 + y") != std::string::npos);
        const auto analysis = analyze(read);
        QVERIFY2(std::ranges::none_of(analysis.diagnostics,
                                      [](const Diagnostic& diagnostic) {
                                          return diagnostic.severity == Severity::Error;
                                      }),
                 analysis.diagnostics.empty() ? "" : analysis.diagnostics[0].message.c_str());
    }

    /// Whatever infer() accepts can be lowered and run.
    void randomFormulasRun() {
        std::mt19937 random(5);
        const auto pick = [&](std::initializer_list<const char*> all) {
            return std::string(all.begin()[random() % all.size()]);
        };
        const std::function<std::string(int)> make = [&](int depth) -> std::string {
            if (depth == 0)
                return pick({"x", "x", "y", "a", "c", "2", "0.5", "-1"});
            const auto inner = make(depth - 1);
            const auto kind = random() % 4;
            if (kind == 0)
                return fmt::format("{}({})", pick({"exp", "abs", "sigmoid", "tanh", "erf", "relu"}),
                                   inner);
            const auto second = make(depth - 1);
            if (kind == 1)
                return fmt::format("{}({}, {})", pick({"max", "min"}), inner, second);
            return fmt::format("({} {} {})", inner, pick({"+", "-", "*", "/", "^"}), second);
        };
        int ran = 0;
        for (int i = 0; i < 300; ++i) {
            const auto values = params(make(3) + " + x * y + a + c", "a = 1, c = 0.5 fixed");
            if (problemOf(values, {{2, 3}, {2, 3}}).message != "no problem")
                continue;
            const Known known(values, {{2, 3}, {2, 3}});
            const auto y = known.run();
            const auto read = std::get<layers::Formula>(
                layers::formulaOf(Params(layer("formula").params, values)));
            const double expected = formula::evaluate(
                read.expression,
                std::array{known.weight("x/weight")[4], known.weight("y/weight")[4]}, read.starts);
            if (std::isfinite(expected))
                // Differences of large numbers lose digits.
                compareClose(y[4], expected, std::get<std::string>(values.at("formula")), 1e-6);
            ++ran;
        }
        QVERIFY(ran > 100);
    }
};

QTEST_APPLESS_MAIN(FormulaTest)
#include "tst_formula.moc"
