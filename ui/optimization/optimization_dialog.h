// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/inference/latency.h"
#include "engine/inference/layer_times.h"
#include "engine/passes/inference/optimize.h"
#include "ui/document/project_document.h"
#include "ui/session/background_jobs.h"

#include <QDialog>

#include <optional>
#include <set>
#include <string>

class QLabel;
class QListWidget;
class QPushButton;
class QTableWidget;
class QTabWidget;

namespace gradwright {

class LayerLists;
class PassPicture;
class PruningTab;
class PublishedCounts;

/// What is left of a network once it only has to answer: each pass for inference with what it finds
/// in the open network, to be switched off and on, the layers that became one, and the time before
/// and after, of the whole and of each layer, measured here; and the network as a file, optimized.
/// What is read and drawn on the Inference page is computed with all passes, whatever is switched
/// here.
class OptimizationDialog final : public QDialog {
    Q_OBJECT
public:
    OptimizationDialog(ProjectDocument& document, QWidget* window);

    [[nodiscard]] QTableWidget& passes() { return *passes_; }
    [[nodiscard]] QListWidget& merges() { return *merges_; }
    [[nodiscard]] PassPicture& picture() { return *picture_; }
    [[nodiscard]] QLabel& summary() { return *summary_; }
    [[nodiscard]] QLabel& times() { return *times_; }
    [[nodiscard]] QPushButton& measureButton() { return *measure_; }
    [[nodiscard]] QPushButton& saveButton() { return *save_; }
    [[nodiscard]] QTabWidget& tabs() { return *tabs_; }
    [[nodiscard]] LayerLists& layers() { return *layers_; }
    [[nodiscard]] PublishedCounts& published() { return *published_; }
    [[nodiscard]] PruningTab& pruning() { return *pruning_; }

private:
    struct Times {
        Latency before, after;
    };
    /// What is found of a network.
    struct Found {
        OptimizationReport report;
        std::vector<LayerTime> before, after;
    };
    struct Measured {
        std::vector<Times> times;
        LayerTimes before, after;
    };

    void listPasses();
    /// Where it is another network than before.
    void takeNetwork();
    void optimizeAgain();
    [[nodiscard]] QWidget* passesTab();
    void showReport(const OptimizationReport& report);
    void save();
    void showPass();
    void measure();
    void showTimes(const std::vector<Times>& times);
    [[nodiscard]] std::set<std::string> leftOut() const;

    ProjectDocument* document_;
    Network network_;
    QLabel* summary_;
    QTabWidget* tabs_;
    QTableWidget* passes_;
    QLabel* text_;
    PassPicture* picture_;
    QListWidget* merges_;
    LayerLists* layers_;
    PruningTab* pruning_;
    PublishedCounts* published_;
    QPushButton* measure_;
    QPushButton* save_;
    QLabel* times_;
    std::optional<OptimizationReport> report_;
    int job_ = 0;         ///< that finds
    int measuring_ = 0;   ///< the job that measures, or 0
    int saving_ = 0;      ///< the job that writes a file, or 0
    BackgroundJobs jobs_; ///< ends before what it writes to
};

} // namespace gradwright
