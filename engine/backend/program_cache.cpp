// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/backend/program_cache.h"

#include <algorithm>
#include <utility>

namespace gradwright {

ProgramCache::ProgramCache(std::shared_ptr<const Backend> backend, OpGraph graph,
                           CompileOptions options, std::size_t capacity)
    : backend_(std::move(backend))
    , graph_(std::move(graph))
    , options_(std::move(options))
    , capacity_(std::max<std::size_t>(capacity, 1)) {}

Program& ProgramCache::get(std::int64_t batch, Mode mode) {
    const auto found = std::ranges::find_if(programs_, [&](const auto& program) {
        return program->options().batch == batch && program->options().mode == mode;
    });
    if (found != programs_.end()) {
        programs_.splice(programs_.begin(), programs_, found);
        return *programs_.front();
    }
    options_.batch = batch;
    options_.mode = mode;
    programs_.push_front(backend_->compile(graph_, options_, weights_));
    weights_ = programs_.front()->weights();
    if (programs_.size() > capacity_)
        programs_.pop_back();
    return *programs_.front();
}

} // namespace gradwright
