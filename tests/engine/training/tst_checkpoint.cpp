// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/devices.h"
#include "engine/backend/program_cache.h"
#include "engine/graph/lower.h"
#include "engine/io/safetensors.h"
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

ProgramCache programs(const Project& project) {
    const auto& def = optimizer("adam");
    ProgramCache cache(backendFor({}), lower(project.network),
                       {.update = def.make(Params(def.params, {}))});
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
        writeCheckpoint(folder / "a.safetensors", *from.weights(), somePosition());
        QVERIFY(readCheckpoint(folder / "a.safetensors", *to.weights(), metric("r2")) ==
                somePosition());
        for (std::uint32_t i = 0; i < from.weights()->specs().size(); ++i) {
            QVERIFY(from.weights()->read({i}) == to.weights()->read({i}));
            for (std::size_t slot = 0; slot < from.weights()->slots(); ++slot)
                QVERIFY(from.weights()->readSlot({i}, slot) == to.weights()->readSlot({i}, slot));
        }
        writeCheckpoint(folder / "b.safetensors", *to.weights(), somePosition());
        QVERIFY(test::readFile(folder / "a.safetensors") ==
                test::readFile(folder / "b.safetensors"));
    }

    void weightsAloneLeaveTheOptimizerOut() {
        const TemporaryFolder folder;
        auto cache = programs(test::smallProject());
        fill(*cache.weights(), 1);
        writeCheckpoint(folder / "a.safetensors", *cache.weights(), {});
        const auto weights = readCheckpointWeights(folder / "a.safetensors");
        QCOMPARE(weights.values.size(), cache.weights()->specs().size());
        QVERIFY(*weights.find("hidden/weight") == cache.weights()->read({0}));
    }

    void aCheckpointOfAnotherNetworkChangesNothing() {
        const TemporaryFolder folder;
        auto project = test::smallProject();
        auto other = programs(project);
        writeCheckpoint(folder / "a.safetensors", *other.weights(), {});
        apply(project.network, {SetParam{"", project.network.main.findByName("hidden")->id, "units",
                                         std::int64_t{17}}});
        auto cache = programs(project);
        fill(*cache.weights(), 5);
        const auto before = cache.weights()->read({0});
        const auto message =
            errorOf([&] { readCheckpoint(folder / "a.safetensors", *cache.weights(), accuracy); });
        QVERIFY2(contains(message, "hidden/weight"), message.c_str());
        QVERIFY2(contains(message, "16×784"), message.c_str());
        QVERIFY(cache.weights()->read({0}) == before);
    }

    void aFileWithoutAPositionIsRefused() {
        const TemporaryFolder folder;
        writeSafetensors(folder / "weights.safetensors", {});
        auto cache = programs(test::smallProject());
        const auto message = errorOf(
            [&] { readCheckpoint(folder / "weights.safetensors", *cache.weights(), accuracy); });
        QVERIFY2(contains(message, "not a checkpoint"), message.c_str());
    }
};

QTEST_APPLESS_MAIN(CheckpointTest)
#include "tst_checkpoint.moc"
