// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/engine/exchange/imported_model.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <limits>

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

/// How a program keeps steps from seeing others.
enum class MaskForm {
    None,
    Sum,            ///< -inf is added, as nn.TransformerEncoderLayer has it
    SumBeforeScale, ///< a large number, before the scores are scaled
    Filled,         ///< masked_fill(tril == 0, -inf), as nanoGPT has it
    Kept,           ///< where(tril, scores, -1e9)
    Band,           ///< steps see no more than the next one
    Past,           ///< steps do not see themselves either, but for the first
    Small           ///< later steps count less, and are not hidden
};

bool sees(MaskForm mask, std::int64_t step, std::int64_t other) {
    if (mask == MaskForm::Band)
        return other <= step + 1;
    if (mask == MaskForm::Past)
        return other < step || other == 0;
    return other <= step;
}

std::string truths(ModelBuilder& b, bool ofSeen) {
    auto& proto = *b.proto().mutable_graph()->add_initializer();
    proto.set_name("seen");
    for (const auto length : {std::int64_t{1}, std::int64_t{1}, kSteps, kSteps})
        proto.add_dims(length);
    proto.set_data_type(9);
    std::string bytes;
    for (std::int64_t step = 0; step < kSteps; ++step)
        for (std::int64_t other = 0; other < kSteps; ++other)
            bytes += static_cast<char>((other <= step) == ofSeen);
    proto.set_raw_data(bytes);
    return proto.name();
}

std::string masked(ModelBuilder& b, const std::string& scores, MaskForm mask) {
    constexpr auto kNever = -std::numeric_limits<float>::infinity();
    if (mask == MaskForm::None)
        return scores;
    if (mask == MaskForm::Filled)
        return b.node("Where", {truths(b, false), b.number(kNever), scores}, "mask");
    if (mask == MaskForm::Kept)
        return b.node("Where", {truths(b, true), scores, b.number(-1e9F)}, "mask");
    const auto hidden = mask == MaskForm::Small            ? -2.0F
                        : mask == MaskForm::SumBeforeScale ? -1e9F
                                                           : kNever;
    std::vector<float> values;
    for (std::int64_t step = 0; step < kSteps; ++step)
        for (std::int64_t other = 0; other < kSteps; ++other)
            values.push_back(sees(mask, step, other) ? 0 : hidden);
    return b.node("Add", {scores, b.floats({1, 1, kSteps, kSteps}, values)}, "mask");
}

/// softmax(Q Kᵀ) V of [N, heads, steps, features], the heads beside each other, and a projection.
std::string attended(ModelBuilder& b, const std::string& queries, const std::string& keysTurned,
                     const std::string& values, double scale, MaskForm mask = MaskForm::None) {
    auto scores = b.node("MatMul", {queries, keysTurned});
    if (mask == MaskForm::SumBeforeScale)
        scores = masked(b, scores, mask);
    if (scale != 1)
        scores = b.node("Mul", {scores, b.number(static_cast<float>(scale))});
    if (mask != MaskForm::SumBeforeScale)
        scores = masked(b, scores, mask);
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
std::string ownProjections(ModelBuilder& b, double scale = kUsual, bool bias = true,
                           MaskForm mask = MaskForm::None) {
    const auto x = b.input("x", {kSteps, kAll});
    const auto cut = [&](const Axes& perm) {
        return turned(b, reshaped(b, projected(b, x, kAll, bias), {0, kSteps, kHeads, kFeatures}),
                      perm);
    };
    const auto queries = cut({0, 2, 1, 3});
    const auto keys = cut({0, 2, 3, 1});
    return attended(b, queries, keys, cut({0, 2, 1, 3}), scale, mask);
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
            b.fixBatch(batch);
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

    void masksOfLaterStepsMakeItCausal_data() {
        QTest::addColumn<int>("form");
        QTest::newRow("added") << static_cast<int>(MaskForm::Sum);
        QTest::newRow("added before the scale") << static_cast<int>(MaskForm::SumBeforeScale);
        QTest::newRow("put in the place of scores") << static_cast<int>(MaskForm::Filled);
        QTest::newRow("scores are kept elsewhere") << static_cast<int>(MaskForm::Kept);
    }
    void masksOfLaterStepsMakeItCausal() {
        QFETCH(int, form);
        ModelBuilder b(17);
        b.output(ownProjections(b, kUsual, true, static_cast<MaskForm>(form)));
        const auto made = importOnnxWhole(b.read(), {.nodes = true});
        const auto& nodes = made.network.main.nodes();
        const auto found = std::ranges::find_if(nodes, [](const auto& each) {
            return each.second.layerUse()->layer == "multi-head-self-attention";
        });
        QVERIFY(found != nodes.end());
        QCOMPARE(std::get<bool>(found->second.params.at("causal")), true);
        QVERIFY(made.kept.empty());
        const auto fault = importFault(b, Layers{{"multi-head-self-attention", 1}}, 3, true);
        QVERIFY2(fault.isEmpty(), qPrintable(fault));
    }

    /// They are kept, and those that hide steps do not learn.
    void otherMasksStayNodes_data() {
        QTest::addColumn<int>("form");
        QTest::addColumn<bool>("learns");
        QTest::newRow("a band") << static_cast<int>(MaskForm::Band) << false;
        QTest::newRow("earlier steps alone") << static_cast<int>(MaskForm::Past) << false;
        QTest::newRow("a bias of positions") << static_cast<int>(MaskForm::Small) << true;
    }
    void otherMasksStayNodes() {
        QFETCH(int, form);
        QFETCH(bool, learns);
        ModelBuilder b(17);
        b.output(ownProjections(b, kUsual, true, static_cast<MaskForm>(form)));
        const auto made = importOnnxWhole(b.read(), {.nodes = true});
        const auto layers = layersOf(made.network);
        QCOMPARE(layers.count("multi-head-self-attention"), std::size_t{0});
        QCOMPARE(layers.at("onnx-node"), 4);
        const auto* mask = made.network.main.findByName("mask");
        QVERIFY(mask);
        const auto frozen = mask->params.find("frozen");
        QCOMPARE(frozen == mask->params.end() || !std::get<bool>(frozen->second), learns);
        const auto fault = importFault(b, layers, 3, true);
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
