// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/classical/method.h"

#include <string>
#include <utility>
#include <vector>

namespace CLI {
class App;
}

namespace gradwright::cli {

/// Which classical methods, and their parameters, from the command line.
class MethodOptions {
public:
    void addTo(CLI::App& command);
    /// Those that were named, or all that can learn such samples. Throws UsageError for what cannot
    /// be right.
    [[nodiscard]] std::vector<std::pair<const MethodDef*, ParamValues>> chosen(bool classes) const;
    [[nodiscard]] std::size_t named() const { return names_.size(); }
    [[nodiscard]] bool areNamed() const { return !names_.empty(); }

private:
    std::vector<std::string> names_;
    std::vector<std::string> assignments_; ///< "svm-rbf.c=10"
};

} // namespace gradwright::cli
