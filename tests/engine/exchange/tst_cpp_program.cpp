// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/backend.h"
#include "engine/exchange/cpp_writer.h"
#include "engine/exchange/network_runner.h"
#include "engine/exchange/onnx_export.h"
#include "engine/graph/lower.h"
#include "engine/inference/optimized_network.h"
#include "engine/io/atomic_file.h"
#include "engine/passes/quantization/pack_dense.h"
#include "engine/passes/quantization/quantize.h"
#include "engine/project/templates.h"
#include "engine/support/error.h"
#include "engine/training/start_weights.h"
#include "tests/support/data_files.h"
#include "tests/support/network_builder.h"

#include <QProcess>
#include <QTest>

#include <algorithm>
#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr int kPatience = 120'000; // ms: the machine may be busy

/// Compiles the program in the folder; what the compiler says when that failed.
QString compiled(const TemporaryFolder& folder, const CppProgram& program) {
    writeFileAtomically(folder / "net.cpp", std::string_view(program.source));
    if (!program.weights.empty())
        writeFileAtomically(folder / "net.weights", std::string_view(program.weights));
    QProcess compiler;
    compiler.setWorkingDirectory(QString::fromStdString(folder.path()));
    compiler.start(QStringLiteral(GRADWRIGHT_CXX), {"-std=c++17", "-Wall", "-Wno-unused-function",
                                                    "-Werror", "net.cpp", "-o", "net"});
    if (!compiler.waitForFinished(kPatience) || compiler.exitCode() != 0)
        return QString::fromUtf8(compiler.readAllStandardError()) + QStringLiteral(" failed");
    return {};
}

/// What the compiled program prints for these raw samples.
QStringList answersTo(const TemporaryFolder& folder, const QString& raw) {
    QProcess program;
    program.setWorkingDirectory(QString::fromStdString(folder.path()));
    program.start(QString::fromStdString((folder / "net").string()), {});
    program.write(raw.toUtf8());
    program.closeWriteChannel();
    program.waitForFinished(kPatience);
    return QString::fromUtf8(program.readAllStandardOutput()).split(u'\n', Qt::SkipEmptyParts);
}

/// A sample as the program takes it: bytes of pixels, or numbers and numbers of categories.
QString rawOf(const DataInfo& info, const DataSource& source, std::int64_t sample) {
    QStringList numbers;
    const auto cells = source.cells(sample);
    for (std::size_t i = 0; i < cells.size(); ++i) {
        const auto& column = info.columns[i];
        if (column.isNumeric()) {
            numbers << (cells[i].empty() ? QStringLiteral("nan")
                                         : QString::fromStdString(cells[i]));
            continue;
        }
        const auto place = std::ranges::find(column.categories, cells[i]);
        numbers << QString::number(
            place == column.categories.end() ? -1 : place - column.categories.begin());
    }
    if (!cells.empty())
        return numbers.join(u' ');
    const auto input = inputOf(source, sample);
    const auto& preparation = info.preparation;
    for (const auto value : input)
        numbers << (info.input.rank() == 3
                        ? QString::number(255 * (double{value} * preparation.deviation[0] +
                                                 preparation.mean[0]),
                                          'g', 9)
                        : QString::number(value, 'g', 9));
    return numbers.join(u' ');
}

Tensor asBatch(const std::vector<float>& input, const Shape& shape) {
    return Tensor::of<float>(shape.withBatch(1), input);
}

} // namespace

/// Programs of one file, compiled and run.
class TestCppProgram : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void programsAnswerAsNetworksDo_data() {
        QTest::addColumn<QString>("key");
        for (const auto* const key :
             {"lenet-5", "exclusive-or", "peaks-and-pits", "weather", "small-residual"})
            QTest::newRow(key) << key;
    }
    void programsAnswerAsNetworksDo() {
        QFETCH(QString, key);
        const auto project = openTemplate(key.toStdString());
        const auto answering = answeringNetwork(project, {});
        QVERIFY2(answering.note.empty(), answering.note.c_str());
        const TemporaryFolder folder;
        const auto program = cppProgram(answering.graph, answering.weights,
                                        {project.name, "net.weights", answering.data});
        QVERIFY(program.weights.empty());
        const auto problem = compiled(folder, program);
        QVERIFY2(problem.isEmpty(), qPrintable(problem));
        const auto data = openDataset(project.data);
        constexpr std::int64_t kSamples = 4;
        QString raw;
        for (std::int64_t i = 0; i < kSamples; ++i)
            raw += rawOf(data.info, *data.test, i) + u'\n';
        const auto lines = answersTo(folder, raw);
        QCOMPARE(lines.size(), qsizetype{kSamples});
        NetworkRunner runner(answering.graph, answering.weights);
        const auto& port = answering.graph.inputs().front();
        for (std::int64_t i = 0; i < kSamples; ++i) {
            const auto input = asBatch(inputOf(*data.test, i), data.info.input);
            const auto expected = runner.run({{port.name, input}}).begin()->second;
            const auto values = expected.span<float>();
            const auto words = lines[i].split(u' ');
            const bool named = data.info.hasClasses();
            const auto first = words.size() - static_cast<qsizetype>(values.size());
            QVERIFY(first >= (named ? 1 : 0));
            for (std::size_t j = 0; j < values.size(); ++j) {
                const auto have = words[first + static_cast<qsizetype>(j)].toDouble();
                QVERIFY2(std::abs(have - double{values[j]}) < 1e-5 * (1 + std::abs(have)),
                         qPrintable(lines[i]));
            }
            if (named) {
                const auto best = std::ranges::max_element(values) - values.begin();
                QCOMPARE(words.first(first).join(u' ').toStdString(),
                         data.info.classes[static_cast<std::size_t>(best)]);
            }
        }
    }

    /// Of a network in integers, whose kernels are bytes in the source or in the file beside it:
    /// the same integers to the last layer.
    void networksInIntegersAnswerAlike_data() {
        QTest::addColumn<QString>("key");
        QTest::addColumn<bool>("isPacked");
        QTest::newRow("convolutions") << "lenet-5" << false;
        QTest::newRow("residual blocks and a mean") << "small-residual" << false;
        QTest::newRow("kernels beside the program") << "small-cnn" << false;
        QTest::newRow("dense layers in 4 bits") << "lenet-5" << true;
    }
    void networksInIntegersAnswerAlike() {
        QFETCH(QString, key);
        QFETCH(bool, isPacked);
        const auto project = openTemplate(key.toStdString());
        const auto answering = answeringNetwork(project, {});
        InferenceModel model{answering.graph, {}};
        for (const auto& spec : answering.graph.weights())
            model.weights.push_back(answering.weights.find(spec.key)->to(DType::F32));
        prepareForQuantization(model);
        if (isPacked)
            QVERIFY(packDense(model, 32).size() > 1);
        else
            quantize(model, planByStructure(model.graph));
        const TemporaryFolder folder;
        const auto program = cppProgram(model.graph, weightsOf(model),
                                        {project.name, "net.weights", answering.data});
        QVERIFY(program.source.find("const signed char") != std::string::npos);
        QCOMPARE(program.weights.empty(), key != QStringLiteral("small-cnn"));
        const auto problem = compiled(folder, program);
        QVERIFY2(problem.isEmpty(), qPrintable(problem));
        const auto data = openDataset(project.data);
        constexpr std::int64_t kSamples = 2;
        QString raw;
        for (std::int64_t i = 0; i < kSamples; ++i)
            raw += rawOf(data.info, *data.test, i) + u'\n';
        const auto lines = answersTo(folder, raw);
        QCOMPARE(lines.size(), qsizetype{kSamples});
        const auto backend = makeReferenceBackend();
        const auto reference = backend->compile(model.graph, {.batch = 1});
        for (std::uint32_t i = 0; i < model.weights.size(); ++i)
            reference->weights()->write(WeightId{i}, model.weights[i]);
        for (std::int64_t i = 0; i < kSamples; ++i) {
            const auto input = inputOf(*data.test, i);
            reference->forward(
                std::vector{BatchInput{model.graph.inputs().front().value, input.data()}});
            const auto expected = reference->read(model.graph.outputs().front().value);
            const auto words = lines[i].split(u' ');
            const auto first = words.size() - qsizetype{expected.elements()};
            for (std::int64_t j = 0; j < expected.elements(); ++j) {
                const auto want = expected.span<float>()[static_cast<std::size_t>(j)];
                QVERIFY2(std::abs(words[first + j].toDouble() - double{want}) < 1e-5,
                         qPrintable(lines[i]));
            }
        }
    }

    /// Convolutions in groups, dilated, with uneven padding, in two and three dimensions; average
    /// pooling; activations.
    void loopsKnowAllTheirSettings() {
        for (const auto& shape : {Shape{4, 9, 7}, Shape{4, 5, 6, 4}}) {
            const auto axes = shape.rank() - 1;
            const auto all = [axes](std::int64_t value) { return IntTuple(axes, value); };
            IntTuple sides;
            for (std::size_t i = 0; i < axes; ++i)
                sides.insert(sides.end(), {2, 1});
            NetworkBuilder build;
            auto x = build.layer("input", {{"shape", IntTuple(shape.dims())}}, "x");
            x = build.after(x, fmt::format("conv{}d", axes),
                            {{"filters", std::int64_t{6}},
                             {"kernel", all(2)},
                             {"stride", all(2)},
                             {"dilation", all(2)},
                             {"groups", std::int64_t{2}},
                             {"padding", std::string("explicit")},
                             {"padding_sides", sides},
                             {"activation", std::string("gelu")}});
            x = build.after(x, "batch-norm");
            x = build.after(x, fmt::format("average-pool{}d", axes),
                            {{"kernel", all(2)}, {"stride", all(1)}});
            x = build.after(x, "mish");
            x = build.after(x, "flatten");
            for (const auto* const key : {"silu", "elu", "selu", "hard-swish", "softsign", "tanh"})
                x = build.after(x, key);
            x = build.after(x, "dense", {{"units", std::int64_t{3}}});
            build.after(x, "output", {}, "y");
            const auto graph = lower(build.network);
            const auto weights = startWeightsOf(graph.weights(), 3, {});
            const TemporaryFolder folder;
            const auto problem = compiled(folder, cppProgram(graph, weights, {"settings", "", {}}));
            QVERIFY2(problem.isEmpty(), qPrintable(problem));
            Tensor input(DType::F32, shape.withBatch(1));
            QStringList raw;
            for (std::size_t i = 0; i < input.span<float>().size(); ++i) {
                input.span<float>()[i] = std::sin(static_cast<float>(i) * 0.7F);
                raw << QString::number(input.span<float>()[i], 'g', 9);
            }
            const auto lines = answersTo(folder, raw.join(u' '));
            QCOMPARE(lines.size(), qsizetype{1});
            const auto expected = NetworkRunner(graph, weights).run({{"x", input}}).at("y");
            for (std::size_t i = 0; i < 3; ++i)
                QVERIFY(std::abs(lines[0].split(u' ')[static_cast<qsizetype>(i)].toDouble() -
                                 double{expected.span<float>()[i]}) < 1e-5);
        }
    }

    /// More weights than a source should hold lie beside it; without them it says so.
    void manyWeightsLieBesideTheProgram() {
        const auto project = openTemplate("fashion-mlp");
        const auto answering = answeringNetwork(project, {});
        const auto program =
            cppProgram(answering.graph, answering.weights, {project.name, "net.weights", {}});
        QCOMPARE(program.weights.size(), std::size_t{4 * 235'146});
        QVERIFY(program.source.size() < 20'000);
        const TemporaryFolder folder;
        const auto problem = compiled(folder, program);
        QVERIFY2(problem.isEmpty(), qPrintable(problem));
        QString raw;
        for (int i = 0; i < 784; ++i)
            raw += QStringLiteral("0.5 ");
        const auto lines = answersTo(folder, raw);
        QCOMPARE(lines.size(), qsizetype{1});
        Tensor input(DType::F32,
                     answering.graph.type(answering.graph.inputs()[0].value).sample().withBatch(1));
        std::ranges::fill(input.span<float>(), 0.5F);
        const auto expected = NetworkRunner(answering.graph, answering.weights)
                                  .run({{answering.graph.inputs()[0].name, input}})
                                  .begin()
                                  ->second;
        QVERIFY(std::abs(lines[0].split(u' ')[3].toDouble() - double{expected.span<float>()[3]}) <
                1e-5);
        std::filesystem::remove(folder / "net.weights");
        QVERIFY(answersTo(folder, raw).isEmpty());
    }

    void whatHasNoLoopIsRefused() {
        const auto project = openTemplate("character-lstm");
        const auto answering = answeringNetwork(project, {});
        const auto why = errorOf([&] {
            cppProgram(answering.graph, answering.weights, {"text", "", {}});
        });
        QVERIFY2(contains(why, "no loop for") && contains(why, "export it as ONNX"), why.c_str());
    }

    /// Texts of a user's become neither code nor the end of a comment.
    void namesAreText() {
        auto info = DataInfo{{2}, {"a\"); abort(); //", "b\\\n?\?/"}, {.size = 0}};
        NetworkBuilder build;
        auto x = build.layer("input", {{"shape", IntTuple{2}}}, "x");
        x = build.after(x, "dense", {{"units", std::int64_t{2}}});
        build.after(x, "output", {}, "y");
        const auto graph = lower(build.network);
        const auto weights = startWeightsOf(graph.weights(), 1, {});
        const TemporaryFolder folder;
        const auto problem =
            compiled(folder, cppProgram(graph, weights, {"end */ \\\nint x", "", info}));
        QVERIFY2(problem.isEmpty(), qPrintable(problem));
        QVERIFY(!answersTo(folder, QStringLiteral("1 2 3")).isEmpty());
    }
};

QTEST_GUILESS_MAIN(TestCppProgram)
#include "tst_cpp_program.moc"
