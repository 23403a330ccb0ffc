// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/background_jobs.h"
#include "ui/shell/recent_projects.h"
#include "ui/theme/theme_manager.h"

#include <QWidget>

#include <string>
#include <utility>
#include <vector>

class QGridLayout;
class QLabel;
class QLineEdit;
class QPushButton;
class QFrame;
class QScrollArea;
class QVBoxLayout;

namespace gradwright {

class ChallengeChart;
class TemplateCard;
class TemplateDetails;

/// The gallery of templates by section, and the files opened last. Templates are read in the
/// background: the window is there at once, however many there are.
class WelcomePage final : public QWidget {
    Q_OBJECT
public:
    explicit WelcomePage(const ThemeManager& themes, QWidget* parent = nullptr);

    /// What was opened or trained last, and how many networks are not saved, with their size.
    void setRecent(const std::vector<RecentProject>& projects, qsizetype unsaved,
                   std::uintmax_t unsavedBytes);
    /// What is worth trying with a template; empty until it has been read.
    [[nodiscard]] QString tryThis(const std::string& key) const;
    /// The first template in sight; nullptr where none is listed.
    [[nodiscard]] QWidget* firstCard() const;
    /// Whether files are being dragged over the window: the drop zone shows that it takes them.
    void setDropping(bool dropping);
    /// Keys and names of the templates that have been read so far.
    [[nodiscard]] std::vector<std::pair<std::string, QString>> templateNames() const;

    /// What is typed next is looked for.
    void beginSearch();

Q_SIGNALS:
    void templateChosen(const std::string& key);
    void blankChosen();
    void openChosen();
    /// Data of the user's: a file, or a folder.
    void dataWanted(bool folder);
    void fileChosen(const QString& file);
    /// Back to the project that is open.
    void leaveWanted();
    void networkChosen(const std::string& uuid);
    void unsavedChosen();

protected:
    void showEvent(QShowEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    struct Section {
        QLabel* title;
        QWidget* body;
        QGridLayout* grid;
        std::vector<TemplateCard*> cards;
    };

    QWidget* makeHead();
    QWidget* makeGallery();
    QWidget* makeDetails();
    QWidget* makeDropZone();
    void addSection(const QString& title);
    void addChallenge();
    void addCard(const std::string& key);
    void readNext(std::size_t index);
    void arrange();
    void look(TemplateCard& card);
    [[nodiscard]] TemplateCard* firstHit() const;
    [[nodiscard]] bool isShownHit() const;

    const ThemeManager* themes_;
    QLineEdit* search_ = nullptr;
    QPushButton* openFile_ = nullptr;
    QFrame* dropZone_ = nullptr;
    QLabel* nothing_ = nullptr;
    QScrollArea* scroll_ = nullptr;
    TemplateDetails* details_ = nullptr;
    QVBoxLayout* column_ = nullptr;
    std::vector<Section> sections_;
    ChallengeChart* challenge_ = nullptr; ///< above the cards of its section
    int columns_ = 0;
    QWidget* recentPart_ = nullptr;
    QGridLayout* recent_ = nullptr;
    QPushButton* unsaved_ = nullptr;
    std::vector<RecentProject> shownRecent_;
    BackgroundJobs jobs_; ///< last: its deliveries use the rest
};

} // namespace gradwright
