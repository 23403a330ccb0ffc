// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/distributed/mpi_communicator.h"

#include "engine/distributed/mpi_library.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <vector>

namespace gradwright {
namespace {

using std::chrono::steady_clock;
using namespace std::chrono_literals;

/// MPI counts in int.
constexpr std::size_t kLongestMessage = std::size_t{1} << 30;
constexpr int kTag = 1;

/// Whoever waits looks again and again at first, since answers usually follow at once, and then
/// sleeps between two looks: other ranks may need its processor.
constexpr auto kSpin = 30us;
constexpr std::chrono::nanoseconds kShortestNap = 20us;
constexpr std::chrono::nanoseconds kLongestNap = 500us;

void require(int error, std::string_view what) {
    if (error == MpiLibrary::kSuccess)
        return;
    std::array<char, MpiLibrary::kLongestText> text{};
    int length = 0;
    MpiLibrary::get().errorText(error, text.data(), &length);
    throw Error("Open MPI: {} failed ({})", what,
                std::string_view(text.data(), static_cast<std::size_t>(std::max(length, 0))));
}

class MpiCommunicator final : public Communicator {
public:
    MpiCommunicator(int rank, int size, bool maySwitch)
        : Communicator(rank, size)
        , maySwitch_(maySwitch) {}
    ~MpiCommunicator() override {
        if (!isBroken_)
            MpiLibrary::get().finalize();
    }

    [[nodiscard]] bool maySwitchThreads() const override { return maySwitch_; }

    void abort(int status) override {
        isBroken_ = true;
        MpiLibrary::get().abort(MpiLibrary::get().world, status);
    }

protected:
    void transfer(std::span<const Message> sent, std::span<const Message> received) override {
        isBroken_ = true; // until all have arrived: MPI holds on to the buffers
        requests_.clear();
        ranks_.clear();
        for (const auto& message : received)
            start(message, false);
        for (const auto& message : sent)
            start(message, true);
        finish();
        isBroken_ = false;
    }

private:
    void start(const Message& message, bool isSent) {
        const auto& mpi = MpiLibrary::get();
        for (std::size_t begin = 0; begin < message.bytes.size(); begin += kLongestMessage) {
            const auto size =
                static_cast<int>(std::min(kLongestMessage, message.bytes.size() - begin));
            auto* bytes = message.bytes.data() + begin;
            auto*& request = requests_.emplace_back();
            ranks_.push_back(message.rank);
            require(isSent ? mpi.send(bytes, size, mpi.byteType, message.rank, kTag, mpi.world,
                                      &request)
                           : mpi.receive(bytes, size, mpi.byteType, message.rank, kTag, mpi.world,
                                         &request),
                    "a message");
        }
    }

    void finish() {
        const auto& mpi = MpiLibrary::get();
        const auto begin = steady_clock::now();
        done_.resize(requests_.size());
        std::chrono::nanoseconds nap = kShortestNap;
        for (std::size_t left = requests_.size(); left > 0;) {
            int count = 0;
            require(mpi.testSome(static_cast<int>(requests_.size()), requests_.data(), &count,
                                 done_.data(), nullptr),
                    "the exchange with other ranks");
            if (count == MpiLibrary::kUndefined)
                return;
            const auto waited = steady_clock::now() - begin;
            for (int i = 0; i < count; ++i) {
                const auto place = static_cast<std::size_t>(done_[static_cast<std::size_t>(i)]);
                waitedFor(ranks_[place], waited);
                ranks_[place] = -1;
            }
            left -= static_cast<std::size_t>(count);
            if (count > 0 || waited < kSpin)
                continue;
            if (isTooLong(waited))
                lose(*std::ranges::find_if(ranks_, [](int rank) { return rank >= 0; }));
            std::this_thread::sleep_for(nap);
            nap = std::min(nap * 2, kLongestNap);
        }
    }

    const bool maySwitch_;
    bool isBroken_ = false;
    std::vector<ompi_request_t*> requests_;
    std::vector<int> ranks_; ///< of each request; -1 once it is done
    std::vector<int> done_;
};

/// A positive number in the environment; 0 where there is none.
int numberFrom(const char* variable) {
    const char* text = std::getenv(variable);
    int number = 0;
    if (text) {
        const std::string_view view(text);
        std::from_chars(view.data(), view.data() + view.size(), number);
    }
    return std::max(number, 0);
}

/// How many threads may use MPI, as MPI_Init_thread() takes it.
int threadsAskedFor() {
    constexpr const char* kVariable = "GRADWRIGHT_MPI_THREADS";
    const char* text = std::getenv(kVariable);
    const std::string_view asked = text ? text : "";
    if (asked == "funneled")
        return MpiLibrary::kFunneled;
    if (!asked.empty() && asked != "serialized")
        throw Error("{} must be \"funneled\" or \"serialized\", not \"{}\"", kVariable, asked);
    return MpiLibrary::kSerialized;
}

} // namespace

int processesStarted() {
    if (const int size = numberFrom("OMPI_COMM_WORLD_SIZE"); size > 0)
        return size;
    return std::getenv("PMIX_RANK") ? std::max(1, numberFrom("SLURM_NTASKS")) : 1;
}

std::unique_ptr<Communicator> joinMpi() {
    const int asked = threadsAskedFor();
    const auto& mpi = MpiLibrary::get();
    int provided = 0, rank = 0, size = 0;
    require(mpi.initialize(nullptr, nullptr, asked, &provided), "its start");
    require(mpi.setErrorHandler(mpi.world, mpi.returnErrors), "its start");
    require(mpi.rank(mpi.world, &rank), "its start");
    require(mpi.size(mpi.world, &size), "its start");
    auto joined = std::make_unique<MpiCommunicator>(
        rank, size, std::min(asked, provided) >= MpiLibrary::kSerialized);
    if (size != processesStarted())
        throw Error("{} processes were started together, and Open MPI knows of {}: is mpirun of "
                    "the same version as libmpi.so.40?",
                    processesStarted(), size);
    return joined;
}

} // namespace gradwright
