// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/backend.h"
#include "engine/graph/analysis.h"
#include "engine/layers/catalog.h"
#include "tests/engine/layers/layer_harness.h"
#include "tests/support/network_builder.h"
#include "tests/support/numeric.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <set>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// Values outside the range of a numeric parameter, one at each end that there is.
std::vector<ParamValue> outOfRange(const ParamSpec& spec) {
    std::vector<double> bad;
    if (std::isfinite(spec.minimum))
        bad.push_back(spec.minimumExclusive ? spec.minimum : spec.minimum - 1);
    if (std::isfinite(spec.maximum))
        bad.push_back(spec.maximumExclusive ? spec.maximum : spec.maximum + 1);
    std::vector<ParamValue> values;
    for (const double number : bad) {
        const auto whole = static_cast<std::int64_t>(number);
        if (spec.type == ParamType::Real)
            values.emplace_back(number);
        else if (spec.type == ParamType::Int)
            values.emplace_back(whole);
        else if (spec.type == ParamType::Tuple)
            values.emplace_back(IntTuple(spec.minLength, whole));
    }
    return values;
}

UpdateRule plainDescent() {
    UpdateRule rule;
    rule.key = "descent";
    rule.f64 = [](const UpdateSpan<double>& span, const UpdateStep& step) {
        for (std::size_t i = 0; i < span.size; ++i)
            span.weight[i] -= step.learningRate * span.gradient[i];
    };
    return rule;
}

} // namespace

class LayerContractTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    /// Keras finds a layer that has weights by its name, and each layer says how they lie there.
    void weightsComeToKeras() {
        for (const auto& def : layerCatalog()) {
            const auto& weights = def.kerasWeights;
            QVERIFY2(def.hasWeights == (weights.usual || !weights.fittings.empty()),
                     qPrintable(QString("%1: kerasWeights must say how Keras holds its weights")
                                    .arg(def.key.c_str())));
            for (const auto fitting : weights.fittings)
                QVERIFY2(fitting.starts_with("    if isinstance(layer, ") &&
                             fitting.ends_with("\n"),
                         def.key.c_str());
            QVERIFY2(weights.definition.empty() || weights.definition.starts_with("\n\nclass "),
                     def.key.c_str());
        }
        for (const auto& layerCase : layerCases()) {
            const auto& def = layer(layerCase.layer);
            if (!def.lower)
                continue;
            const auto harness = harnessOf(layerCase);
            const bool hasWeights =
                std::ranges::any_of(harness.graph.weights(), [](const WeightSpec& spec) {
                    return spec.key.starts_with("layer/");
                });
            if (!hasWeights)
                continue;
            const std::vector<std::string> inputs(layerCase.inputs.size(), "x");
            const CodeContext context{Params(def.params, layerCase.params), layerCase.inputs,
                                      inputs, "learned"};
            try {
                const auto code = def.keras(context);
                QVERIFY2(code.find("name=\"learned\"") != std::string::npos, code.c_str());
            } catch (const Error&) {
                continue; // Keras lacks it
            }
        }
    }

    /// What advice and objectives take for granted of a layer with a trait.
    void traitsFitTheRest() {
        int linear = 0;
        for (const auto& def : layerCatalog()) {
            const auto& traits = def.traits;
            const auto* units = findParam(def.params, "units");
            linear += traits.linear ? 1 : 0;
            QVERIFY2(!traits.linear || (units && units->type == ParamType::Int && def.hasWeights &&
                                        findParam(def.params, "activation")),
                     def.key.c_str());
            QVERIFY2(!traits.passesOn || !def.hasWeights, def.key.c_str());
            QVERIFY2(!traits.drops || def.category == Category::Regularization, def.key.c_str());
            QVERIFY2(!(traits.joins || traits.shortcut) || def.category == Category::Merge,
                     def.key.c_str());
            const bool normalizes = traits.normalization != NormalizationKind::None;
            QVERIFY2(!normalizes || def.category == Category::Normalization, def.key.c_str());
        }
        QVERIFY(linear > 0);
    }

    void everyLayerIsDescribed_data() {
        QTest::addColumn<QString>("key");
        for (const auto& def : layerCatalog())
            QTest::newRow(def.key.c_str()) << QString::fromStdString(def.key);
        qInfo("%zu layers, %zu cases", layerCatalog().size(), layerCases().size());
    }
    void everyLayerIsDescribed() {
        QFETCH(QString, key);
        const auto& def = layer(key.toStdString());
        QVERIFY(!def.title.empty());
        QVERIFY(def.doc.size() > 20 && def.doc.back() == '.');
        QVERIFY(def.infer);
        QVERIFY(def.minInputs <= def.maxInputs);
        QVERIFY(std::ranges::any_of(categories(), [&](const CategoryInfo& info) {
            return info.category == def.category && !info.title.empty();
        }));
        // What computes something can also be written as code.
        QCOMPARE(bool(def.pytorch), bool(def.lower));
        QCOMPARE(bool(def.keras), bool(def.lower));
        QVERIFY(!labelOf(def, {}).empty());
        QVERIFY2(std::ranges::any_of(layerCases(),
                                     [&](const LayerCase& c) { return c.layer == def.key; }),
                 "no line in layer_cases.cpp");
    }

    void keysAndTitlesAreUnique() {
        std::set<std::string> keys;
        std::set<std::string> titles;
        for (const auto& def : layerCatalog()) {
            QVERIFY2(keys.insert(def.key).second, def.key.c_str());
            QVERIFY2(titles.insert(def.title).second, def.title.c_str());
            QCOMPARE(findLayer(def.key), &def);
        }
        QVERIFY(!findLayer("quantum-fold"));
        QVERIFY_THROWS_EXCEPTION(Error, layer("quantum-fold"));
    }

    void parametersAreDescribedAndBounded_data() { everyLayerIsDescribed_data(); }
    void parametersAreDescribedAndBounded() {
        QFETCH(QString, key);
        const auto& def = layer(key.toStdString());
        std::set<std::string> keys;
        for (const auto& spec : def.params) {
            const auto* name = spec.key.c_str();
            QVERIFY2(keys.insert(spec.key).second, name);
            QVERIFY2(!spec.title.empty() && !spec.doc.empty(), name);
            QVERIFY2(!whyInvalid(spec, spec.defaultValue), name);
            for (const auto& choice : spec.choices)
                QVERIFY2(!choice.key.empty() && !choice.title.empty() && !choice.doc.empty(), name);
            if (spec.visibleWhen)
                QVERIFY2(findParam(def.params, spec.visibleWhen->param), name);
            const bool numeric = spec.type == ParamType::Int || spec.type == ParamType::Real ||
                                 spec.type == ParamType::Tuple;
            const auto bad = outOfRange(spec);
            QVERIFY2(numeric == !bad.empty(), name);
            for (const auto& value : bad) {
                NetworkBuilder b;
                const auto node = b.layer(def.key, {{spec.key, value}});
                const auto analysis = analyze(b.network);
                QVERIFY2(std::ranges::any_of(analysis.diagnostics,
                                             [&](const Diagnostic& diagnostic) {
                                                 return diagnostic.severity == Severity::Error &&
                                                        diagnostic.place.node == node &&
                                                        diagnostic.place.param == spec.key;
                                             }),
                         name);
            }
        }
    }

    void inferredShapeIsLoweredAndExecutedShape_data() {
        QTest::addColumn<std::size_t>("index");
        const auto cases = layerCases();
        for (std::size_t i = 0; i < cases.size(); ++i)
            QTest::newRow(nameOf(cases[i]).c_str()) << i;
    }
    void inferredShapeIsLoweredAndExecutedShape() {
        QFETCH(std::size_t, index);
        const auto layerCase = layerCases()[index];
        const auto& def = layer(layerCase.layer);
        QVERIFY(validate(def.params, layerCase.params).empty());
        const auto inferred = def.infer({Params(def.params, layerCase.params), layerCase.inputs});
        QVERIFY(std::holds_alternative<Shape>(inferred));
        QVERIFY2(std::get<Shape>(inferred) == layerCase.output,
                 toString(std::get<Shape>(inferred)).c_str());
        QCOMPARE(def.outputs(layerCase.params), (def.hasOutput ? 1 : 0) + layerCase.further.size());
        if (!def.lower)
            return;
        const auto h = harnessOf(layerCase);
        std::vector<Shape> shapes{layerCase.output};
        if (def.several.shapes)
            shapes = def.several.shapes({Params(def.params, layerCase.params), layerCase.inputs});
        QCOMPARE(shapes.size(), layerCase.further.size() + 1);
        QCOMPARE(h.further.size(), layerCase.further.size());
        QVERIFY(shapes[0] == layerCase.output);
        for (std::size_t i = 0; i < h.further.size(); ++i) {
            QVERIFY(shapes[i + 1] == layerCase.further[i]);
            QVERIFY(h.graph.type(h.further[i]).sample() == layerCase.further[i]);
        }
        QVERIFY(h.graph.type(h.output).sample() == layerCase.output);
        QVERIFY(run(h).output.shape() == layerCase.output.withBatch(kBatch));
    }

    void oneTrainingStepLowersTheLoss_data() { inferredShapeIsLoweredAndExecutedShape_data(); }
    void oneTrainingStepLowersTheLoss() {
        QFETCH(std::size_t, index);
        const auto layerCase = layerCases()[index];
        if (!layer(layerCase.layer).lower)
            return;
        const auto result = run(harnessOf(layerCase));
        QVERIFY(std::isfinite(result.before) && std::isfinite(result.after));
        if (layerCase.layer == "step") // which is said of it as a diagnostic
            QCOMPARE(result.after, result.before);
        else
            QVERIFY2(result.after < result.before,
                     qPrintable(QString("%1 → %2").arg(result.before).arg(result.after)));
    }

private:
    struct Result {
        Tensor output;
        double before, after; ///< loss
    };

    static Result run(const Harness& h) {
        const auto program = makeReferenceBackend()->compile(
            h.graph, {kBatch, Precision::F64, Mode::Training, plainDescent()});
        initializeWeights(*program->weights(), 11);
        const HarnessData data(h);
        const auto inputs = data.bindings(h);
        Result result;
        program->forward(inputs, {7, 1});
        result.output = program->read(h.output);
        result.before = program->lossSum();
        program->backward();
        program->update(1e-3, 1);
        program->forward(inputs, {7, 1});
        result.after = program->lossSum();
        return result;
    }
};

QTEST_APPLESS_MAIN(LayerContractTest)
#include "tst_layer_contract.moc"
