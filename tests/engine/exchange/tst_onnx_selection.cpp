// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/network_runner.h"
#include "engine/graph/lower.h"
#include "engine/support/error.h"
#include "tests/engine/exchange/imported_model.h"
#include "tests/support/message_of.h"
#include "tests/support/numeric.h"

#include <QTest>

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>
#include <set>

using namespace gradwright;
using namespace gradwright::test;

namespace {

OnnxImport opened(const ModelBuilder& builder) {
    return importOnnxWhole(builder.read(), {.nodes = true});
}

using Row = std::array<std::int64_t, 3>;

/// The rows of NonMaxSuppression by the text of the standard, box by box. Boxes are corners.
std::vector<Row> selected(const Tensor& boxes, const Tensor& scores, std::size_t most,
                          double threshold, double least) {
    const auto batch = boxes.shape()[0];
    const auto count = boxes.shape()[1];
    const auto classes = scores.shape()[1];
    const auto overlap = [](std::span<const float> a, std::span<const float> b) {
        double both = 1;
        double ofA = 1;
        double ofB = 1;
        for (std::size_t axis = 0; axis < 2; ++axis) {
            const double lowA = std::min(a[axis], a[axis + 2]);
            const double highA = std::max(a[axis], a[axis + 2]);
            const double lowB = std::min(b[axis], b[axis + 2]);
            const double highB = std::max(b[axis], b[axis + 2]);
            both *= std::max(0.0, std::min(highA, highB) - std::max(lowA, lowB));
            ofA *= highA - lowA;
            ofB *= highB - lowB;
        }
        return both / (ofA + ofB - both);
    };
    std::vector<Row> rows;
    for (std::int64_t sample = 0; sample < batch; ++sample)
        for (std::int64_t kind = 0; kind < classes; ++kind) {
            const auto own = scores.span<float>().subspan(
                static_cast<std::size_t>((sample * classes + kind) * count),
                static_cast<std::size_t>(count));
            const auto box = [&](std::int64_t i) {
                return boxes.span<float>().subspan(
                    static_cast<std::size_t>((sample * count + i) * 4), 4);
            };
            std::vector<std::int64_t> order(own.size());
            std::iota(order.begin(), order.end(), 0);
            std::ranges::stable_sort(order, std::greater<>(), [&](std::int64_t i) {
                return own[static_cast<std::size_t>(i)];
            });
            std::vector<std::int64_t> chosen;
            for (const auto i : order)
                if (chosen.size() < most &&
                    static_cast<double>(own[static_cast<std::size_t>(i)]) > least &&
                    std::ranges::none_of(chosen, [&](std::int64_t other) {
                        return overlap(box(other), box(i)) > threshold;
                    }))
                    chosen.push_back(i);
            for (const auto i : chosen)
                rows.push_back({sample, kind, i});
        }
    return rows;
}

/// NonMaxSuppression of boxes that a run is given.
struct Selection {
    static constexpr std::int64_t kBatch = 2;
    static constexpr std::int64_t kBoxes = 40;
    static constexpr std::int64_t kClasses = 3;
    ModelBuilder builder{11};
    std::string rows{};

    Selection(std::int64_t most, double threshold, double least) {
        builder.input("boxes", {kBoxes, 4});
        builder.input("scores", {kClasses, kBoxes});
        for (auto& input : *builder.proto().mutable_graph()->mutable_input())
            input.mutable_type()
                ->mutable_tensor_type()
                ->mutable_shape()
                ->mutable_dim(0)
                ->set_dim_value(kBatch);
        rows = builder.node("NonMaxSuppression",
                            {"boxes", "scores", builder.integers({most}),
                             builder.floats({1}, {static_cast<float>(threshold)}),
                             builder.floats({1}, {static_cast<float>(least)})},
                            "best");
    }

    /// The rows that an opened model gives for such boxes and scores.
    static Tensor run(const OnnxImport& made, const Tensor& boxes, const Tensor& scores) {
        NetworkRunner runner(lower(made.network), made.weights);
        NamedTensors given;
        for (const auto& [node, name] : made.inputs) {
            const auto& values = name == "boxes" ? boxes : scores;
            given.emplace(node, values.reshaped(values.shape().withBatch(1)));
        }
        const auto all = runner.run(given).at(made.outputs.at(0).first);
        return all.reshaped({all.shape()[1], all.shape()[2]});
    }
};

} // namespace

/// NonMaxSuppression, whose number of rows values decide.
class OnnxSelectionTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Boxes of the highest scores without those that overlap; rows that are not used are -1.
    void boxesAreChosen_data() {
        QTest::addColumn<int>("most");
        QTest::addColumn<double>("threshold");
        QTest::addColumn<double>("least");
        QTest::newRow("few") << 3 << 0.5 << -10.0;
        QTest::newRow("all") << 100 << 0.3 << -10.0;
        QTest::newRow("of a high score") << 10 << 0.2 << 0.7;
        QTest::newRow("none") << 5 << 0.5 << 10.0;
    }
    void boxesAreChosen() {
        QFETCH(int, most);
        QFETCH(double, threshold);
        QFETCH(double, least);
        Selection selection(most, threshold, least);
        const auto copy = selection.builder.node("Identity", {selection.rows});
        selection.builder.output(copy);
        const auto made = opened(selection.builder);
        QVERIFY(made.isWholeRun);
        QVERIFY(made.countedOutputs == std::set{copy});
        const auto boxes = randomTensor(DType::F32, {2, 40, 4}, 5);
        const auto scores = randomTensor(DType::F32, {2, 3, 40}, 6);
        const auto all = Selection::run(made, boxes, scores);
        const auto used = usedRows(all).to(DType::I64);
        std::vector<Row> rows;
        for (std::int64_t i = 0; i < used.shape()[0]; ++i) {
            const auto row = used.span<std::int64_t>().subspan(static_cast<std::size_t>(3 * i), 3);
            rows.push_back({row[0], row[1], row[2]});
        }
        QVERIFY(rows == selected(boxes, scores, static_cast<std::size_t>(most), threshold, least));
        QCOMPARE(all.shape()[0], std::int64_t{2 * 3} * std::min(most, 40));
        const auto rest = all.span<float>().subspan(rows.size() * 3);
        QVERIFY(std::ranges::all_of(rest, [](float value) { return value == -1; }));
    }

    /// Nothing computes with rows whose number values decide, whatever is between.
    void whatReadsChosenBoxesDoesNotRun() {
        for (const bool isCast : {false, true}) {
            Selection selection(4, 0.5, 0);
            auto& b = selection.builder;
            auto rows = selection.rows;
            if (isCast) {
                rows = b.node("Cast", {rows});
                b.set("to", std::int64_t{6});
            }
            b.output(b.node("Gather", {rows, b.scalar(2)}, "boxes_alone"));
            b.set("axis", std::int64_t{1});
            const auto made = importOnnx(b.read(), {.nodes = true});
            QVERIFY(made.problems.empty());
            QCOMPARE(made.unable.size(), std::size_t{1});
            QCOMPARE(made.unable[0].node, std::string("boxes_alone"));
            QVERIFY(made.unable[0].reason.find("depends on values") != std::string::npos);
            const auto message = messageOf([&] { return lower(made.network).ops().size(); });
            QVERIFY2(message.contains("depends on values"), qPrintable(message));
        }
    }

    void choosingBoxesDoesNotTrain() {
        Selection selection(4, 0.5, 0);
        selection.builder.output(selection.rows);
        for (auto& input : *selection.builder.proto().mutable_graph()->mutable_input())
            input.mutable_type()
                ->mutable_tensor_type()
                ->mutable_shape()
                ->mutable_dim(0)
                ->set_dim_param("N");
        const auto made = opened(selection.builder);
        QVERIFY(made.isWholeRun);
        QCOMPARE(made.mixing.size(), std::size_t{1});
        QVERIFY2(made.mixing[0].reason.find("cannot be trained") != std::string::npos,
                 made.mixing[0].reason.c_str());
    }
};

QTEST_APPLESS_MAIN(OnnxSelectionTest)
#include "tst_onnx_selection.moc"
