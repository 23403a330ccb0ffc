// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/data/download/known_sets.h"
#include "ui/session/background_jobs.h"

#include <QDialog>
#include <QPointer>

#include <optional>
#include <vector>

class QComboBox;
class QLabel;
class QLineEdit;
class QProgressBar;
class QPushButton;

namespace gradwright {

/// Brings a known data set onto this computer. What has arrived stays when it is stopped, and the
/// next time it continues from there. It is accepted once the files are there.
class DownloadDialog final : public QDialog {
    Q_OBJECT

public:
    /// `jobs` outlives the dialog.
    DownloadDialog(BackgroundJobs& jobs, std::vector<KnownSet> sets, QWidget* parent = nullptr);
    ~DownloadDialog() override;

    /// What reads the files; nothing before they are there.
    [[nodiscard]] const std::optional<DataChoice>& choice() const { return choice_; }
    [[nodiscard]] QString title() const;

private:
    void layOut();
    void showSet();
    void begin();
    void end(const QString& message, bool isFault);
    void say(const QString& message, bool isFault);
    void showState(const FetchState& state);
    void setBusy(bool busy);
    [[nodiscard]] std::optional<QString> writtenFolder() const;
    [[nodiscard]] const KnownSet& set() const;
    [[nodiscard]] static QString usualFolder(const KnownSet& set);

    std::vector<KnownSet> sets_;
    std::optional<DataChoice> choice_;
    QComboBox* names_;
    QLabel* about_;
    QLineEdit* folder_;
    QLabel* state_;
    QProgressBar* progress_;
    QPushButton* start_;
    QPushButton* stop_;
    QPushButton* browse_;
    QPointer<BackgroundJobs> jobs_; ///< gone where its owner is destroyed first
    int job_ = 0;
};

} // namespace gradwright
