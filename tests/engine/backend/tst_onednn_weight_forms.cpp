// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/onednn/updater.h"
#include "engine/training/recipes/optimizers.h"
#include "tests/engine/backend/compare_programs.h"

#include <QTest>

#include <algorithm>

using namespace gradwright;
using namespace gradwright::onednn;
using namespace gradwright::test;
using Tag = dnnl::memory::format_tag;
using Type = dnnl::memory::data_type;

namespace {

constexpr WeightId kWeight{0};

struct Pair {
    const char* name;
    MemoryDesc kept, form;
    bool hasTiles = true;
};

MemoryDesc described(const onednn::Dims& dims, Type type, Tag tag) {
    return {dims, type, tag};
}

MemoryDesc single(const onednn::Dims& dims, Tag tag) {
    return described(dims, Type::f32, tag);
}

MemoryDesc bf16(const onednn::Dims& dims, Tag tag) {
    return described(dims, Type::bf16, tag);
}

/// What the processors' primitives take: AVX-512 with bfloat16, AMX, and emulation.
std::vector<Pair> pairs() {
    const onednn::Dims conv{64, 96, 3, 3};
    const onednn::Dims dense{128, 192};
    return {
        {"the same", single(conv, Tag::OIhw16i16o), single(conv, Tag::OIhw16i16o)},
        {"the same, of any size", single({3, 5, 1, 1}, Tag::abcd), single({3, 5, 1, 1}, Tag::abcd)},
        {"pairs of inputs", single(conv, Tag::OIhw16i16o), bf16(conv, Tag::OIhw8i16o2i)},
        {"pairs of outputs", single(conv, Tag::OIhw16i16o), bf16(conv, Tag::OIhw8o16i2o)},
        {"32 inputs a block", single(conv, Tag::OIhw16i16o), bf16(conv, Tag::OIhw16i16o2i)},
        {"turned blocks", single(conv, Tag::OIhw16i16o), single(conv, Tag::OIhw16o16i)},
        {"blocks in another order", single(conv, Tag::OIhw16i16o), single(conv, Tag::IOhw16i16o)},
        {"dense, pairs of inputs", single(dense, Tag::AB16b64a), bf16(dense, Tag::AB16b64a2b)},
        {"dense, pairs of outputs", single(dense, Tag::AB16b64a), bf16(dense, Tag::BA16a64b2a)},
        {"dense, rows", single(dense, Tag::AB16b64a), bf16(dense, Tag::ab)},
        {"dense, columns", single(dense, Tag::AB16b64a), bf16(dense, Tag::ba)},
        {"pieces of pieces", single({16, 16, 1, 3}, Tag::OIhw16i16o),
         bf16({16, 16, 1, 3}, Tag::OIhw8i16o2i)},
        {"padded to pairs", single({64, 3, 3, 3}, Tag::Ohwi16o),
         bf16({64, 3, 3, 3}, Tag::OIhw8i16o2i), false},
        {"odd", single({84, 10}, Tag::ab), bf16({84, 10}, Tag::ab), false},
        {"rows apart", single({128, 5000}, Tag::ab), single({128, 5000}, Tag::ba), false},
    };
}

/// Numbers that bfloat16 has to round, all different.
void fill(std::span<float> values) {
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = (i % 2 == 0 ? 1.0F : -1.0F) * (0.1F + static_cast<float>(i) * 1.001e-3F);
}

std::span<float> numbers(AlignedBuffer& memory) {
    return {reinterpret_cast<float*>(memory.data()), memory.size() / sizeof(float)};
}

bool equal(std::span<const std::byte> a, std::span<const std::byte> b) {
    return std::ranges::equal(a, b);
}

/// A store with one weight and a form of it.
struct Store {
    explicit Store(std::size_t slots)
        : weights({{"kernel", {64, 96, 3, 3}, {}, {}}}) {
        const onednn::Dims dims{64, 96, 3, 3};
        weights.setLayout(kWeight, dims, single(dims, Tag::OIhw16i16o));
        weights.prepareTraining(slots);
        form = weights.addForm(kWeight, {bf16(dims, Tag::OIhw8i16o2i), false});
        fill(numbers(weights.stored(kWeight).value));
    }
    std::span<const std::byte> inForm() { return weights.forms().place(form); }

    OneDnnWeights weights;
    FormNumber form;
};

UpdateRule ruleOf(const char* key) {
    const auto& definition = optimizer(key);
    return definition.make(Params(definition.params, {}));
}

UpdateRule withMaxNorm(UpdateRule rule) {
    rule.regularization.maxNorm = 0.5;
    return rule;
}

} // namespace

/// Weights in the layouts and types of the primitives that read them.
class WeightFormsTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void piecesMakeWhatAReorderMakes_data() {
        QTest::addColumn<std::size_t>("index");
        for (std::size_t i = 0; i < pairs().size(); ++i)
            QTest::newRow(pairs()[i].name) << i;
    }
    void piecesMakeWhatAReorderMakes() {
        QFETCH(std::size_t, index);
        const auto pair = pairs()[index];
        AlignedBuffer kept(pair.kept.get_size());
        fill(numbers(kept));
        WeightForms pieces(false);
        WeightForms reordered(false);
        const WeightForm form{pair.form, true};
        const auto written = pieces.add(kWeight, pair.kept, kept.bytes(), form);
        const auto expected = reordered.add(kWeight, pair.kept, kept.bytes(), form);
        QCOMPARE(pieces.findTiles(written), pair.hasTiles);
        if (!pair.hasTiles)
            return;
        const auto all = numbers(kept);
        for (std::size_t begin = 0; begin < all.size(); begin += TileOrder::kLargestTile)
            pieces.write(written, begin,
                         all.subspan(begin, std::min(TileOrder::kLargestTile, all.size() - begin)));
        reordered.refresh(std::array{expected});
        QVERIFY(equal(pieces.place(written), reordered.place(expected)));
    }

    void refreshConvertsWhatHasChangedOnly() {
        Store store(0);
        auto& forms = store.weights.forms();
        const std::array own{store.form};
        forms.refresh(own);
        auto* first = forms.place(store.form).data();
        const auto right = *first;
        *first = ~right;
        forms.refresh(own);
        QVERIFY2(*first == ~right, "it was converted again");
        forms.weightChanged(WeightId{7});
        forms.refresh(own);
        QVERIFY2(*first == ~right, "another weight's change counted");
        forms.weightChanged(kWeight);
        forms.refresh(own);
        QVERIFY(*first == right);
    }

    /// Whatever else changes the weights in a step: it happens before.
    void stepsWriteForms_data() {
        QTest::addColumn<UpdateRule>("rule");
        QTest::newRow("element by element") << ruleOf("adam");
        QTest::newRow("layer by layer") << ruleOf("lamb");
        QTest::newRow("all weights together") << ruleOf("lbfgs");
        QTest::newRow("with short rows") << withMaxNorm(ruleOf("sgd"));
    }
    void stepsWriteForms() {
        QFETCH(UpdateRule, rule);
        Store store(rule.allSlots());
        Updater updater(store.weights, {kWeight}, &rule, std::array{store.form});
        for (std::uint64_t step = 1; step <= 3; ++step) {
            const std::vector before(store.inForm().begin(), store.inForm().end());
            fill(numbers(store.weights.stored(kWeight).gradient));
            updater.update(0.1, step);
            Store fresh(0);
            std::ranges::copy(store.weights.stored(kWeight).value.bytes(),
                              fresh.weights.stored(kWeight).value.data());
            fresh.weights.forms().refresh(std::array{fresh.form});
            QVERIFY(equal(store.inForm(), fresh.inForm()));
            QVERIFY(!equal(store.inForm(), before));
            // And it needs no conversion: the passes after it leave it alone.
            auto* first = store.weights.forms().place(store.form).data();
            *first = ~*first;
            store.weights.forms().refresh(std::array{store.form});
            QVERIFY(*first != fresh.inForm()[0]);
        }
    }

    /// Such a form is converted when it is asked for.
    void stepsMakeOtherFormsOutOfDate() {
        Store store(1);
        const auto rule = momentumRule();
        auto& forms = store.weights.forms();
        const std::array own{store.form};
        Updater updater(store.weights, {kWeight}, &rule, {});
        forms.refresh(own);
        const std::vector before(store.inForm().begin(), store.inForm().end());
        fill(numbers(store.weights.stored(kWeight).gradient));
        updater.update(0.1, 1);
        QVERIFY(equal(store.inForm(), before));
        forms.refresh(own);
        QVERIFY(!equal(store.inForm(), before));
    }

    /// Weights that the step leaves alone need nothing.
    void frozenWeightsStayConverted() {
        Store store(1);
        const auto rule = momentumRule();
        auto& forms = store.weights.forms();
        Updater updater(store.weights, {}, &rule, std::array{store.form});
        forms.refresh(std::array{store.form});
        auto* first = forms.place(store.form).data();
        const auto changed = *first = ~*first;
        updater.update(0.1, 1);
        forms.refresh(std::array{store.form});
        QVERIFY(*first == changed);
    }
};

QTEST_APPLESS_MAIN(WeightFormsTest)
#include "tst_onednn_weight_forms.moc"
