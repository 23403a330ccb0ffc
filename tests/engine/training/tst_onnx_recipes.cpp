// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/backend.h"
#include "engine/training/recipes/optimizers.h"
#include "tests/support/onnx_node_test.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace gradwright;
using namespace gradwright::test;

namespace {

void addCases(std::initializer_list<std::string> beginnings) {
    QTest::addColumn<QString>("name");
    for (const auto& beginning : beginnings)
        for (const auto& name : onnxNodeTests(beginning))
            QTest::newRow(name.c_str()) << QString::fromStdString(name);
}

std::vector<float> floats(const Tensor& tensor) {
    return {tensor.span<float>().begin(), tensor.span<float>().end()};
}

double scalar(const Tensor& tensor) {
    return tensor.dtype() == DType::I64 ? static_cast<double>(tensor.span<std::int64_t>()[0])
                                        : static_cast<double>(tensor.span<float>()[0]);
}

void compare(const std::vector<float>& actual, const Tensor& expected) {
    const auto want = floats(expected);
    QCOMPARE(actual.size(), want.size());
    for (std::size_t i = 0; i < want.size(); ++i)
        QVERIFY2(std::abs(actual[i] - want[i]) <= 1e-7F + 1e-5F * std::abs(want[i]),
                 qPrintable(QString("element %1: %2 instead of %3")
                                .arg(i)
                                .arg(static_cast<double>(actual[i]), 0, 'g', 9)
                                .arg(static_cast<double>(want[i]), 0, 'g', 9)));
}

/// One of our optimizers, set up as an ONNX node is, and the step that it is in.
struct Setup {
    std::string key;
    ParamValues params;
    std::uint64_t step;
};

/// ONNX corrects the bias of Adam's moments only from T = 1 on; late steps have none to correct.
constexpr std::uint64_t kNoBias = std::uint64_t{1} << 40U;

Setup setupOf(const OnnxNodeTest& test, double time) {
    const double decay = test.number("norm_coefficient", 0.0);
    const auto step = static_cast<std::uint64_t>(time);
    if (test.opType == "Adagrad")
        return {"adagrad",
                {{"rate_decay", test.number("decay_factor", 0.0)},
                 {"epsilon", test.number("epsilon", 1e-6)},
                 {"weight_decay", decay}},
                step + 1};
    if (test.opType == "Adam") {
        const double beta2 = test.number("beta", 0.999);
        // ONNX adds epsilon before the second moment's bias is corrected.
        const double correction = time > 0 ? std::sqrt(1 - std::pow(beta2, time)) : 1.0;
        return {"adam",
                {{"beta1", test.number("alpha", 0.9)},
                 {"beta2", beta2},
                 {"epsilon", test.number("epsilon", 1e-6) / correction},
                 {"weight_decay", decay}},
                time > 0 ? step : kNoBias};
    }
    return {"sgd",
            {{"momentum", test.number("alpha", 0.9)},
             {"nesterov", test.string("mode", "standard") == "nesterov"},
             {"weight_decay", decay}},
            step + 1};
}

/// What our optimizers do not have; empty if the case can be run.
QString missing(const OnnxNodeTest& test, double time) {
    if (test.number("norm_coefficient_post", 0.0) != 0)
        return "weight decay after the step is not offered";
    if (test.opType == "Momentum" && time > 0 && test.number("beta", 1.0) != 1)
        return "dampening of the gradient is not offered";
    return {};
}

/// Logits [N, C, d…] and classes [N, d…] as one sample for each position: [N·d…, C].
struct Rows {
    std::int64_t classes = 0;
    std::vector<float> logits;
    std::vector<std::int32_t> labels;
    std::vector<std::size_t> places; ///< of each row in ONNX's order without C
    std::size_t positions = 0;       ///< those of ignored samples included
};

Rows rowsOf(const OnnxNodeTest& test) {
    const auto& shape = test.inputs[0].shape();
    const auto values = test.inputs[0].span<float>();
    const auto labels = test.inputs[1].span<std::int64_t>();
    const auto inner = static_cast<std::size_t>(shape.elements() / shape[0] / shape[1]);
    const auto classes = static_cast<std::size_t>(shape[1]);
    Rows rows;
    rows.classes = shape[1];
    rows.positions = labels.size();
    for (std::size_t place = 0; place < labels.size(); ++place) {
        // A class that is ignored has the weight 0; a sample whose label is none is left out.
        if (labels[place] < 0 || labels[place] >= rows.classes)
            continue;
        rows.places.push_back(place);
        rows.labels.push_back(static_cast<std::int32_t>(labels[place]));
        const auto first = place / inner * classes * inner + place % inner;
        for (std::size_t k = 0; k < classes; ++k)
            rows.logits.push_back(values[first + k * inner]);
    }
    return rows;
}

/// 1 for each class unless the case says otherwise; 0 for the class that it ignores.
std::vector<double> weightsOf(const OnnxNodeTest& test, std::int64_t classes) {
    std::vector<double> weights(static_cast<std::size_t>(classes), 1.0);
    if (test.inputs.size() > 2)
        std::ranges::copy(test.inputs[2].span<float>(), weights.begin());
    const double ignored = test.number("ignore_index", -1);
    if (ignored >= 0 && ignored < static_cast<double>(classes))
        weights[static_cast<std::size_t>(ignored)] = 0;
    return weights;
}

/// "none", "sum" or "mean", the last over the weights of the samples, as ONNX has it.
std::vector<float> reduced(const OnnxNodeTest& test, const Rows& rows,
                           const std::vector<float>& losses, const std::vector<double>& weights) {
    const auto reduction = test.string("reduction", "mean");
    if (reduction == "none") {
        std::vector<float> all(rows.positions);
        for (std::size_t i = 0; i < losses.size(); ++i)
            all[rows.places[i]] = losses[i];
        return all;
    }
    const double sum = std::accumulate(losses.begin(), losses.end(), 0.0);
    double weight = 0;
    for (const auto label : rows.labels)
        weight += weights[static_cast<std::size_t>(label)];
    return {static_cast<float>(reduction == "sum" ? sum : sum / weight)};
}

/// The values of an op on (logits, classes or one-hot targets), by each engine.
std::vector<std::vector<float>> lossesOf(const Rows& rows, const OpAttributes& op) {
    const bool ofClasses = std::holds_alternative<SoftmaxCrossEntropyOp>(op);
    OpGraph graph;
    const auto logits = graph.addInput("logits", {Shape{rows.classes}});
    const auto target =
        graph.addInput("target", ofClasses ? ValueType{Shape{1}, DType::I32}
                                           : ValueType{Shape{rows.classes}, DType::F32});
    const auto loss = graph.add(op, {logits, target}, "loss");
    graph.addLoss(loss, 1.0);
    graph.setOutputs({{"loss", loss}});
    std::vector<float> oneHot(rows.logits.size());
    for (std::size_t i = 0; i < rows.labels.size(); ++i)
        oneHot[i * static_cast<std::size_t>(rows.classes) +
               static_cast<std::size_t>(rows.labels[i])] = 1;
    const std::vector<BatchInput> bound{
        {logits, rows.logits.data()},
        {target, ofClasses ? static_cast<const void*>(rows.labels.data()) : oneHot.data()}};
    std::vector<std::vector<float>> result;
    for (const auto& backend : {makeReferenceBackend(), makeOneDnnBackend()}) {
        const auto program =
            backend->compile(graph, {.batch = static_cast<std::int64_t>(rows.labels.size()),
                                     .mode = Mode::Training});
        if (!program->forward(bound))
            throw Error("the forward pass was stopped");
        result.push_back(floats(program->read(loss)));
    }
    return result;
}

} // namespace

/// The node tests of optimizers and losses.
class OnnxRecipesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void optimizers_data() {
        addCases({"test_adagrad", "test_adam", "test_momentum", "test_nesterov"});
    }
    void optimizers() {
        QFETCH(QString, name);
        auto test = readOnnxNodeTest(name.toStdString());
        QVERIFY(test);
        // Its outputs were made with this epsilon, which the published model leaves out.
        if (name == "test_adam_multiple")
            test->numbers.emplace("epsilon", 1e-2);
        const double rate = scalar(test->inputs[0]);
        const double time = scalar(test->inputs[1]);
        if (const auto reason = missing(*test, time); !reason.isEmpty())
            QSKIP(qPrintable(reason));
        const auto setup = setupOf(*test, time);
        const auto& def = optimizer(setup.key);
        QVERIFY(validate(def.params, setup.params).empty());
        const auto rule = def.make(Params(def.params, setup.params));
        // Inputs: R, T, weights…, gradients…, then each kind of state for all of them.
        const auto weights = test->outputs.size() / (1 + rule.slots);
        QCOMPARE(test->inputs.size(), 2 + weights * (2 + rule.slots));
        const auto input = [&](std::size_t kind, std::size_t weight) {
            return floats(test->inputs[2 + kind * weights + weight]);
        };
        for (std::size_t i = 0; i < weights; ++i) {
            auto value = input(0, i);
            const auto gradient = input(1, i);
            UpdateSpan<float> span{value.data(), gradient.data(), {}, value.size()};
            std::vector<std::vector<float>> slots;
            for (std::size_t slot = 0; slot < rule.slots; ++slot)
                slots.push_back(input(2 + slot, i));
            for (std::size_t slot = 0; slot < rule.slots; ++slot)
                span.slots[slot] = slots[slot].data();
            rule.f32(span, {rate, setup.step, rule.constants});
            compare(value, test->outputs[i]);
            for (std::size_t slot = 0; slot < rule.slots; ++slot)
                compare(slots[slot], test->outputs[(1 + slot) * weights + i]);
        }
    }

    void softmaxCrossEntropy_data() { addCases({"test_sce_"}); }
    void softmaxCrossEntropy() {
        QFETCH(QString, name);
        const auto test = readOnnxNodeTest(name.toStdString());
        if (!test)
            QSKIP("the same function spelled out in other operators");
        const auto rows = rowsOf(*test);
        const auto weights = weightsOf(*test, rows.classes);
        for (const auto& losses : lossesOf(rows, SoftmaxCrossEntropyOp{.classWeights = weights}))
            compare(reduced(*test, rows, losses, weights), test->outputs[0]);
    }

    /// For one-hot targets the KL divergence from logarithms of probabilities is the negative log
    /// likelihood.
    void negativeLogLikelihood_data() { addCases({"test_nllloss_"}); }
    void negativeLogLikelihood() {
        QFETCH(QString, name);
        const auto test = readOnnxNodeTest(name.toStdString());
        if (!test)
            QSKIP("the same function spelled out in other operators");
        const auto rows = rowsOf(*test);
        const auto weights = weightsOf(*test, rows.classes);
        if (std::ranges::any_of(weights, [](double weight) { return weight != 1; }))
            QSKIP("class weights and ignored classes are offered with the softmax cross-entropy, "
                  "not for logarithms of probabilities");
        for (const auto& losses : lossesOf(rows, ElementLossOp{ElementLossKind::KullbackLeibler}))
            compare(reduced(*test, rows, losses, weights), test->outputs[0]);
    }

    void theCasesAreThere() {
        QVERIFY2(onnxNodeTests("test_sce_").size() >= 60 && !onnxNodeTests("test_adam").empty(),
                 "ONNX's node tests are missing: install libonnx-testdata");
    }
};

QTEST_APPLESS_MAIN(OnnxRecipesTest)
#include "tst_onnx_recipes.moc"
