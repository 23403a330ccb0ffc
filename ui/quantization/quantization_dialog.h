// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/project_document.h"
#include "ui/quantization/quantization_form.h"
#include "ui/quantization/run_quantizer.h"
#include "ui/session/background_jobs.h"
#include "ui/session/trained_model.h"

#include <QDialog>
#include <QTimer>

#include <array>
#include <filesystem>
#include <memory>
#include <string>

class QComboBox;
class QLabel;
class QProgressBar;
class QPushButton;
class QSpinBox;
class QTreeWidget;
class QTreeWidgetItem;

namespace gradwright {

/// A trained run in integers of 8 bits, or with kernels of dense layers in 4 bits: how ranges are
/// found and with how many samples, what that costs in accuracy and brings in size, and the error
/// that each layer causes alone. Layers are kept in FP32 by a click, and the accuracy is measured
/// again. The result answers on the Inference page, and is written as .gwmodel or as ONNX.
class QuantizationDialog final : public QDialog {
    Q_OBJECT
public:
    QuantizationDialog(ProjectDocument& document, QWidget* window);

    /// What a figure is about.
    enum Figure { kQualityFigure, kLossFigure, kWeightsFigure, kFigures };
    enum Side { kRealSide, kIntegersSide, kSides };

    [[nodiscard]] QuantizationForm& form() { return *form_; }
    [[nodiscard]] QComboBox& runs() { return form_->runs(); }
    [[nodiscard]] QSpinBox& samples() { return form_->samples(); }
    [[nodiscard]] QPushButton& startButton() { return *start_; }
    [[nodiscard]] QPushButton& useButton() { return *use_; }
    [[nodiscard]] QPushButton& saveButton() { return *save_; }
    [[nodiscard]] QPushButton& exportButton() { return *export_; }
    /// Shown where integers lose more than half a point.
    [[nodiscard]] QPushButton& trainButton() { return *train_; }
    [[nodiscard]] QTreeWidget& layers() { return *layers_; }
    [[nodiscard]] QLabel& said() { return *said_; }
    [[nodiscard]] QLabel& figure(Figure figure, Side side) { return *figures_[figure][side]; }
    [[nodiscard]] const std::shared_ptr<const QuantizedRun>& result() const { return result_; }
    [[nodiscard]] RunQuantizer& quantizer() { return quantizer_; }

Q_SIGNALS:
    /// The Inference page is to answer with it.
    void useWanted(const std::shared_ptr<const gradwright::TrainedModel>& model);
    /// The network is to be trained on from the weights of the run, for these integers: a choice of
    /// the training's setting "integers".
    void trainingWanted(const std::filesystem::path& run, const std::string& integers);

private:
    [[nodiscard]] QWidget* figures();
    /// Of the result.
    [[nodiscard]] QString formatName() const;
    void makeLayers();
    void listRuns();
    void forget();
    void startOrStop();
    void showResult(std::shared_ptr<const QuantizedRun> result);
    void showFigures();
    void showLayers();
    void offerTraining();
    void showRunning(bool running);
    /// So that only what can be done can be pressed.
    void enable();
    void keepChosen();
    void use();
    void save();
    void exportOnnx();

    ProjectDocument* document_;
    QuantizationForm* form_;
    QPushButton* start_;
    QProgressBar* progress_;
    QLabel* said_;
    QLabel* lost_; ///< how much integers lose, where it is too much
    QPushButton* train_;
    QTreeWidget* layers_;
    QPushButton* use_;
    QPushButton* save_;
    QPushButton* export_;
    QWidget* comparison_ = nullptr; ///< of FP32 and integers
    QLabel* integersTitle_ = nullptr;
    std::array<QLabel*, kFigures> names_{};
    std::array<std::array<QLabel*, kSides>, kFigures> figures_{};
    std::shared_ptr<const QuantizedRun> result_;
    QTimer pause_; ///< until no further layer is clicked
    int listing_ = 0;
    RunQuantizer quantizer_;
    BackgroundJobs jobs_; ///< ends before what it writes to
};

} // namespace gradwright
