// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/drawing/drawn_set.h"
#include "ui/inference/input_panel.h"
#include "ui/session/background_jobs.h"
#include "ui/session/live_reader.h"

#include <QImage>

class QLabel;

namespace gradwright {

class AnswerCard;
class DrawingCard;
class DrawingPad;
class FolderCard;
class PictureCard;
class PixelPanel;
class ThemeManager;

/// For networks that read images: a pad to draw on, which shows pictures from files, the clipboard
/// and the test set, too, and what the network makes of them.
class ImagePanel final : public InputPanel {
    Q_OBJECT

public:
    explicit ImagePanel(ThemeManager& theme, QWidget* parent = nullptr);

    /// Reads an image file in the background; what is wrong with it is said in place.
    void openImage(const QString& file);
    void pasteImage();
    /// Whether the user can say what an image is: which classes there are to choose from, and what
    /// stands in the way.
    void setDrawnSet(const std::vector<std::string>& classes, const QString& obstacle);
    /// The image that is read has been added to the data, or is no longer there.
    void setAdded(bool added) { added_ = added; }
    /// Reads all images of a folder.
    void openFolder(const QString& folder);
    [[nodiscard]] FolderCard& folder() { return *folder_; }
    [[nodiscard]] DrawingPad& pad();
    [[nodiscard]] AnswerCard& answer() { return *answer_; }
    [[nodiscard]] PixelPanel& pixels() { return *pixels_; }

    void setModel(const std::shared_ptr<const TrainedModel>& model, bool live) override;
    void setData(const DataInfo& info) override;
    void clear() override;
    void showReason(const QString& reason) override;
    void showSample(std::int64_t sample) override;
    [[nodiscard]] bool accepts(const QMimeData& mime) const override;
    void take(const QMimeData& mime) override;
    [[nodiscard]] int comfortableWidth() const override;
    void setRoom(QSize room) override;
    [[nodiscard]] QList<QAction*> menuActions() const override;

Q_SIGNALS:
    /// The image that is read belongs to that class.
    void classSaid(const gradwright::DrawnImage& image, const QString& name);
    /// For the status line.
    void hint(const QString& text);

private:
    QWidget* makePixelCard();
    void connectReader();
    void showKind();
    /// Shows a picture in place of a drawing; `prepare` makes the network's input of it.
    void showPicture(const QImage& picture, PrepareInput prepare, DrawnImage source);
    void say(const QString& name);
    void updateChoice();
    void showFolder(bool shown);
    void read();
    void updateHint();

    ThemeManager* theme_;
    std::shared_ptr<const TrainedModel> model_;
    LiveReader* reader_;
    DrawingCard* drawing_;
    AnswerCard* answer_;
    PixelPanel* pixels_;
    QWidget* pixelCard_ = nullptr;
    PictureCard* pictures_;
    FolderCard* folder_;
    QLabel* pixelShape_ = nullptr;
    PrepareInput prepare_;             ///< of the picture on the pad
    std::int64_t sample_ = -1;         ///< of the test set, that is read
    DrawnImage source_;                ///< the file of the picture on the pad
    std::vector<std::string> classes_; ///< that can be said
    QString obstacle_;                 ///< why nothing can be said
    bool added_ = false;
    bool showsSample_ = false; ///< the pad changes because a sample is shown
    int opening_ = 0;
    BackgroundJobs jobs_; ///< last: its deliveries use the rest
};

} // namespace gradwright
