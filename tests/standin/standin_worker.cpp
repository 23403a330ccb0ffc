// SPDX-License-Identifier: GPL-3.0-or-later
// gradwright-worker as it would be on a computer whose one GPU is the stand-in:
// standin-worker [--fault-after CALLS] [--memory BYTES] [--none WHY] [--unusable WHY]
#include "engine/backend/cuda/copies.h"
#include "engine/backend/cuda/cuda_backend.h"
#include "engine/backend/cuda/gpus.h"
#include "engine/check/check.h"
#include "engine/support/brief_spinning.h"
#include "engine/worker/worker.h"
#include "engine/worker/worker_process.h"
#include "tests/standin/standin_driver.h"

#include <string>

int main(int argc, char** argv) {
    using namespace gradwright;
    namespace standin = cuda::standin;
    startWithBriefSpinning(argv);
    std::string none;
    std::string unusable;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string option = argv[i];
        const std::string value = argv[i + 1];
        if (option == "--fault-after")
            standin::injectFault(std::stoul(value), standin::kIllegalAddress, true);
        else if (option == "--memory")
            standin::setMemoryLimit(std::stoul(value));
        else if (option == "--none")
            none = value;
        else if (option == "--unusable")
            unusable = value;
        else
            return 64;
    }
    const auto search = [&]() -> GpuSearch {
        if (!none.empty())
            return {{}, none};
        auto found = cuda::gpusOf(standin::standinDriver());
        for (auto& gpu : found.found)
            gpu.whyNot = unusable;
        return found;
    };
    const auto make = [](int ordinal) -> std::shared_ptr<const Backend> {
        return cuda::makeCudaBackend(standin::standinDriver(), ordinal, standin::standinImages());
    };
    const auto copies = [](int ordinal) {
        return cuda::measureCopies(standin::standinDriver(), ordinal, std::size_t{1} << 20);
    };
    const auto check = [](const Backend& backend, const CheckSink& sink) {
        checkBackend(backend, sink);
    };
    return serveWorker(UniqueFd(kWorkerSocket), {search, make, copies, check});
}
