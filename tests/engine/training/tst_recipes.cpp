// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/backend.h"
#include "engine/backend/regularize.h"
#include "engine/optimizers/all_rules.h"
#include "engine/support/error.h"
#include "engine/support/json.h"
#include "engine/training/recipes/losses.h"
#include "engine/training/recipes/optimizers.h"
#include "engine/training/recipes/schedules.h"
#include "tests/support/numeric.h"

#include <QFile>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <set>

using namespace gradwright;
using namespace gradwright::test;

namespace {

/// Made by data/make_recipe_goldens.py with PyTorch.
const Json& goldens() {
    static const Json all = [] {
        QFile file(GRADWRIGHT_SOURCE_DIR "/tests/engine/training/data/recipe_goldens.json");
        if (!file.open(QIODevice::ReadOnly))
            throw Error("{} cannot be read", file.fileName().toStdString());
        return parseJson(file.readAll().toStdString(), "recipe_goldens.json");
    }();
    return all;
}

ParamValues valuesFrom(const ParamSpecs& specs, const Json& json) {
    ParamValues values;
    for (const auto& [key, value] : json.items()) {
        const auto* spec = findParam(specs, key);
        if (!spec)
            throw Error("a golden uses the unknown parameter {}", key);
        values[key] = paramFromJson(*spec, value);
    }
    return values;
}

void addRows(const char* section) {
    QTest::addColumn<std::size_t>("index");
    const auto& cases = goldens().at(section).at("cases");
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const auto params = cases[i].contains("params") ? cases[i]["params"].dump() : "";
        QTest::newRow((cases[i]["key"].get<std::string>() + " " + params).c_str()) << i;
    }
}

template <class Def>
void requireGoldens(const std::vector<Def>& catalog, const char* section,
                    std::set<std::string> covered = {}) {
    for (const auto& golden : goldens().at(section).at("cases"))
        covered.insert(golden["key"].get<std::string>());
    std::set<std::string> keys;
    for (const auto& def : catalog) {
        QVERIFY2(keys.insert(def.key).second, def.key.c_str());
        QVERIFY2(covered.contains(def.key), ("no golden for " + def.key).c_str());
        QVERIFY(!def.title.empty() && !def.doc.empty());
        for (const auto& spec : def.params) {
            QVERIFY2(!whyInvalid(spec, spec.defaultValue), spec.key.c_str());
            QVERIFY(!spec.doc.empty());
        }
    }
}

/// One weight and the state of its optimizer.
template <class T>
class Weight {
public:
    Weight(const UpdateRule& rule, std::vector<T> start)
        : values(std::move(start))
        , rule_(rule)
        , slots_(rule.slots, std::vector<T>(values.size())) {}

    void step(double learningRate, std::uint64_t step, const std::vector<T>& gradient) {
        const UpdateStep update{learningRate, step, rule_.constants};
        if (rule_.isWhole())
            return stepTogether(update, gradient);
        UpdateSpan<T> span{values.data(), gradient.data(), {}, values.size()};
        for (std::size_t i = 0; i < slots_.size(); ++i)
            span.slots[i] = slots_[i].data();
        if constexpr (std::is_same_v<T, float>)
            rule_.f32(span, update);
        else
            rule_.f64(span, update);
        if (!rule_.layerwise)
            return;
        const auto& direction = slots_.back();
        follow(values.data(), direction.data(),
               learningRate * trustRatio(squaresOf(values.data(), values.size()),
                                         squaresOf(direction.data(), direction.size())),
               values.size());
    }
    /// The values, then the slots.
    [[nodiscard]] const std::vector<T>& tensor(std::size_t index) const {
        return index == 0 ? values : slots_[index - 1];
    }
    [[nodiscard]] bool isZero() const {
        const auto zero = [](const std::vector<T>& all) {
            return std::ranges::all_of(all, [](T v) { return v == T{0}; });
        };
        return zero(values) && std::ranges::all_of(slots_, zero);
    }

    std::vector<T> values;

private:
    void stepTogether(const UpdateStep& update, const std::vector<T>& gradient) {
        std::vector<T*> slots;
        for (auto& slot : slots_)
            slots.push_back(slot.data());
        const WholeWeight<T> all{values.data(), gradient.data(), slots, values.size(), 1.0};
        if constexpr (std::is_same_v<T, float>)
            rule_.wholeF32({&all, 1}, update);
        else
            rule_.wholeF64({&all, 1}, update);
    }

    UpdateRule rule_;
    std::vector<std::vector<T>> slots_;
};

template <class T>
void followGolden(const UpdateRule& rule, const Json& golden, double tolerance) {
    const auto& section = goldens().at("optimizers");
    const double rate = section["learning_rate"];
    Weight<T> weight(rule, section["start"].get<std::vector<T>>());
    std::size_t compared = 0;
    std::uint64_t step = 0;
    for (const auto& gradient : section["gradients"]) {
        weight.step(rate, ++step, gradient.get<std::vector<T>>());
        const auto shown = golden["weights_after"].find(std::to_string(step));
        if (shown == golden["weights_after"].end())
            continue;
        const auto expected = shown->get<std::vector<double>>();
        for (std::size_t i = 0; i < expected.size(); ++i) {
            const auto actual = static_cast<double>(weight.values[i]);
            QVERIFY2(std::abs(actual - expected[i]) <=
                         tolerance * std::max(1.0, std::abs(expected[i])),
                     qPrintable(QString("step %1, element %2: %3 instead of %4")
                                    .arg(step)
                                    .arg(i)
                                    .arg(actual, 0, 'g', 17)
                                    .arg(expected[i], 0, 'g', 17)));
        }
        ++compared;
    }
    QCOMPARE(step, std::uint64_t{20});
    QCOMPARE(compared, std::size_t{5});
}

std::string messageOf(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.what();
    }
    return {};
}

} // namespace

class RecipesTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everyRecipeHasAGolden() {
        requireGoldens(optimizers(), "optimizers");
        requireGoldens(schedules(), "schedules", {"plateau"});
        requireGoldens(losses(), "losses");
        for (const auto& def : optimizers())
            QVERIFY(def.defaultLearningRate > 0);
    }

    void unknownKeysNameTheKnown() {
        QCOMPARE(
            messageOf([] { optimizer("tiger"); }),
            std::string("there is no optimizer \"tiger\"; known are sgd, adam, adamw, "
                        "amsgrad, nadam, radam, adamax, rmsprop, adagrad, adadelta, lion, lamb, "
                        "lbfgs, perceptron-rule"));
        QCOMPARE(messageOf([] { schedule("warm"); }),
                 std::string("there is no learning-rate schedule \"warm\"; known are constant, "
                             "step, multi-step, exponential, polynomial, cosine, "
                             "cosine-restarts, one-cycle, plateau"));
        QCOMPARE(messageOf([] { loss("anger"); }),
                 std::string("there is no loss \"anger\"; known are softmax-cross-entropy, "
                             "binary-cross-entropy, focal, hinge, kl-divergence, "
                             "perceptron-criterion, mean-squared-error, mean-absolute-error, "
                             "huber, cosine"));
    }

    void optimizersFollowPyTorch_data() { addRows("optimizers"); }
    void optimizersFollowPyTorch() {
        QFETCH(std::size_t, index);
        const auto& golden = goldens().at("optimizers").at("cases")[index];
        const auto& def = optimizer(golden["key"].get<std::string>());
        const auto values = valuesFrom(def.params, golden["params"]);
        QVERIFY(validate(def.params, values).empty());
        const auto rule = def.make(Params(def.params, values));
        QCOMPARE(rule.key, def.key);
        followGolden<double>(rule, golden, 1e-12);
        followGolden<float>(rule, golden, 1e-5);
    }

    /// What a device is given does what the processor does.
    void elementRulesAreTheOptimizers_data() { addRows("optimizers"); }
    void elementRulesAreTheOptimizers() {
        QFETCH(std::size_t, index);
        const auto& golden = goldens().at("optimizers").at("cases")[index];
        const auto& def = optimizer(golden["key"].get<std::string>());
        const auto rule = def.make(Params(def.params, valuesFrom(def.params, golden["params"])));
        std::vector<double> one{0.5, -1.0, 2.0}, gradient{0.25, 1.5, -0.75};
        auto other = one;
        std::vector<std::vector<double>> slots(rule.slots, std::vector<double>(3));
        auto otherSlots = slots;
        for (std::uint64_t number = 1; number <= 4; ++number) {
            const UpdateStep step{0.01, number, rule.constants};
            UpdateSpan<double> span{one.data(), gradient.data(), {}, 3};
            UpdateSpan<double> otherSpan{other.data(), gradient.data(), {}, 3};
            for (std::size_t i = 0; i < slots.size() && i < kMaxUpdateSlots; ++i) {
                span.slots[i] = slots[i].data();
                otherSpan.slots[i] = otherSlots[i].data();
            }
            const bool visited = visitElementRule<double>(rule, step, [&](const auto& element) {
                QCOMPARE(std::remove_cvref_t<decltype(element)>::kSlots, rule.slots);
                updateElements(element, otherSpan);
            });
            QCOMPARE(visited, !rule.isWhole());
            if (visited)
                rule.f64(span, step);
        }
        QCOMPARE(other, one);
        QCOMPARE(otherSlots, slots);
    }

    /// Lengths that are no multiple of a vector register, against the double rule.
    void longRunsEqualSingleElements_data() { addRows("optimizers"); }
    void longRunsEqualSingleElements() {
        QFETCH(std::size_t, index);
        const auto& golden = goldens().at("optimizers").at("cases")[index];
        const auto& def = optimizer(golden["key"].get<std::string>());
        auto rule = def.make(Params(def.params, valuesFrom(def.params, golden["params"])));
        if (rule.isWhole())
            return;             // its elements do not go alone
        rule.layerwise = false; // the directions alone; what follows them goes by their norm
        constexpr std::int64_t size = 1003;
        const auto numbers = [](std::uint64_t seed) {
            const auto tensor = randomTensor(DType::F32, {size}, seed);
            return std::vector<float>(tensor.span<float>().begin(), tensor.span<float>().end());
        };
        const auto start = numbers(1);
        Weight<float> whole(rule, start);
        std::vector<Weight<float>> parts;
        for (const auto value : start)
            parts.emplace_back(rule, std::vector<float>{value});
        for (std::uint64_t step = 1; step <= 3; ++step) {
            const auto gradient = numbers(step + 1);
            whole.step(0.01, step, gradient);
            for (std::size_t i = 0; i < parts.size(); ++i)
                parts[i].step(0.01, step, {gradient[i]});
        }
        for (std::size_t i = 0; i < parts.size(); ++i)
            for (std::size_t tensor = 0; tensor <= rule.slots; ++tensor) {
                const float expected = parts[i].tensor(tensor)[0];
                QVERIFY(std::abs(whole.tensor(tensor)[i] - expected) <=
                        1e-6F * std::max(1.0F, std::abs(expected)));
            }
    }

    /// What keeps the padding of blocked layouts at zero.
    void zeroStaysZero_data() { addRows("optimizers"); }
    void zeroStaysZero() {
        QFETCH(std::size_t, index);
        const auto& golden = goldens().at("optimizers").at("cases")[index];
        const auto& def = optimizer(golden["key"].get<std::string>());
        const auto rule = def.make(Params(def.params, valuesFrom(def.params, golden["params"])));
        Weight<float> weight(rule, std::vector<float>(17));
        Weight<double> exact(rule, std::vector<double>(17));
        for (std::uint64_t step = 1; step <= 5; ++step) {
            weight.step(0.1, step, std::vector<float>(17));
            exact.step(0.1, step, std::vector<double>(17));
        }
        QVERIFY(weight.isZero());
        QVERIFY(exact.isZero());
    }

    void nesterovWithoutMomentumIsPlain() {
        const auto& def = optimizer("sgd");
        const ParamValues values{{"momentum", 0.0}, {"nesterov", true}};
        const auto rule = def.make(Params(def.params, values));
        QCOMPARE(rule.slots, std::size_t{0});
        Weight<double> weight(rule, {1.0});
        weight.step(0.5, 1, {0.5});
        QCOMPARE(weight.values[0], 0.75);
    }

    void schedulesFollowPyTorch_data() { addRows("schedules"); }
    void schedulesFollowPyTorch() {
        QFETCH(std::size_t, index);
        const auto& section = goldens().at("schedules");
        const auto& golden = section.at("cases")[index];
        const auto& def = schedule(golden["key"].get<std::string>());
        const auto values = valuesFrom(def.params, golden["params"]);
        QVERIFY(validate(def.params, values).empty());
        const Params params(def.params, values);
        const double stepsAnEpoch = section["steps_an_epoch"];
        const double epochs = section["epochs"];
        const auto factors = golden["factors"].get<std::vector<double>>();
        QCOMPARE(factors.size(), std::size_t{33});
        for (std::size_t i = 0; i < factors.size(); ++i) {
            const double epoch = static_cast<double>(i) / stepsAnEpoch;
            const double actual = def.factor(params, epoch, epochs);
            QVERIFY2(
                std::abs(actual - factors[i]) <= 1e-12,
                qPrintable(
                    QString("epoch %1: %2 instead of %3").arg(epoch).arg(actual).arg(factors[i])));
        }
    }

    void warmUpLeadsIntoASchedule() {
        const auto& section = goldens().at("schedules");
        const auto& cases = section.at("warmups");
        QCOMPARE(cases.size(), std::size_t{3});
        for (const auto& golden : cases) {
            const auto& def = schedule(golden["key"].get<std::string>());
            const auto values = valuesFrom(def.params, golden["params"]);
            const Warmup warmup{golden["epochs"], golden["start"]};
            const auto factors = golden["factors"].get<std::vector<double>>();
            QCOMPARE(factors.size(), std::size_t{33});
            for (std::size_t i = 0; i < factors.size(); ++i) {
                const auto actual = warmedUp(def, Params(def.params, values), warmup,
                                             static_cast<double>(i) / 4.0, section["epochs"]);
                QVERIFY2(std::abs(actual - factors[i]) <= 1e-12,
                         qPrintable(QString("%1, step %2: %3 instead of %4")
                                        .arg(def.key.c_str())
                                        .arg(i)
                                        .arg(actual)
                                        .arg(factors[i])));
            }
        }
    }

    void plateauFollowsPyTorch() {
        const auto& section = goldens().at("schedules").at("plateau");
        const auto losses = section["losses"].get<std::vector<double>>();
        const auto& def = schedule("plateau");
        QVERIFY(def.observe);
        QCOMPARE(section["cases"].size(), std::size_t{3});
        for (const auto& golden : section["cases"]) {
            const auto values = valuesFrom(def.params, golden["params"]);
            PlateauState state;
            for (std::size_t i = 0; i < losses.size(); ++i) {
                def.observe(Params(def.params, values), state, losses[i]);
                const double expected = golden["factors"][i];
                QVERIFY2(std::abs(state.factor - expected) <= 1e-12,
                         qPrintable(QString("epoch %1: %2 instead of %3")
                                        .arg(i + 1)
                                        .arg(state.factor)
                                        .arg(expected)));
            }
        }
    }

    /// A third of three summed thrice must still be a whole epoch.
    void stepForgivesRounding() {
        const auto& def = schedule("step");
        const ParamValues values{{"every", std::int64_t{1}}, {"gamma", 0.5}};
        QCOMPARE(def.factor(Params(def.params, values), 2.0 - 1e-15, 5), 0.25);
        QCOMPARE(def.factor(Params(def.params, values), 1.999, 5), 0.5);
    }

    void lossesFollowPyTorch_data() { addRows("losses"); }
    void lossesFollowPyTorch() {
        QFETCH(std::size_t, index);
        const auto& section = goldens().at("losses");
        const auto& golden = section.at("cases")[index];
        const auto& def = loss(golden["key"].get<std::string>());
        const auto kind = golden["target"].get<std::string>();
        OpGraph graph;
        const auto prediction = graph.addInput("prediction", {Shape{5}});
        const auto target =
            graph.addInput("target", kind == "classes" ? ValueType{Shape{1}, DType::I32}
                                                       : ValueType{Shape{5}, DType::F32});
        const auto values = valuesFrom(def.params, golden["params"]);
        QVERIFY(validate(def.params, values).empty());
        const auto perSample =
            def.lower(graph, prediction, target, Params(def.params, values), "out");
        QCOMPARE(graph.type(perSample), (ValueType{Shape{1}}));
        graph.addLoss(perSample, 1.0);

        const auto numbersOf = [&](const std::string& name) {
            std::vector<float> numbers;
            for (const auto& row : section[name])
                for (const auto& number : row)
                    numbers.push_back(number.get<float>());
            return numbers;
        };
        const auto numbers = numbersOf("predictions");
        const auto classes = section["classes"].get<std::vector<std::int32_t>>();
        const auto targets = kind == "classes" ? std::vector<float>{} : numbersOf(kind);
        const void* fed = kind == "classes" ? static_cast<const void*>(classes.data())
                                            : static_cast<const void*>(targets.data());
        const auto expected = golden["per_sample"].get<std::vector<double>>();
        const auto program = makeReferenceBackend()->compile(
            graph,
            {.batch = static_cast<std::int64_t>(classes.size()), .precision = Precision::F64});
        const std::vector<BatchInput> inputs{{prediction, numbers.data()}, {target, fed}};
        QVERIFY(program->forward(inputs));
        const auto actual = program->read(perSample);
        for (std::size_t i = 0; i < expected.size(); ++i)
            QVERIFY(std::abs(actual.span<double>()[i] - expected[i]) <= 1e-12);
    }

    void aSingleOutputMeetsZeroOrOne() {
        for (const char* key : {"binary-cross-entropy", "perceptron-criterion"}) {
            OpGraph graph;
            const auto prediction = graph.addInput("prediction", {Shape{1}});
            const auto target = graph.addInput("target", {Shape{1}, DType::I32});
            const auto& def = loss(key);
            const ParamValues none;
            const auto perSample =
                def.lower(graph, prediction, target, Params(def.params, none), "out");
            graph.addLoss(perSample, 1.0);
            const auto program =
                makeReferenceBackend()->compile(graph, {.batch = 4, .precision = Precision::F64});
            const std::vector<float> sums{2, 2, -2, -2};
            const std::vector<std::int32_t> classes{0, 1, 0, 1};
            const std::vector<BatchInput> inputs{{prediction, sums.data()},
                                                 {target, classes.data()}};
            QVERIFY(program->forward(inputs));
            const auto losses = program->read(perSample);
            const auto wrong =
                key == std::string("perceptron-criterion") ? 2.0 : 2.0 + std::log1p(std::exp(-2.0));
            const auto right = wrong - 2.0;
            const std::vector<double> expected{wrong, right, right, wrong};
            for (std::size_t i = 0; i < expected.size(); ++i)
                QVERIFY(std::abs(losses.span<double>()[i] - expected[i]) <= 1e-12);
        }
    }

    void classWeightsAreNumbers() {
        OpGraph graph;
        const auto prediction = graph.addInput("prediction", {Shape{3}});
        const auto target = graph.addInput("target", {Shape{1}, DType::I32});
        const auto lowered = [&](const std::string& text) {
            const auto& def = loss("softmax-cross-entropy");
            const ParamValues values{{"class_weights", text}};
            return messageOf(
                [&] { def.lower(graph, prediction, target, Params(def.params, values), "out"); });
        };
        QCOMPARE(lowered("1 2,3"), std::string());
        QVERIFY(lowered("1, two, 3").find("not \"two\"") != std::string::npos);
        QVERIFY(lowered("1, -2, 3").find("not \"-2\"") != std::string::npos);
        QVERIFY(lowered("1, 2").find("2 class weights") != std::string::npos);
    }

    void meanSquaredErrorTakesValuesToo() {
        OpGraph graph;
        const Shape image{2, 3, 3};
        const auto prediction = graph.addInput("prediction", {image});
        const auto target = graph.addInput("target", {image});
        const auto& def = loss("mean-squared-error");
        const ParamValues none;
        const Params params(def.params, none);
        def.lower(graph, prediction, target, params, "out");
        QCOMPARE(graph.ops().size(), std::size_t{1});
        const auto index = graph.addInput("index", {Shape{1}, DType::I32});
        const auto message = messageOf([&] { def.lower(graph, prediction, index, params, "out"); });
        QVERIFY2(message.find("not 2×3×3") != std::string::npos, message.c_str());
    }
};

QTEST_APPLESS_MAIN(RecipesTest)
#include "tst_recipes.moc"
