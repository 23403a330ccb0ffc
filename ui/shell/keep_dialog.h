// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/project/unsaved_networks.h"
#include "ui/session/background_jobs.h"

#include <QDialog>
#include <QString>

#include <filesystem>
#include <optional>
#include <vector>

class QHBoxLayout;
class QLabel;
class QPushButton;

namespace gradwright {

/// The question about a network that was trained and not saved, when it is about to leave its
/// window. Saving is the default, and nothing is deleted by leaving it.
class KeepDialog final : public QDialog {
    Q_OBJECT
public:
    enum class Answer { Cancel, Save, Keep, Delete };
    /// What becomes of a training that is active, in a sentence; empty without one.
    struct Subject {
        QString name;
        QString training;
        std::vector<std::filesystem::path> folders; ///< of its runs
    };

    explicit KeepDialog(const Subject& subject, QWidget* parent = nullptr);

    [[nodiscard]] Answer answer() const { return answer_; }
    /// Its runs; nothing until they have been read.
    [[nodiscard]] const std::optional<UnsavedNetwork>& network() const { return network_; }

private:
    QPushButton* addButton(QHBoxLayout& row, const QString& text, const char* name, Answer answer);

    Answer answer_ = Answer::Cancel;
    std::optional<UnsavedNetwork> network_;
    QLabel* facts_;
    QPushButton* delete_ = nullptr;
    BackgroundJobs jobs_; ///< last: its deliveries use the rest
};

} // namespace gradwright
