// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/project_document.h"
#include "ui/session/background_jobs.h"
#include "ui/session/trained_model.h"
#include "ui/session/training_session.h"

#include <QTimer>
#include <QWidget>

#include <functional>
#include <memory>
#include <string>
#include <vector>

class QComboBox;
class QLabel;

namespace gradwright {

/// What answers: the weights of a run, a classical method that was fitted and saved, or, while a
/// run trains, its newest ones, asked for at most twice a second and only while this is to be seen.
class ModelChooser : public QWidget {
    Q_OBJECT

public:
    ModelChooser(ProjectDocument& document, TrainingSession& session, QWidget* parent = nullptr);

    /// Reads the list of runs again, in the background.
    void refresh();
    /// Offers a model that no run of the project is, until another project is opened, and takes it.
    /// One of the same TrainedModel::run takes the place of the one before.
    void offer(std::shared_ptr<const TrainedModel> model);
    [[nodiscard]] const std::shared_ptr<const TrainedModel>& model() const { return model_; }
    [[nodiscard]] bool followsTraining() const;
    [[nodiscard]] bool isLoading() const { return loading_ != 0; }
    [[nodiscard]] QComboBox& box() { return *box_; }

Q_SIGNALS:
    /// `live`: newer weights of the model that was in use.
    void modelChanged(bool live);
    void failed(const QString& reason);

protected:
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    struct Entry {
        std::string title;
        std::filesystem::path folder;
    };

    void fill(std::vector<Entry> runs);
    void chooseCurrent();
    void openFitted(const std::filesystem::path& file);
    void openRun(const std::filesystem::path& folder);
    void openAsOpened();
    /// On a background thread, which is handed the model that is in use.
    void open(std::function<TrainedModel(const TrainedModel* opened)> make);
    void take(const SnapshotTaken& snapshot);
    void use(std::shared_ptr<const TrainedModel> model, bool live);
    void updateTimer();

    ProjectDocument* document_;
    TrainingSession* session_;
    QComboBox* box_;
    QLabel* weights_;
    std::shared_ptr<const TrainedModel> model_;
    std::vector<Entry> listed_; ///< as they were listed last
    std::vector<std::shared_ptr<const TrainedModel>> offered_;
    QString asked_;                  ///< what is to be chosen with the next list
    std::filesystem::path wanted_;   ///< the run that is in use or being opened
    std::filesystem::path training_; ///< the run that trained last
    int loading_ = 0;
    int listing_ = 0;
    QTimer snapshotTimer_;
    BackgroundJobs jobs_; ///< last: its deliveries use the rest
};

} // namespace gradwright
