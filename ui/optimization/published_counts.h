// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/background_jobs.h"

#include <QWidget>

class QLabel;
class QPushButton;
class QTableWidget;

namespace gradwright {

/// The layers that NVIDIA published before and after TensorRT, beside what the passes here leave of
/// the same networks and of the open one, with the rule by which they are counted.
class PublishedCounts final : public QWidget {
    Q_OBJECT
public:
    explicit PublishedCounts(QWidget* parent = nullptr);

    /// Of the open network.
    void showOwn(std::int64_t before, std::int64_t after);
    void clearOwn();

    [[nodiscard]] QTableWidget& table() { return *table_; }
    [[nodiscard]] QPushButton& countButton() { return *count_; }

private:
    void count();
    void setOurs(int row, const QString& before, const QString& after);

    QTableWidget* table_;
    QPushButton* count_;
    QLabel* wrong_;
    int job_ = 0;
    BackgroundJobs jobs_; ///< ends before what it writes to
};

} // namespace gradwright
