// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/io/run_directory.h"
#include "engine/project/project_file.h"
#include "engine/project/templates.h"
#include "engine/training/batch_tracer.h"
#include "engine/training/checkpoint.h"
#include "engine/training/written_value.h"
#include "tests/support/data_files.h"
#include "tests/support/small_jobs.h"

#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

#include <array>
#include <cmath>
#include <numeric>

using namespace gradwright;
using test::contains;
using test::errorOf;

namespace {

TraceJob jobOf(const Project& project) {
    return {project.network, project.data, project.training, {}};
}

double at(const Tensor& tensor, std::size_t index) {
    return tensor.span<double>()[index];
}

bool isNear(double a, double b, double tolerance = 1e-9) {
    return std::abs(a - b) <= tolerance * std::max(1.0, std::abs(b));
}

/// A point → Dense 8 with tanh → Dense 2, softmax cross-entropy, plain gradient descent.
Project tinyProject() {
    auto project = openTemplate("exclusive-or");
    project.training.optimizer = {"sgd", {{"momentum", 0.0}, {"weight_decay", 0.0}}};
    project.training.schedule = {"constant", {}};
    test::set(project, "learning_rate", 0.5);
    return project;
}

const TracedWeight& weightOf(const BatchTrace& trace, std::string_view key) {
    const auto found = std::ranges::find(trace.weights, key, &TracedWeight::key);
    if (found == trace.weights.end())
        throw Error("no weight {}", key);
    return *found;
}

/// The keys of the weights in the order of the graph, for a network of two dense layers.
std::vector<std::string> keysOf(const BatchTrace& trace) {
    std::vector<std::string> keys;
    for (const auto& weight : trace.weights)
        keys.push_back(weight.key);
    return keys;
}

double sumOfTerms(const WrittenSum& sum) {
    double total = sum.bias.value_or(0);
    for (const auto& term : sum.terms)
        total += term.weight * term.input;
    return total;
}

/// Whether each sum that is written out gives the number that the engine computed.
bool sumsHold(const BatchTrace& trace, const TracedLayer& layer) {
    const auto count = elementsOf(trace, layer);
    for (std::int64_t element = 0; element < count; element += std::max<std::int64_t>(count / 7, 1))
        for (const auto& sum : writeOut(trace, layer, trace.samples - 1, element).sums)
            if (!isNear(sumOfTerms(sum), sum.value))
                return false;
    return true;
}

} // namespace

class BatchTracerTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void aTinyNetworkHasTheNumbersOfAHandCalculation();
    void aCertainAnswerIsWrittenAsItsDistanceFromOne();
    void gradientsAreThoseOfCentralDifferences_data();
    void gradientsAreThoseOfCentralDifferences();
    void everyLayerOnTheWayToAWeightHasItsGradient_data();
    void everyLayerOnTheWayToAWeightHasItsGradient();
    void sumsAreThoseOfTheEngine_data();
    void sumsAreThoseOfTheEngine();
    void anLstmIsWrittenOutGateByGate();
    void aSimpleCellAndAGruAreWrittenOut();
    void theNextBatchBeginsWithTheNewWeights();
    void aRunGoesOnWhereItStands();
    void aNetworkThatIsTooLargeIsRefusedWithTheLimit();
    void aStopEndsIt();
};

void BatchTracerTest::aTinyNetworkHasTheNumbersOfAHandCalculation() {
    BatchTracer tracer(jobOf(tinyProject()));
    const auto trace = *tracer.next();
    QCOMPARE(trace.samples, std::int64_t{4});
    QCOMPARE(trace.number, std::int64_t{1});
    QCOMPARE(trace.learningRate, 0.5);
    const auto keys = keysOf(trace);
    QCOMPARE(keys.size(), std::size_t{4});
    const auto& w1 = weightOf(trace, keys[0]);
    const auto& b1 = weightOf(trace, keys[1]);
    const auto& w2 = weightOf(trace, keys[2]);
    const auto& b2 = weightOf(trace, keys[3]);
    const auto units = static_cast<std::size_t>(b1.before.elements());
    QCOMPARE(w1.before.elements(), static_cast<std::int64_t>(2 * units));

    // By the book, from the samples and the weights alone.
    const auto& input = trace.value(trace.network->training.input);
    std::vector<double> gradW1(2 * units);
    std::vector<double> gradB1(units);
    std::vector<double> gradW2(2 * units);
    std::vector<double> gradB2(2);
    double cost = 0;
    for (std::size_t n = 0; n < 4; ++n) {
        std::vector<double> hidden(units);
        std::array<double, 2> z{at(b2.before, 0), at(b2.before, 1)};
        for (std::size_t j = 0; j < units; ++j) {
            const double sum = at(w1.before, 2 * j) * at(input, 2 * n) +
                               at(w1.before, 2 * j + 1) * at(input, 2 * n + 1) + at(b1.before, j);
            hidden[j] = std::tanh(sum);
            for (std::size_t k = 0; k < 2; ++k)
                z[k] += at(w2.before, k * units + j) * hidden[j];
        }
        const auto label = static_cast<std::size_t>(trace.labels[n]);
        const double total = std::exp(z[0]) + std::exp(z[1]);
        const double own = -std::log(std::exp(z[label]) / total);
        QVERIFY2(isNear(trace.losses[n], own), "the cost of a sample");
        cost += own / 4;
        std::array<double, 2> delta{};
        for (std::size_t k = 0; k < 2; ++k) {
            delta[k] = (std::exp(z[k]) / total - (k == label ? 1 : 0)) / 4;
            gradB2[k] += delta[k];
        }
        for (std::size_t j = 0; j < units; ++j) {
            double back = 0;
            for (std::size_t k = 0; k < 2; ++k) {
                gradW2[k * units + j] += delta[k] * hidden[j];
                back += delta[k] * at(w2.before, k * units + j);
            }
            back *= 1 - hidden[j] * hidden[j];
            gradB1[j] += back;
            gradW1[2 * j] += back * at(input, 2 * n);
            gradW1[2 * j + 1] += back * at(input, 2 * n + 1);
        }
    }
    QVERIFY(isNear(trace.lossBefore, cost));
    const auto isStepped = [](const TracedWeight& weight, const std::vector<double>& gradient) {
        for (std::size_t i = 0; i < gradient.size(); ++i)
            if (!isNear(at(weight.gradient, i), gradient[i]) ||
                !isNear(at(weight.after, i), at(weight.before, i) - 0.5 * gradient[i]))
                return false;
        return true;
    };
    QVERIFY(isStepped(w1, gradW1));
    QVERIFY(isStepped(b1, gradB1));
    QVERIFY(isStepped(w2, gradW2));
    QVERIFY(isStepped(b2, gradB2));
    QVERIFY(trace.lossAfter < trace.lossBefore); // a step of plain gradient descent on four points
    // The written cost ends in the engine's number.
    for (std::int64_t n = 0; n < 4; ++n) {
        const auto lines = writeCost(trace, n);
        QCOMPARE(lines.size(), std::size_t{1});
        QVERIFY(lines[0].ends_with("= " + shownNumber(trace.losses[static_cast<std::size_t>(n)])));
    }
}

/// "-ln 1 = 2.06e-09" would be no equation.
void BatchTracerTest::aCertainAnswerIsWrittenAsItsDistanceFromOne() {
    auto trace = *BatchTracer(jobOf(tinyProject())).next();
    const auto label = static_cast<std::size_t>(trace.labels.front());
    for (const auto& op : trace.network->training.graph.ops())
        if (std::holds_alternative<SoftmaxCrossEntropyOp>(op.attributes)) {
            const auto logits = trace.values[op.inputs[0].index()].span<double>();
            logits[label] = 20;
            logits[1 - label] = 0;
        }
    const double other = std::exp(-20.0) / (1 + std::exp(-20.0));
    const auto lines = writeCost(trace, 0);
    QVERIFY2(lines.at(0).find(fmt::format("softmax gives it 1 - {0}. C = -ln (1 - {0}) = ",
                                          shownNumber(other))) != std::string::npos,
             lines.at(0).c_str());
}

void BatchTracerTest::gradientsAreThoseOfCentralDifferences_data() {
    QTest::addColumn<QString>("key");
    for (const char* key : {"exclusive-or", "lenet-5", "character-lstm", "small-residual"})
        QTest::newRow(key) << key;
}

/// The gradient of a few weights against the cost of the same batch with the weight moved.
void BatchTracerTest::gradientsAreThoseOfCentralDifferences() {
    QFETCH(const QString, key);
    const QTemporaryDir folder;
    const auto project = openTemplate(key.toStdString());
    auto job = jobOf(project);
    BatchTracer first(job);
    const auto trace = *first.next();

    // A store of the same weights that can be moved and written as a checkpoint.
    const auto& graph = trace.network->training.graph;
    const auto backend = makeReferenceBackend();
    const auto program =
        backend->compile(graph, {.batch = 1, .precision = Precision::F64, .mode = Mode::Inference});
    auto& store = *program->weights();
    const auto costWith = [&](std::size_t weight, std::size_t element, double by) {
        for (std::uint32_t i = 0; i < trace.weights.size(); ++i) {
            auto moved = trace.weights[i].before;
            if (i == weight)
                moved.span<double>()[element] += by;
            store.write(WeightId{i}, moved);
        }
        job.checkpoint = folder.filePath("moved.safetensors").toStdString();
        writeCheckpoint(job.checkpoint, store, {}, job.settings.updateRule());
        BatchTracer tracer(job);
        return tracer.next()->lossBefore;
    };
    int checked = 0;
    for (std::size_t i = 0; i < trace.weights.size() && checked < 3;
         i += std::max<std::size_t>(trace.weights.size() / 3, 1)) {
        const auto& weight = trace.weights[i];
        if (!weight.learns())
            continue;
        // Where the gradient is largest, rounding matters least.
        const auto values = weight.gradient.span<double>();
        const auto largest =
            std::ranges::max_element(values, {}, [](double value) { return std::abs(value); });
        const auto element = static_cast<std::size_t>(largest - values.begin());
        constexpr double kBy = 1e-7;
        const double difference =
            (costWith(i, element, kBy) - costWith(i, element, -kBy)) / (2 * kBy);
        QVERIFY2(
            std::abs(difference - *largest) <= 1e-5 * std::max(std::abs(*largest), 1e-3),
            qPrintable(
                QString("%1: %2, not %3").arg(weight.key.c_str()).arg(*largest).arg(difference)));
        ++checked;
    }
    QVERIFY(checked >= 2);
}

void BatchTracerTest::everyLayerOnTheWayToAWeightHasItsGradient_data() {
    QTest::addColumn<QString>("key");
    for (const char* key :
         {"small-residual", "small-unet", "tiny-vision-transformer", "character-lstm", "weather"})
        QTest::newRow(key) << key;
}

/// A layer behind one that learns has a gradient for each value, unless it only leads to what the
/// loss takes as it is.
void BatchTracerTest::everyLayerOnTheWayToAWeightHasItsGradient() {
    QFETCH(const QString, key);
    BatchTracer tracer(jobOf(openTemplate(key.toStdString())));
    const auto trace = *tracer.next();
    const auto& graph = trace.network->training.graph;
    const auto inObjective = graph.opsBehind(graph.lossValues());
    std::vector<bool> learns(graph.values().size());
    int layers = 0;
    for (std::size_t place = 0; place < graph.ops().size(); ++place) {
        const auto& op = graph.ops()[place];
        bool depends =
            std::ranges::any_of(op.weights, [&](WeightId id) { return graph.weight(id).learns(); });
        for (const auto input : op.inputs)
            depends =
                depends || learns[input.index()] ||
                (graph.value(input).weight && graph.weight(*graph.value(input).weight).learns());
        for (const auto output : op.outputs) {
            learns[output.index()] = depends;
            if (!depends || !inObjective[place] || trace.value(output).elements() == 0)
                continue;
            QVERIFY2(trace.gradient(output).shape() == trace.value(output).shape(),
                     qPrintable(QString("no gradient at %1").arg(op.path.c_str())));
            ++layers;
        }
    }
    QVERIFY(layers > 3);
    // A bias adds the same to each position: its gradient is the sum of the gradients there.
    for (const auto& op : graph.ops()) {
        const bool isDense = std::holds_alternative<DenseOp>(op.attributes);
        if (op.weights.size() != 2 || !(isDense || std::holds_alternative<ConvOp>(op.attributes)))
            continue;
        const auto& gradient = trace.gradient(op.output());
        const auto& bias = trace.weights[op.weights[1].index()].gradient;
        if (gradient.elements() == 0 || bias.elements() == 0)
            continue;
        std::vector<double> sums(static_cast<std::size_t>(bias.elements()));
        std::size_t inner = 1;
        for (std::size_t axis = 2; !isDense && axis < gradient.shape().rank(); ++axis)
            inner *= static_cast<std::size_t>(gradient.shape()[axis]);
        for (std::size_t i = 0; i < gradient.span<double>().size(); ++i)
            sums[i / inner % sums.size()] += at(gradient, i);
        for (std::size_t i = 0; i < sums.size(); ++i)
            QVERIFY2(isNear(sums[i], at(bias, i), 1e-9), op.path.c_str());
    }
}

void BatchTracerTest::sumsAreThoseOfTheEngine_data() {
    QTest::addColumn<QString>("key");
    for (const char* key : {"exclusive-or", "lenet-5", "character-lstm", "small-residual"})
        QTest::newRow(key) << key;
}

void BatchTracerTest::sumsAreThoseOfTheEngine() {
    QFETCH(const QString, key);
    BatchTracer tracer(jobOf(openTemplate(key.toStdString())));
    const auto trace = *tracer.next();
    int written = 0;
    for (const auto& layer : trace.network->layers) {
        if (trace.value(layer.outputs[0]).elements() == 0)
            continue;
        const auto made = writeOut(trace, layer, 0, 0);
        QCOMPARE(made.value, at(trace.value(layer.outputs[0]), 0));
        written += made.sums.empty() ? 0 : 1;
        QVERIFY2(sumsHold(trace, layer), layer.path.c_str());
        if (!made.lines.empty())
            QVERIFY2(made.lines.back().ends_with("= " + shownNumber(made.value)),
                     (layer.path + ": " + made.lines.back()).c_str());
    }
    QVERIFY(written >= 2);
}

/// The last line is computed from gates that are computed here: it must be the engine's state.
void BatchTracerTest::anLstmIsWrittenOutGateByGate() {
    BatchTracer tracer(jobOf(openTemplate("character-lstm")));
    const auto trace = *tracer.next();
    const auto& graph = trace.network->training.graph;
    int cells = 0;
    for (const auto& layer : trace.network->layers) {
        const auto* op = graph.producerOf(layer.outputs[0]);
        if (!op || !std::holds_alternative<RecurrentOp>(op->attributes))
            continue;
        const auto units = std::get<RecurrentOp>(op->attributes).units;
        const auto made = writeOut(trace, layer, 1, 5 * units + 3);
        QCOMPARE(made.sums.size(), std::size_t{4});
        const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
        double memory = 0;
        double state = 0;
        for (std::int64_t step = 0; step <= 5; ++step) {
            const auto each = writeOut(trace, layer, 1, step * units + 3);
            memory = sigmoid(each.sums[1].value) * memory +
                     sigmoid(each.sums[0].value) * std::tanh(each.sums[2].value);
            state = sigmoid(each.sums[3].value) * std::tanh(memory);
            QVERIFY(isNear(state, each.value));
        }
        QVERIFY(made.lines.front().ends_with("= " + shownNumber(memory)));
        ++cells;
    }
    QVERIFY(cells >= 1);
}

/// What is written must give the engine's state again, within the digits that are shown.
void BatchTracerTest::aSimpleCellAndAGruAreWrittenOut() {
    const auto projectWith = [](const std::string& cell) {
        auto json = toJson(openTemplate("character-lstm"));
        for (auto& node : json.at("network").at("nodes"))
            if (node.at("layer") == "lstm")
                node["layer"] = cell;
        return projectFromJson(json);
    };
    const auto layerOf = [](const BatchTrace& trace) -> const TracedLayer& {
        const auto& graph = trace.network->training.graph;
        return *std::ranges::find_if(trace.network->layers, [&](const TracedLayer& layer) {
            const auto* op = graph.producerOf(layer.outputs[0]);
            return op && std::holds_alternative<RecurrentOp>(op->attributes);
        });
    };
    const auto unitsOf = [](const BatchTrace& trace, const TracedLayer& layer) {
        return trace.value(layer.outputs[0]).shape()[2];
    };
    BatchTracer simple(jobOf(projectWith("simple-rnn")));
    const auto first = *simple.next();
    const auto& cell = layerOf(first);
    const auto written = writeOut(first, cell, 2, 7 * unitsOf(first, cell) + 5);
    QCOMPARE(written.sums.size(), std::size_t{1});
    QVERIFY(isNear(std::tanh(sumOfTerms(written.sums[0])), written.value));
    QCOMPARE(written.place, std::string("step 8, unit 6"));

    BatchTracer gated(jobOf(projectWith("gru")));
    const auto second = *gated.next();
    const auto& gru = layerOf(second);
    const auto units = unitsOf(second, gru);
    const auto made = writeOut(second, gru, 2, 7 * units + 5);
    const auto before = writeOut(second, gru, 2, 6 * units + 5).value;
    QCOMPARE(made.sums.size(), std::size_t{2});
    const QRegularExpression numbers(QStringLiteral(
        "tanh\\(([-0-9.e]+) from the input \\+ σ\\([-0-9.e]+\\) \\* \\(?([-0-9.e]+)\\)? from"));
    const auto match = numbers.match(QString::fromStdString(made.lines.at(0)));
    QVERIFY2(match.hasMatch(), made.lines[0].c_str());
    const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
    const double fresh =
        std::tanh(match.captured(1).toDouble() +
                  sigmoid(sumOfTerms(made.sums[0])) * match.captured(2).toDouble());
    const double update = sigmoid(sumOfTerms(made.sums[1]));
    const double state = (1 - update) * fresh + update * before;
    QVERIFY2(std::abs(state - made.value) < 1e-3 * std::max(std::abs(made.value), 1e-2),
             qPrintable(QString("%1, not %2").arg(state).arg(made.value)));
}

void BatchTracerTest::theNextBatchBeginsWithTheNewWeights() {
    BatchTracer tracer(jobOf(openTemplate("lenet-5")));
    const auto first = *tracer.next();
    const auto second = *tracer.next();
    QCOMPARE(second.number, std::int64_t{2});
    QCOMPARE(second.step, std::int64_t{2});
    QVERIFY(first.labels != second.labels || !(first.value(first.network->training.input) ==
                                               second.value(second.network->training.input)));
    for (std::size_t i = 0; i < first.weights.size(); ++i)
        QVERIFY(second.weights[i].before == first.weights[i].after);
}

void BatchTracerTest::aRunGoesOnWhereItStands() {
    const QTemporaryDir folder;
    auto project = test::smallProject(60);
    test::set(project, "batch", std::int64_t{20});
    test::EventLog log;
    Trainer trainer({project.network,
                     project.data,
                     project.training,
                     Json::object(),
                     "run",
                     {},
                     folder.path().toStdString()},
                    log.sink());
    trainer.run({});
    QVERIFY(log.has<Finished>());
    const auto run = RunDirectory::open(log.all<RunStarted>().front().run);
    const auto bytes = test::readFile(run.lastWeights());

    auto job = jobOf(project);
    job.checkpoint = run.lastWeights();
    BatchTracer tracer(job);
    const auto trace = *tracer.next();
    QCOMPARE(trace.step, std::int64_t{7}); // two epochs of three batches are done
    const auto trained = readCheckpointWeights(run.lastWeights());
    for (const auto& weight : trace.weights) {
        const auto* kept = trained.find(weight.key);
        QVERIFY(kept && kept->to(DType::F64) == weight.before);
    }
    QVERIFY(test::readFile(run.lastWeights()) == bytes);
    // With another optimizer the weights alone are taken.
    job.settings.optimizer = {"lion", {}};
    job.weightsOnly = true;
    BatchTracer other(job);
    QCOMPARE(other.next()->step, std::int64_t{1});
}

void BatchTracerTest::aNetworkThatIsTooLargeIsRefusedWithTheLimit() {
    auto project = openTemplate("exclusive-or");
    for (const auto& [id, node] : project.network.main.nodes())
        if (const auto* use = std::get_if<LayerUse>(&node.use); use && use->layer == "dense") {
            apply(project.network, {SetParam{"", id, "units", std::int64_t{16'000'000}}});
            break;
        }
    const auto error = errorOf([&] { BatchTracer tracer(jobOf(project)); });
    QVERIFY2(contains(error, "too large to step through"), error.c_str());
    // 80 million weights, of which each is kept in six copies of eight bytes at least.
    QVERIFY2(contains(error, "the limit is 1.5 GiB of memory"), error.c_str());
}

void BatchTracerTest::aStopEndsIt() {
    BatchTracer tracer(jobOf(openTemplate("lenet-5")));
    std::stop_source source;
    source.request_stop();
    QVERIFY(!tracer.next(source.get_token()));
}

QTEST_GUILESS_MAIN(BatchTracerTest)

#include "tst_batch_tracer.moc"
