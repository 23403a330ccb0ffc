// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/engine/exchange/imported_model.h"

#include <QTest>

#include <cmath>

using namespace gradwright;
using namespace gradwright::test;

namespace {

constexpr std::int64_t kSteps = 5;
constexpr std::int64_t kHeads = 2;
constexpr std::int64_t kFeatures = 3; ///< of a head
constexpr std::int64_t kAll = kHeads * kFeatures;

using Axes = std::vector<std::int64_t>;
using Layers = std::map<std::string, int>;

std::string turned(ModelBuilder& b, const std::string& x, const Axes& perm) {
    auto y = b.node("Transpose", {x});
    b.set("perm", perm);
    return y;
}

std::string reshaped(ModelBuilder& b, const std::string& x, const Axes& shape) {
    return b.node("Reshape", {x, b.integers(shape)});
}

std::string projected(ModelBuilder& b, const std::string& x, std::int64_t units, bool bias = true) {
    const auto y = b.node("MatMul", {x, b.random({kAll, units})});
    return bias ? b.node("Add", {y, b.random({units})}) : y;
}

/// softmax(Q Kᵀ) V of [N, heads, steps, features], the heads beside each other, and a projection.
std::string attended(ModelBuilder& b, const std::string& queries, const std::string& keysTurned,
                     const std::string& values, double scale) {
    auto scores = b.node("MatMul", {queries, keysTurned});
    if (scale != 1)
        scores = b.node("Mul", {scores, b.number(static_cast<float>(scale))});
    const auto shares = b.node("Softmax", {scores});
    b.set("axis", std::int64_t{-1});
    const auto heads = turned(b, b.node("MatMul", {shares, values}), {0, 2, 1, 3});
    return projected(b, reshaped(b, heads, {0, kSteps, kAll}), kAll);
}

const double kUsual = 1 / std::sqrt(static_cast<double>(kFeatures));

/// One product for all three; each is scaled by the root of the usual scale, as PyTorch does.
std::string jointProjection(ModelBuilder& b, const Axes& cut, const Axes& perm,
                            double scale = kUsual) {
    const auto x = b.input("x", {kSteps, kAll});
    const auto all =
        turned(b, reshaped(b, projected(b, x, 3 * kAll), cut), perm); // 3 first, heads third
    const auto pieces = b.node("Split", {all, b.integers({1, 1, 1})}, "pieces", 3);
    b.set("axis", std::int64_t{0});
    const auto piece = [&](const std::string& name) {
        return b.node("Squeeze", {name, b.integers({0})});
    };
    const auto root = b.number(static_cast<float>(std::sqrt(scale)));
    const auto queries = b.node("Mul", {piece(pieces), root});
    const auto keys = b.node("Mul", {turned(b, piece(pieces + ".2"), {0, 1, 3, 2}), root});
    return attended(b, queries, keys, piece(pieces + ".3"), 1);
}

/// A product for each of the three.
std::string ownProjections(ModelBuilder& b, double scale = kUsual, bool bias = true) {
    const auto x = b.input("x", {kSteps, kAll});
    const auto cut = [&](const Axes& perm) {
        return turned(b, reshaped(b, projected(b, x, kAll, bias), {0, kSteps, kHeads, kFeatures}),
                      perm);
    };
    const auto queries = cut({0, 2, 1, 3});
    const auto keys = cut({0, 2, 3, 1});
    return attended(b, queries, keys, cut({0, 2, 1, 3}), scale);
}

/// Heads that count as samples, steps first, as torch.nn.MultiheadAttention has it. `batch` is the
/// number of samples where the file has it as a number, else 0.
std::string headsAsSamples(ModelBuilder& b, std::int64_t batch) {
    const auto x = turned(b, b.input("x", {kSteps, kAll}), {1, 0, 2});
    const auto count = b.node("Gather", {b.node("Shape", {x}), b.integers({1})});
    const auto shaped = [&](const std::string& y, const Axes& before, std::int64_t samples,
                            const Axes& after) {
        if (batch > 0) {
            auto all = before;
            all.push_back(samples * batch);
            all.insert(all.end(), after.begin(), after.end());
            return reshaped(b, y, all);
        }
        std::vector<std::string> parts;
        if (!before.empty())
            parts.push_back(b.integers(before));
        parts.push_back(samples == 1 ? count : b.node("Mul", {count, b.integers({samples})}));
        if (!after.empty())
            parts.push_back(b.integers(after));
        const auto shape = b.node("Concat", parts);
        b.set("axis", std::int64_t{0});
        return b.node("Reshape", {y, shape});
    };
    const auto joint = shaped(projected(b, x, 3 * kAll), {kSteps}, 1, {3, kAll});
    const auto apart = turned(b, b.node("Unsqueeze", {joint, b.integers({0})}), {3, 1, 2, 0, 4});
    const auto three = b.node("Squeeze", {apart, b.integers({3})});
    const auto heads = [&](std::int64_t which, const Axes& perm) {
        const auto own = b.node("Gather", {three, b.scalar(which)});
        b.set("axis", std::int64_t{0});
        const auto rows = turned(b, shaped(own, {kSteps}, kHeads, {kFeatures}), {1, 0, 2});
        return turned(b, shaped(rows, {}, 1, {kHeads, kSteps, kFeatures}), perm);
    };
    const auto queries =
        b.node("Mul", {heads(0, {0, 1, 2, 3}), b.number(static_cast<float>(kUsual))});
    const auto shares = b.node("Softmax", {b.node("MatMul", {queries, heads(1, {0, 1, 3, 2})})});
    b.set("axis", std::int64_t{-1});
    const auto y = turned(b, b.node("MatMul", {shares, heads(2, {0, 1, 2, 3})}), {2, 0, 1, 3});
    const auto rows =
        b.node("Gemm", {shaped(y, {}, kSteps, {kAll}), b.random({kAll, kAll}), b.random({kAll})});
    b.set("transB", std::int64_t{1});
    return turned(b, shaped(rows, {kSteps}, 1, {kAll}), {1, 0, 2});
}

/// The size of the batch as a number.
void fixBatch(ModelBuilder& b, std::int64_t batch) {
    b.proto()
        .mutable_graph()
        ->mutable_input(0)
        ->mutable_type()
        ->mutable_tensor_type()
        ->mutable_shape()
        ->mutable_dim(0)
        ->set_dim_value(batch);
}

} // namespace

/// Attention as other programs write it, compared with the text of the standard.
class FoundAttentionTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void formsOfPrograms_data() {
        QTest::addColumn<int>("form");
        QTest::newRow("one projection, as timm writes it") << 0;
        QTest::newRow("one projection, the three within each head") << 1;
        QTest::newRow("three projections, as Hugging Face writes it") << 2;
        QTest::newRow("three projections without biases") << 3;
        QTest::newRow("heads as samples, as PyTorch writes it") << 4;
        QTest::newRow("the same of one sample") << 5;
        QTest::newRow("the same of three samples") << 6;
    }
    void formsOfPrograms() {
        QFETCH(int, form);
        ModelBuilder b(17);
        const std::int64_t batch = form == 5 ? 1 : form == 6 ? 3 : 0;
        b.output(
            form >= 4   ? headsAsSamples(b, batch)
            : form == 0 ? jointProjection(b, {0, kSteps, 3, kHeads, kFeatures}, {2, 0, 3, 1, 4})
            : form == 1 ? jointProjection(b, {0, kSteps, kHeads, 3, kFeatures}, {3, 0, 2, 1, 4})
                        : ownProjections(b, kUsual, form == 2));
        if (batch > 0)
            fixBatch(b, batch);
        const auto fault =
            importFault(b, Layers{{"multi-head-self-attention", 1}}, batch > 0 ? batch : 3, true);
        QVERIFY2(fault.isEmpty(), qPrintable(fault));
    }

    /// Two in a row, where the second reads what the first gives.
    void onesInARowAreFound() {
        ModelBuilder b(17);
        auto x = b.input("x", {kSteps, kAll});
        for (int i = 0; i < 2; ++i) {
            const auto cut = [&](const Axes& perm) {
                return turned(b, reshaped(b, projected(b, x, kAll), {0, kSteps, kHeads, kFeatures}),
                              perm);
            };
            const auto queries = cut({0, 2, 1, 3});
            const auto keys = cut({0, 2, 3, 1});
            x = attended(b, queries, keys, cut({0, 2, 1, 3}), kUsual);
        }
        b.output(x);
        const auto fault = importFault(b, Layers{{"multi-head-self-attention", 2}}, 3, true);
        QVERIFY2(fault.isEmpty(), qPrintable(fault));
    }

    void othersStayAsTheyAre_data() {
        QTest::addColumn<int>("form");
        QTest::newRow("another scale") << 0;
        QTest::newRow("the scores are an output, too") << 1;
        QTest::newRow("heads and steps are confused") << 2;
    }
    void othersStayAsTheyAre() {
        QFETCH(int, form);
        ModelBuilder b(17);
        if (form == 0) {
            b.output(ownProjections(b, 1));
        } else if (form == 1) {
            b.output(ownProjections(b));
            for (const auto& node : b.proto().graph().node())
                if (node.op_type() == "Softmax") {
                    const auto name = node.output(0);
                    b.output(b.node("Neg", {name}));
                    break;
                }
        } else {
            const auto x = b.input("x", {kSteps, kAll});
            const auto cut = [&](const Axes& shape, const Axes& perm) {
                return turned(b, reshaped(b, projected(b, x, kAll), shape), perm);
            };
            // The rows of a head are not those of a step.
            const auto queries = cut({0, kHeads, kSteps, kFeatures}, {0, 1, 2, 3});
            const auto keys = cut({0, kHeads, kSteps, kFeatures}, {0, 1, 3, 2});
            const auto values = cut({0, kHeads, kSteps, kFeatures}, {0, 1, 2, 3});
            b.output(attended(b, queries, keys, values, kUsual));
        }
        const auto made = importOnnxWhole(b.read(), {.nodes = true});
        const auto layers = layersOf(made.network);
        QCOMPARE(layers.count("multi-head-self-attention"), std::size_t{0});
        QCOMPARE(layers.at("onnx-node"), 3);
        QCOMPARE(made.kept.size(), std::size_t{3});
        const auto fault = importFault(b, layers, 3, true);
        QVERIFY2(fault.isEmpty(), qPrintable(fault));
    }
};

QTEST_APPLESS_MAIN(FoundAttentionTest)
#include "tst_found_attention.moc"
