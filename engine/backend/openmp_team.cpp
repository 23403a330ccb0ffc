// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/openmp_team.h"

#include <omp.h>

#include <algorithm>
#include <utility>

namespace gradwright {
namespace {

constexpr auto kBetweenLooks = std::chrono::microseconds(300);

} // namespace

OpenMpTeam::OpenMpTeam()
    : size_(omp_get_max_threads())
    , owner_(currentThread()) {
    findHelpers();
}

OpenMpTeam::~OpenMpTeam() {
    OpenMpTeam::place(Placement::Free);
    OpenMpTeam::setShortTurns(false);
}

bool OpenMpTeam::findHelpers() {
    std::vector<ThreadId> found(static_cast<std::size_t>(size_));
#pragma omp parallel num_threads(size_)
    found[static_cast<std::size_t>(omp_get_thread_num())] = currentThread();
    found.erase(found.begin()); // the owner
    const std::lock_guard lock(mutex_);
    if (found == helpers_)
        return true;
    helpers_ = std::move(found);
    seen_.assign(helpers_.size(), std::nullopt);
    return false;
}

std::optional<ProcessorTimes> OpenMpTeam::times() {
    if (!findHelpers()) {
        if (takeShortTurns_)
            setShortTurns(true);
        const std::lock_guard lock(mutex_);
        if (placement_ != Placement::Free)
            placeHelpers();
        return {};
    }
    auto sum = processorTimes(owner_);
    for (const auto helper : helpers_) {
        const auto times = processorTimes(helper);
        if (!sum || !times)
            return {};
        sum->running += times->running;
        sum->waiting += times->waiting;
    }
    return sum;
}

void OpenMpTeam::setShortTurns(bool wanted) {
    takeShortTurns_ = wanted;
    const auto turn = wanted ? Turn::Short : Turn::Standard;
    setTurn(owner_, turn);
    for (const auto helper : helpers_)
        setTurn(helper, turn);
}

void OpenMpTeam::place(Placement placement) {
    if (placement == std::exchange(placement_, placement))
        return;
    watch_ = {}; // ends it
    {
        const std::lock_guard lock(mutex_);
        placeHelpers();
    }
    if (placement == Placement::Apart)
        watch_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
}

void OpenMpTeam::placeHelpers() {
    const auto owner = threadState(owner_);
    auto places = ProcessorSet::of(owner_);
    if (!owner || !places)
        return;
    isFetched_ = false;
    place_ = placement_ == Placement::Free ? -1 : owner->processor;
    if (places->count() > 1)
        places = places->without(place_);
    for (const auto helper : helpers_)
        places->keep(helper);
}

void OpenMpTeam::watch(const std::stop_token& stop) {
    setScheduling(Scheduling::Responsive);
    while (!stop.stop_requested()) {
        std::this_thread::sleep_for(kBetweenLooks);
        const std::lock_guard lock(mutex_);
        look();
    }
}

void OpenMpTeam::look() {
    const auto owner = threadState(owner_);
    if (!owner)
        return;
    if (owner->isReady && (isFetched_ || owner->processor != place_))
        placeHelpers();
    for (std::size_t i = 0; i < helpers_.size(); ++i) {
        const auto time = runningTime(helpers_[i]);
        const bool stands = time && time == std::exchange(seen_[i], time);
        if (!stands || owner->isReady || isFetched_)
            continue;
        // The owner waits for a thread that would run if it had a processor.
        const auto helper = threadState(helpers_[i]);
        if (helper && helper->isReady)
            isFetched_ = ProcessorSet::only(owner->processor).keep(helpers_[i]);
    }
}

} // namespace gradwright
