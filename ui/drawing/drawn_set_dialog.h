// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>

#include <filesystem>
#include <string>
#include <vector>

class QLabel;
class QLineEdit;
class QPushButton;

namespace gradwright {

/// Asks where images go that a person adds: into a new set in the project's own folder, or into a
/// folder of images by class that is there.
class DrawnSetDialog : public QDialog {
    Q_OBJECT

public:
    DrawnSetDialog(std::filesystem::path root, std::vector<std::string> classes, QWidget* parent);

    [[nodiscard]] std::filesystem::path folder() const;

private:
    void chooseExisting();
    void check();
    [[nodiscard]] QString problem() const;
    [[nodiscard]] QString shortList() const;

    std::filesystem::path root_;
    std::vector<std::string> classes_;
    std::filesystem::path existing_; ///< empty: a new set
    QLineEdit* name_;
    QLabel* place_;
    QLabel* problem_;
    QPushButton* accept_;
};

} // namespace gradwright
