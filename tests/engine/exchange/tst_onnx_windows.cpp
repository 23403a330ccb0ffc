// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/onnx_writer.h"
#include "engine/graph/lower.h"
#include "tests/engine/exchange/imported_model.h"
#include "tests/support/numeric.h"

#include <QTest>

#include <algorithm>
#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace {

using Lengths = std::vector<std::int64_t>;

// An image of rows × columns × features, cut into windows of kSide × kSide.
constexpr std::int64_t kRows = 4;
constexpr std::int64_t kColumns = 6;
constexpr std::int64_t kSide = 2;
constexpr std::int64_t kHeads = 2;
constexpr std::int64_t kDepth = 3; ///< features of a head
constexpr std::int64_t kFeatures = kHeads * kDepth;
constexpr std::int64_t kWindows = kRows / kSide * kColumns / kSide;
constexpr std::int64_t kTokens = kSide * kSide;

/// How programs name the number of windows of all samples in a shape.
enum class BatchForm {
    Product, ///< torchvision: the number of samples times the windows of one
    Open,    ///< Hugging Face: whatever is left
    Fixed    ///< a file for three samples
};

class WindowModel {
public:
    explicit WindowModel(BatchForm form)
        : form_(form) {}

    /// Window attention of Swin transformers (Liu et al. 2021), as torchvision writes it.
    ModelBuilder build(std::int64_t shift) {
        auto x = b_.input("x", {kRows, kColumns, kFeatures});
        samples_ = form_ == BatchForm::Product
                       ? b_.node("Gather", {b_.node("Shape", {x}), b_.integers({0})})
                       : std::string();
        const auto whole = x;
        x = rolled(x, shift);
        x = reshaped(x, 1, {kRows / kSide, kSide, kColumns / kSide, kSide, kFeatures});
        x = turned(x, {0, 1, 3, 2, 4, 5});
        x = reshaped(x, kWindows, {kTokens, kFeatures});
        x = reshaped(projected(x, 3 * kFeatures), kWindows, {kTokens, 3, kHeads, kDepth});
        x = turned(x, {2, 0, 3, 1, 4});
        const auto part = [&](std::int64_t which) {
            const auto y = b_.node("Gather", {x, b_.scalar(which)});
            b_.set("axis", std::int64_t{0});
            return y;
        };
        const auto scale =
            b_.number(static_cast<float>(1 / std::sqrt(static_cast<double>(kDepth))));
        const auto queries = b_.node("Mul", {part(0), scale});
        auto scores = b_.node("MatMul", {queries, turned(part(1), {0, 1, 3, 2})});
        scores = b_.node("Add", {scores, b_.random({1, kHeads, kTokens, kTokens})}, "bias");
        if (shift != 0) {
            scores = reshaped(scores, 1, {kWindows, kHeads, kTokens, kTokens});
            scores = b_.node("Add", {scores, mask()}, "mask");
            scores = reshaped(scores, kWindows, {kHeads, kTokens, kTokens});
        }
        const auto shares = b_.node("Softmax", {scores});
        b_.set("axis", std::int64_t{-1});
        x = turned(b_.node("MatMul", {shares, part(2)}), {0, 2, 1, 3});
        x = projected(reshaped(x, kWindows, {kTokens, kFeatures}), kFeatures);
        x = reshaped(x, 1, {kRows / kSide, kColumns / kSide, kSide, kSide, kFeatures});
        x = turned(x, {0, 1, 3, 2, 4, 5});
        x = reshaped(x, 1, {kRows, kColumns, kFeatures});
        b_.output(b_.node("Add", {whole, rolled(x, -shift)}));
        if (form_ == BatchForm::Fixed)
            b_.fixBatch(kFixed);
        return std::move(b_);
    }

    static constexpr std::int64_t kFixed = 3;

private:
    std::string turned(const std::string& x, const Lengths& perm) {
        auto y = b_.node("Transpose", {x});
        b_.set("perm", perm);
        return y;
    }

    /// [batch · rows, behind…].
    std::string reshaped(const std::string& x, std::int64_t rows, const Lengths& behind) {
        if (form_ != BatchForm::Product) {
            Lengths all{form_ == BatchForm::Open ? -1 : rows * kFixed};
            all.insert(all.end(), behind.begin(), behind.end());
            return b_.node("Reshape", {x, b_.integers(all)});
        }
        const auto first = rows == 1 ? samples_ : b_.node("Mul", {samples_, b_.integers({rows})});
        const auto shape = b_.node("Concat", {first, b_.integers(behind)});
        b_.set("axis", std::int64_t{0});
        return b_.node("Reshape", {x, shape});
    }

    std::string projected(const std::string& x, std::int64_t units) {
        return b_.node("Add",
                       {b_.node("MatMul", {x, b_.random({kFeatures, units})}), b_.random({units})});
    }

    /// The first rows and columns go to the end; with numbers below 0, the last ones to the front.
    std::string rolled(std::string x, std::int64_t by) {
        for (const std::int64_t axis : {1, 2}) {
            if (by == 0)
                break;
            const auto piece = [&](std::int64_t from, std::int64_t to) {
                return b_.node("Slice", {x, b_.integers({from}), b_.integers({to}),
                                         b_.integers({axis}), b_.integers({1})});
            };
            const auto last = piece(by, std::int64_t{1} << 20);
            const auto first = piece(0, by);
            x = b_.node("Concat", {last, first});
            b_.set("axis", axis);
        }
        return x;
    }

    /// -100 where two tokens of a window were apart before the roll.
    std::string mask() {
        std::vector<float> values;
        for (std::int64_t window = 0; window < kWindows; ++window)
            for (std::int64_t i = 0; i < kTokens; ++i)
                for (std::int64_t j = 0; j < kTokens; ++j)
                    values.push_back(window % 3 == 2 && i % kSide != j % kSide ? -100.0F : 0.0F);
        return b_.floats({1, kWindows, 1, kTokens, kTokens}, values);
    }

    ModelBuilder b_{17};
    BatchForm form_;
    std::string samples_;
};

OnnxImport opened(const ModelBuilder& builder) {
    return importOnnxWhole(builder.read(), {.nodes = true});
}

/// The network with the squared distance of its output from a target as its loss.
struct Trained {
    OpGraph graph;
    ValueId target{};
    std::unique_ptr<Program> program{};
    Tensor x{}, y{};

    explicit Trained(const OnnxImport& import)
        : graph(lower(import.network)) {
        const auto output = graph.output(import.outputs.at(0).first);
        target = graph.addInput("target", graph.type(output));
        graph.addLoss(graph.add(MeanSquaredErrorOp{}, {output, target}, "loss"), 1.0);
        program = makeReferenceBackend()->compile(
            graph, {.batch = kBatch, .precision = Precision::F64, .mode = Mode::Training});
        writeWeights(*program->weights(), import.weights);
        x = randomTensor(DType::F32, {kBatch, kRows, kColumns, kFeatures}, 3);
        y = randomTensor(DType::F32, {kBatch, kRows, kColumns, kFeatures}, 4);
        input = graph.input(import.inputs.at(0).first);
    }

    double loss() {
        const std::vector<BatchInput> bound{{input, x.bytes().data()}, {target, y.bytes().data()}};
        program->forward(bound, StepSeed{1, 1});
        return program->lossSum() / static_cast<double>(kBatch);
    }

    static constexpr std::int64_t kBatch = 2;
    ValueId input{};
};

} // namespace

/// Attention within windows of pictures, whose windows other programs count as samples.
class OnnxWindowsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void attentionInWindowsIsLayers_data() {
        QTest::addColumn<int>("form");
        QTest::addColumn<int>("shift");
        const std::pair<const char*, BatchForm> forms[] = {{"as a product", BatchForm::Product},
                                                           {"left open", BatchForm::Open},
                                                           {"as a number", BatchForm::Fixed}};
        for (const auto& [name, form] : forms)
            for (const int shift : {0, 1})
                QTest::addRow("batch %s, shifted by %d", name, shift)
                    << static_cast<int>(form) << shift;
    }
    void attentionInWindowsIsLayers() {
        QFETCH(int, form);
        QFETCH(int, shift);
        const auto model = WindowModel(static_cast<BatchForm>(form)).build(shift);
        const auto made = opened(model);
        QVERIFY2(!made.isWholeRun, problemLines(made.mixing).c_str());
        auto layers = layersOf(made.network);
        QCOMPARE(layers.at("dense"), 2);
        // Two products, the bias, the mask and the softmax.
        QCOMPARE(layers.at("onnx-node"), shift == 0 ? 4 : 5);
        const auto fault = importFault(model, layers, WindowModel::kFixed, true);
        QVERIFY2(fault.isEmpty(), qPrintable(fault));
    }

    /// Gradients of all that learns, the bias of positions among it, are central differences.
    void itLearns() {
        const auto made = opened(WindowModel(BatchForm::Product).build(1));
        Trained trained(made);
        trained.loss();
        QVERIFY(trained.program->backward());
        auto& store = *trained.program->weights();
        std::size_t learning = 0;
        for (std::uint32_t i = 0; i < trained.graph.weights().size(); ++i) {
            const WeightId weight{i};
            const auto& spec = trained.graph.weight(weight);
            const bool isMask = spec.key.starts_with("mask/");
            QCOMPARE(spec.learns(), !isMask);
            if (isMask)
                continue;
            ++learning;
            const auto analytic = store.readGradient(weight);
            const auto original = store.read(weight);
            constexpr double step = 1e-5;
            double difference = 0;
            double norm = 0;
            for (std::size_t at = 0; at < original.span<double>().size(); at += 3) {
                auto moved = original;
                moved.span<double>()[at] += step;
                store.write(weight, moved);
                const auto above = trained.loss();
                moved.span<double>()[at] -= 2 * step;
                store.write(weight, moved);
                const auto numeric = (above - trained.loss()) / (2 * step);
                difference += std::pow(analytic.span<double>()[at] - numeric, 2);
                norm += numeric * numeric;
            }
            store.write(weight, original);
            QVERIFY2(norm > 0 && std::sqrt(difference / norm) < 1e-6, spec.key.c_str());
        }
        QCOMPARE(learning, std::size_t{5}); // two matrices, their biases, the bias of positions
    }

    /// Written and opened once more it gives the same.
    void itIsWrittenBack() {
        const auto model = WindowModel(BatchForm::Product).build(1);
        const auto made = opened(model);
        const auto again =
            importOnnxWhole(readOnnx(onnxFile(lower(made.network), made.weights)), {.nodes = true});
        QVERIFY(!again.isWholeRun);
        const auto x = randomTensor(DType::F32, {2, kRows, kColumns, kFeatures}, 5);
        const auto a = answersOf(made, {{made.inputs[0].second, x}}, 2);
        const auto b = answersOf(again, {{again.inputs[0].second, x}}, 2);
        QVERIFY(relativeDifference(b.begin()->second, a.begin()->second) < 1e-6);
    }

    /// A file for one sample has a constant for each window where others have one for all.
    void constantsOfEachWindowAreKept() {
        ModelBuilder b(17);
        const auto x = b.input("x", {4, 3});
        const auto windows = b.node("Reshape", {x, b.integers({2, 2, 3})});
        const auto y = b.node("Add", {windows, b.random({2, 1, 3})});
        b.output(b.node("Reshape", {y, b.integers({1, 4, 3})}));
        b.fixBatch(1);
        const auto made = opened(b);
        QVERIFY(!made.isWholeRun);
        const auto fault = importFault(b, layersOf(made.network), 1, true);
        QVERIFY2(fault.isEmpty(), qPrintable(fault));
    }

    /// What works along the windows of all samples at once mixes samples, and says why.
    void theJoinedAxisStaysWhole() {
        ModelBuilder b(17);
        const auto x = b.input("x", {4, 3});
        const auto rows = b.node("Reshape", {x, b.integers({-1, 2, 3})});
        const auto y = b.node("Softmax", {rows}, "along");
        b.set("axis", std::int64_t{0});
        const auto shape = b.integers({-1, 4, 3});
        b.output(b.node("Reshape", {y, shape}));
        const auto made = importOnnx(b.read(), {.nodes = true});
        QVERIFY(made.isWholeRun || !made.problems.empty());
        QVERIFY(std::ranges::any_of(made.mixing, [](const OnnxProblem& problem) {
            return problem.node == "along" &&
                   problem.reason.find("the axis that the batch is joined with") !=
                       std::string::npos;
        }));
    }
};

QTEST_APPLESS_MAIN(OnnxWindowsTest)
#include "tst_onnx_windows.moc"
