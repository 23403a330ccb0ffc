// SPDX-License-Identifier: GPL-3.0-or-later
#include "engine/exchange/prepared_program.h"

#include "engine/exchange/data_program.h"
#include "engine/project/runs.h"

#include <filesystem>
#include <utility>

namespace gradwright {

PreparedProgram preparedProgram(const CodeFormat& format, const Project& project,
                                const std::optional<std::filesystem::path>& file) {
    PreparedProgram made{format.write(project.network), {}};
    auto runs = RunDirectory::list(runsFolder(project, file));
    bool isTrained = false;
    for (; !runs.empty(); runs.pop_back()) {
        const auto& run = runs.back();
        if (!std::filesystem::exists(run.path() / "run.json"))
            continue;
        isTrained = true;
        if (projectOfRun(run).network != project.network)
            continue;
        made.text =
            withDataProgram(made.text, format.key, dataInfoOfRun(run), run.name(), project.network);
        return made;
    }
    made.note =
        isTrained
            ? "raw inputs are not prepared, since the network has been changed since it was "
              "trained; train it again, or export one of its runs (gradwright-cli export RUN)"
            : "raw inputs are not prepared, since the project has not been trained; train it and "
              "export it again, or its run (gradwright-cli export RUN)";
    made.text = withoutDataProgram(made.text, made.note);
    return made;
}

} // namespace gradwright
