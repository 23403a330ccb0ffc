// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/backend/backend.h"

#include <list>
#include <memory>

namespace gradwright {

/// The programs of one graph by batch size and mode, least recently used ones dropped, all on one
/// weight store. Used by one thread at a time.
class ProgramCache {
public:
    /// Batch size and mode of `options` don't count.
    ProgramCache(std::shared_ptr<const Backend> backend, OpGraph graph, CompileOptions options = {},
                 std::size_t capacity = 8);
    /// Programs of another graph of the same weights adopt these.
    void adopt(std::shared_ptr<WeightStore> weights) { weights_ = std::move(weights); }

    /// Compiles at the first call for a batch size and mode. The reference stays valid until
    /// `capacity` other programs were asked for. Throws what Backend::compile throws.
    Program& get(std::int64_t batch, Mode mode);

    [[nodiscard]] const OpGraph& graph() const { return graph_; }
    /// The programs' weights; there are some as soon as one program was compiled.
    [[nodiscard]] const std::shared_ptr<WeightStore>& weights() const { return weights_; }
    [[nodiscard]] std::size_t size() const { return programs_.size(); }

private:
    std::shared_ptr<const Backend> backend_;
    OpGraph graph_;
    CompileOptions options_;
    std::size_t capacity_;
    std::shared_ptr<WeightStore> weights_;
    std::list<std::unique_ptr<Program>> programs_; ///< most recently used first
};

} // namespace gradwright
