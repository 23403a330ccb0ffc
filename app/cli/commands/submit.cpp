// SPDX-License-Identifier: GPL-3.0-or-later
//
// Job scripts for clusters: a training on several nodes, as Slurm wants to be told of it.
#include "app/cli/commands/commands.h"
#include "app/cli/exit_codes.h"
#include "app/cli/output.h"
#include "engine/io/atomic_file.h"
#include "engine/project/own_project.h"
#include "engine/project/templates.h"

#include <CLI/CLI.hpp>

#include <fstream>
#include <iterator>
#include <memory>

namespace gradwright::cli {
namespace {

struct SubmitOptions {
    std::string project;
    std::string site;
    std::string output;
    std::string time = "08:00:00";
    std::string partition;
    int nodes = 1;
    int ranksPerNode = 1;
    int processors = 0;
    std::vector<std::string> training;
};

/// As a shell takes it for one word.
std::string quoted(const std::string& word) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                       "0123456789_-./:=,+@%";
    if (!word.empty() && word.find_first_not_of(plain) == std::string::npos)
        return word;
    std::string text = "'";
    for (const char c : word)
        text += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return text + "'";
}

std::string siteLines(const std::string& file) {
    if (file.empty())
        return {};
    std::ifstream stream(file, std::ios::binary);
    if (!stream)
        throw UsageError("--site: {} cannot be read; it holds lines of shell that the site wants "
                         "in front, such as #SBATCH --account=… and module load openmpi",
                         file);
    std::string text((std::istreambuf_iterator<char>(stream)), {});
    if (!text.empty() && !text.ends_with('\n'))
        text += '\n';
    return text;
}

void requireOneLine(std::string_view option, const std::string& value) {
    if (value.find_first_of("\n\r \t") != std::string::npos)
        throw UsageError("{}: \"{}\" must be one word", option, value);
}

/// Slurm reads its directives up to the first command, so the site's lines follow them.
std::string scriptOf(const SubmitOptions& options) {
    requireOneLine("--time", options.time);
    requireOneLine("--partition", options.partition);
    std::string command = "gradwright-cli train " + quoted(options.project);
    for (const auto& word : options.training)
        command += " " + quoted(word);
    std::string text = "#!/bin/bash\n#SBATCH --job-name=gradwright\n";
    text += fmt::format("#SBATCH --nodes={}\n#SBATCH --ntasks-per-node={}\n", options.nodes,
                        options.ranksPerNode);
    if (options.processors > 0)
        text += fmt::format("#SBATCH --cpus-per-task={}\n", options.processors);
    else
        text += "#SBATCH --exclusive\n";
    text += fmt::format("#SBATCH --time={}\n", options.time);
    if (!options.partition.empty())
        text += fmt::format("#SBATCH --partition={}\n", options.partition);
    // Two minutes before the time is up all ranks stop after the same step and save the run.
    text += "#SBATCH --signal=TERM@120\n";
    text += siteLines(options.site);
    text += "\nset -e\n";
    text += fmt::format("srun --mpi=pmix --cpu-bind=none {}\n", command);
    text += fmt::format("# Without Slurm, HOSTS being a file of Open MPI's:\n"
                        "# mpirun --hostfile HOSTS -n {} --map-by ppr:{}:node --bind-to none {}\n",
                        options.nodes * options.ranksPerNode, options.ranksPerNode, command);
    return text;
}

void runSubmit(const SubmitOptions& options) {
    openProject(options.project); // what cannot be opened here would fail in the queue
    const auto script = scriptOf(options);
    if (options.output.empty()) {
        printLine(script.substr(0, script.size() - 1));
        return;
    }
    AtomicFile file(options.output);
    file.write(script);
    file.commit();
    printLine(fmt::format("{} is written. Submit it with: sbatch {}", options.output,
                          quoted(options.output)));
}

} // namespace

void addSubmitCommand(CLI::App& app, int&) {
    auto options = std::make_shared<SubmitOptions>();
    auto* command = app.add_subcommand(
        "submit", "Write a job script that trains on several nodes of a cluster (Slurm)");
    command->add_option("project", options->project, "A project file or template:NAME")->required();
    command->add_option("--nodes", options->nodes, "Computers")
        ->check(CLI::Range(1, 100'000))
        ->capture_default_str();
    command->add_option("--ranks-per-node", options->ranksPerNode, "Processes on each of them")
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    command
        ->add_option("--processors", options->processors,
                     "Of each process; without it the nodes are not shared with other jobs")
        ->check(CLI::Range(1, 4096));
    command->add_option("--time", options->time, "The longest that the job may take")
        ->capture_default_str();
    command->add_option("--partition", options->partition, "The queue, where the site has several");
    command->add_option("--site", options->site,
                        "A file of lines that the site wants in the script: #SBATCH, module load");
    command->add_option("--output,-o", options->output, "The script; without it, it is printed");
    command->add_option("training", options->training,
                        "After -- what goes to the command train: -- --epochs 20");
    command->callback([options] { runSubmit(*options); });
}

} // namespace gradwright::cli
