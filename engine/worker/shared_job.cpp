// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/worker/shared_job.h"

#include "engine/support/error.h"
#include "engine/support/posix_file.h"
#include "engine/worker/messages.h"
#include "engine/worker/wire.h"

#include <fcntl.h>

#include <cerrno>
#include <limits>
#include <vector>

namespace gradwright {
namespace {

void put(WireWriter& out, const RateScaling& scaling) {
    out.put(scaling.samplesBefore);
    out.put(scaling.samples);
    out.put(scaling.rateBefore);
    out.put(scaling.rate);
    out.put(scaling.warmupEpochs);
}

RateScaling scalingFrom(WireReader& in) {
    RateScaling scaling;
    scaling.samplesBefore = in.integer();
    scaling.samples = in.integer();
    scaling.rateBefore = in.real();
    scaling.rate = in.real();
    scaling.warmupEpochs = in.real();
    return scaling;
}

TrainingJob sharedJobFrom(std::span<const std::byte> bytes) {
    constexpr auto kMost = std::numeric_limits<std::int64_t>::max();
    WireReader in(bytes);
    auto job = jobFrom(in.data());
    job.sharesStatistics = in.boolean();
    job.roundsGradients = in.boolean();
    job.overlapsSums = in.boolean();
    job.bucketBytes = static_cast<std::size_t>(in.integer(0, kMost));
    job.trace = in.text();
    job.rankPatience = std::chrono::seconds(in.integer(0, kMost));
    if (in.boolean())
        job.rateScaling = scalingFrom(in);
    in.end();
    return job;
}

} // namespace

void writeSharedJob(const std::filesystem::path& folder, const TrainingJob& job) {
    WireWriter out;
    out.put(std::span<const std::byte>(jobBody(job)));
    out.put(job.sharesStatistics);
    out.put(job.roundsGradients);
    out.put(job.overlapsSums);
    out.put(static_cast<std::int64_t>(job.bucketBytes));
    out.put(job.trace.string());
    out.put(static_cast<std::int64_t>(job.rankPatience.count()));
    out.put(job.rateScaling.has_value());
    if (job.rateScaling)
        put(out, *job.rateScaling);
    const auto file = folder / kSharedJobFile;
    const UniqueFd opened(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    const int error = opened ? writeAll(opened.get(), out.bytes()) : errno;
    if (error != 0)
        throw Error("{}: what the processes share cannot be written: {}", file.string(),
                    errorText(error));
}

TrainingJob readSharedJob(const std::filesystem::path& folder) {
    const auto file = folder / kSharedJobFile;
    const auto opened = openForReading(file);
    std::vector<std::byte> bytes(sizeOfFile(opened.get(), file));
    readExactly(opened.get(), bytes, file);
    try {
        return sharedJobFrom(bytes);
    } catch (const Error& error) {
        throw Error("{}: {}", file.string(), error.what());
    }
}

} // namespace gradwright
