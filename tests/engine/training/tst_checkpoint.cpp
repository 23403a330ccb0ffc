// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/devices.h"
#include "engine/backend/program_cache.h"
#include "engine/graph/lower.h"
#include "engine/io/safetensors.h"
#include "engine/support/stopped.h"
#include "engine/training/checkpoint.h"
#include "engine/training/recipes/optimizers.h"
#include "tests/support/data_files.h"
#include "tests/support/numeric.h"
#include "tests/support/small_jobs.h"

#include <QTest>

using namespace gradwright;
using test::contains;
using test::errorOf;
using test::TemporaryFolder;

namespace {

const MetricDef& accuracy = metric("accuracy");

UpdateRule ruleOf(const char* key, const ParamValues& params = {}) {
    const auto& def = optimizer(key);
    return def.make(Params(def.params, params));
}

/// With an average of the weights, in one more slot.
UpdateRule averaging(UpdateRule rule) {
    rule.regularization.averageDecay = 0.9;
    return rule;
}

ProgramCache programs(const Project& project, const UpdateRule& rule = ruleOf("adam")) {
    ProgramCache cache(backendFor({}), lower(project.network), {.update = rule});
    cache.get(2, Mode::Training);
    return cache;
}

void fill(WeightStore& store, std::uint64_t seed) {
    for (std::uint32_t i = 0; i < store.specs().size(); ++i) {
        const auto& shape = store.specs()[i].shape;
        store.write({i}, test::randomTensor(DType::F32, shape, seed + i));
        for (std::size_t slot = 0; slot < store.slots(); ++slot)
            store.writeSlot({i}, slot,
                            test::randomTensor(DType::F32, shape, seed + 100 * i + slot));
    }
}

TrainingPosition somePosition() {
    TrainingPosition position;
    position.epoch = 3;
    position.batch = 7;
    position.step = 1234;
    position.running.loss = 0.1 + 0.2; // not representable in a short decimal
    position.running.correct = 199;
    position.running.samples = 100;
    position.running.labels = 200; // two steps each
    position.best = Score{1.0 / 3.0, {&metric("r2"), 0.97}, 6000};
    position.bestEpoch = 2;
    position.epochsWithoutGain = 1;
    position.learningRateFactor = 0.3;
    position.plateau = {0.1 * 0.3, 1.0 / 7.0, 2, 1};
    return position;
}

} // namespace

class CheckpointTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void everythingComesBackExactly() {
        const TemporaryFolder folder;
        const auto project = test::smallProject();
        auto from = programs(project);
        auto to = programs(project);
        fill(*from.weights(), 1);
        fill(*to.weights(), 2);
        writeCheckpoint(folder / "a.safetensors", *from.weights(), somePosition(), ruleOf("adam"));
        QVERIFY(readCheckpoint(folder / "a.safetensors", *to.weights(), metric("r2"),
                               ruleOf("adam")) == somePosition());
        for (std::uint32_t i = 0; i < from.weights()->specs().size(); ++i) {
            QVERIFY(from.weights()->read({i}) == to.weights()->read({i}));
            for (std::size_t slot = 0; slot < from.weights()->slots(); ++slot)
                QVERIFY(from.weights()->readSlot({i}, slot) == to.weights()->readSlot({i}, slot));
        }
        writeCheckpoint(folder / "b.safetensors", *to.weights(), somePosition(), ruleOf("adam"));
        QVERIFY(test::readFile(folder / "a.safetensors") ==
                test::readFile(folder / "b.safetensors"));
    }

    void aStopLeavesTheFileAsItWas() {
        const TemporaryFolder folder;
        auto cache = programs(test::smallProject());
        fill(*cache.weights(), 1);
        writeCheckpoint(folder / "a.safetensors", *cache.weights(), {}, ruleOf("adam"));
        const auto before = test::readFile(folder / "a.safetensors");
        fill(*cache.weights(), 2);
        std::stop_source stop;
        stop.request_stop();
        QVERIFY_THROWS_EXCEPTION(WorkStopped,
                                 writeCheckpoint(folder / "a.safetensors", *cache.weights(), {},
                                                 ruleOf("adam"), stop.get_token()));
        QVERIFY(test::readFile(folder / "a.safetensors") == before);
        QCOMPARE(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
    }

    void weightsAloneLeaveTheOptimizerOut() {
        const TemporaryFolder folder;
        auto cache = programs(test::smallProject());
        fill(*cache.weights(), 1);
        writeCheckpoint(folder / "a.safetensors", *cache.weights(), {}, ruleOf("adam"));
        const auto weights = readCheckpointWeights(folder / "a.safetensors");
        QCOMPARE(weights.values.size(), cache.weights()->specs().size());
        QVERIFY(*weights.find("hidden/weight") == cache.weights()->read({0}));
    }

    void aCheckpointOfAnotherNetworkChangesNothing() {
        const TemporaryFolder folder;
        auto project = test::smallProject();
        auto other = programs(project);
        writeCheckpoint(folder / "a.safetensors", *other.weights(), {}, ruleOf("adam"));
        apply(project.network, {SetParam{"", project.network.main.findByName("hidden")->id, "units",
                                         std::int64_t{17}}});
        auto cache = programs(project);
        fill(*cache.weights(), 5);
        const auto before = cache.weights()->read({0});
        const auto message = errorOf([&] {
            readCheckpoint(folder / "a.safetensors", *cache.weights(), accuracy, ruleOf("adam"));
        });
        QVERIFY2(contains(message, "hidden/weight"), message.c_str());
        QVERIFY2(contains(message, "16×784"), message.c_str());
        QVERIFY(cache.weights()->read({0}) == before);
    }

    void anotherOptimizersStateIsRefused_data() {
        QTest::addColumn<UpdateRule>("from");
        QTest::addColumn<UpdateRule>("to");
        // Slots of each pair are as many.
        QTest::newRow("two moments, two means") << ruleOf("adam") << ruleOf("adadelta");
        QTest::newRow("a moment, a sum") << ruleOf("lion") << ruleOf("adagrad");
        QTest::newRow("momentum, the average")
            << ruleOf("sgd", {{"momentum", 0.9}}) << averaging(ruleOf("sgd", {{"momentum", 0.0}}));
        QTest::newRow("none at all")
            << ruleOf("sgd", {{"momentum", 0.0}}) << ruleOf("perceptron-rule");
    }
    void anotherOptimizersStateIsRefused() {
        QFETCH(UpdateRule, from);
        QFETCH(UpdateRule, to);
        QCOMPARE(from.allSlots(), to.allSlots());
        const TemporaryFolder folder;
        const auto project = test::smallProject();
        const auto file = folder / "a.safetensors";
        auto written = programs(project, from);
        fill(*written.weights(), 1);
        writeCheckpoint(file, *written.weights(), somePosition(), from);
        auto cache = programs(project, to);
        fill(*cache.weights(), 2);
        const auto before = cache.weights()->read({0});
        const auto message = errorOf([&] { readCheckpoint(file, *cache.weights(), accuracy, to); });
        for (const auto& part : {std::string("a.safetensors"), '"' + from.key + '"',
                                 '"' + to.key + '"', std::string("resumed only")})
            QVERIFY2(contains(message, part), message.c_str());
        QVERIFY(cache.weights()->read({0}) == before);
        // The weights are the network's, whoever trained them.
        readCheckpointWeights(file, *cache.weights());
        QVERIFY(cache.weights()->read({0}) == written.weights()->read({0}));
        // Earlier versions did not write whose state it is.
        auto contents = readSafetensors(file);
        QCOMPARE(contents.metadata.erase("gradwright.optimizer"), std::size_t{1});
        writeSafetensors(file, contents);
        QVERIFY(readCheckpoint(file, *cache.weights(), metric("r2"), to) == somePosition());
    }

    void aFileWithoutAPositionIsRefused() {
        const TemporaryFolder folder;
        writeSafetensors(folder / "weights.safetensors", {});
        auto cache = programs(test::smallProject());
        const auto message = errorOf([&] {
            readCheckpoint(folder / "weights.safetensors", *cache.weights(), accuracy,
                           ruleOf("adam"));
        });
        QVERIFY2(contains(message, "not a checkpoint"), message.c_str());
    }
};

QTEST_APPLESS_MAIN(CheckpointTest)
#include "tst_checkpoint.moc"
