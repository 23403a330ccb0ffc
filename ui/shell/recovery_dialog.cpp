// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/recovery_dialog.h"

#include "engine/graph/analysis.h"
#include "engine/project/project_diff.h"
#include "engine/project/project_file.h"
#include "ui/shell/network_strip.h"
#include "ui/theme/counted_text.h"
#include "ui/theme/spoken.h"
#include "ui/theme/text.h"

#include <QComboBox>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QTextBrowser>
#include <QVBoxLayout>

namespace gradwright {

namespace {

constexpr int kSideWidth = 320;
constexpr int kPictureHeight = 92;
constexpr int kChangesHeight = 120;

QString timeText(const QDateTime& time) {
    return QLocale().toString(time, QLocale::ShortFormat);
}

class Picture final : public QWidget, public Spoken {
public:
    Picture(const Graph& graph, const ThemeManager& themes)
        : strip_(graph)
        , themes_(&themes) {
        setFixedHeight(kPictureHeight);
        setAccessibleName(RecoveryDialog::tr("Picture of the layers"));
    }

    [[nodiscard]] QAccessible::Role spokenRole() const override { return QAccessible::Graphic; }

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(themes_->theme().canvas);
        painter.drawRoundedRect(rect(), 5, 5);
        strip_.paint(painter, rect(), themes_->theme());
    }

private:
    NetworkStrip strip_;
    const ThemeManager* themes_;
};

/// One state of a project; without one, why there is none.
QWidget* makeSide(const QString& title, const QString& detail, const Project* project,
                  const ThemeManager& themes) {
    auto* const card = new QFrame;
    card->setProperty("role", QStringLiteral("card"));
    card->setFixedWidth(kSideWidth);
    auto* const heading = new QLabel(title);
    heading->setProperty("textRole", QStringLiteral("title"));
    auto* const note = new QLabel(detail);
    note->setProperty("textRole", QStringLiteral("muted"));
    note->setWordWrap(true);
    note->setTextFormat(Qt::PlainText);
    auto* const layout = new QVBoxLayout(card);
    layout->setContentsMargins(12, 12, 12, 12);
    layout->setSpacing(8);
    layout->addWidget(heading);
    layout->addWidget(note);
    if (project != nullptr) {
        const Analysis analysis = analyze(project->network);
        const auto layers = static_cast<std::int64_t>(analysis.nodes.size());
        layout->addWidget(new Picture(project->network.main, themes));
        layout->addWidget(new QLabel(RecoveryDialog::tr("%1, %2").arg(
            countedText(layers, RecoveryDialog::tr("1 layer"), RecoveryDialog::tr("%1 layers")),
            countedText(analysis.parameters, RecoveryDialog::tr("1 parameter"),
                        RecoveryDialog::tr("%1 parameters")))));
    }
    layout->addStretch();
    return card;
}

std::optional<Project> readOrNothing(const std::filesystem::path& file, QString& reason) {
    try {
        return loadProject(file);
    } catch (const std::exception& error) {
        reason = QString::fromUtf8(error.what());
        return {};
    }
}

} // namespace

RecoveryDialog::RecoveryDialog(std::vector<RecoverableProject> found, const ThemeManager& themes,
                               QWidget* parent)
    : QDialog(parent)
    , found_(std::move(found))
    , themes_(&themes)
    , choice_(new QComboBox)
    , sides_(new QHBoxLayout)
    , changes_(new QTextBrowser) {
    setWindowTitle(tr("Unsaved work was found"));
    auto* const text = new QLabel(tr("Gradwright ended before these changes were saved. Nothing is "
                                     "lost: choose the state to open."));
    text->setWordWrap(true);
    for (const RecoverableProject& each : found_)
        choice_->addItem(QStringLiteral("%1   %2").arg(each.name, timeText(each.time)));
    choice_->setVisible(found_.size() > 1);
    choice_->setAccessibleName(tr("Project"));
    sides_->setSpacing(12);
    changes_->setFixedHeight(kChangesHeight);
    changes_->setAccessibleName(tr("What changed since it was saved"));
    changes_->setObjectName(QStringLiteral("changes"));
    auto* const row = new QHBoxLayout;
    addButton(*row, tr("Discard unsaved work"), "discard", Answer::DiscardUnsaved);
    row->addStretch();
    addButton(*row, tr("Later"), "later", Answer::Later);
    openSaved_ = addButton(*row, tr("Open the saved file"), "openSaved", Answer::OpenSaved);
    auto* const open = addButton(*row, tr("Open unsaved work"), "openUnsaved", Answer::OpenUnsaved);
    open->setProperty("kind", QStringLiteral("primary"));
    open->setDefault(true);
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 16, 16, 16);
    layout->setSpacing(12);
    layout->addWidget(text);
    layout->addWidget(choice_);
    layout->addLayout(sides_);
    layout->addWidget(changes_);
    layout->addLayout(row);
    layout->setSizeConstraint(QLayout::SetFixedSize);
    connect(choice_, &QComboBox::currentIndexChanged, this, &RecoveryDialog::showChosen);
    showChosen();
    open->setFocus(); // Space, too, is to lose nothing
}

QPushButton* RecoveryDialog::addButton(QHBoxLayout& row, const QString& text, const char* name,
                                       Answer answer) {
    auto* const button = new QPushButton(text);
    button->setObjectName(QLatin1String(name));
    button->setAutoDefault(false);
    connect(button, &QPushButton::clicked, this, [this, answer] { finish(answer); });
    row.addWidget(button);
    return button;
}

const RecoverableProject& RecoveryDialog::chosen() const {
    return found_[static_cast<std::size_t>(std::max(choice_->currentIndex(), 0))];
}

void RecoveryDialog::showChosen() {
    while (QLayoutItem* const item = sides_->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    const RecoverableProject& each = chosen();
    QString reason;
    std::optional<Project> saved;
    QString savedDetail = tr("This project has not been saved to a file yet.");
    if (each.file) {
        const QFileInfo info(qstr(each.file->string()));
        saved = readOrNothing(*each.file, reason);
        savedDetail =
            saved ? tr("%1, saved on %2").arg(info.filePath(), timeText(info.lastModified()))
                  : reason;
    }
    std::optional<Project> unsaved;
    QString unsavedDetail = tr("%1, kept on %2").arg(each.name, timeText(each.time));
    try {
        unsaved = readAutosave(each.autosave).project;
    } catch (const std::exception& error) {
        unsavedDetail = QString::fromUtf8(error.what());
    }
    sides_->addWidget(
        makeSide(tr("As it was saved"), savedDetail, saved ? &*saved : nullptr, *themes_));
    sides_->addWidget(
        makeSide(tr("Unsaved work"), unsavedDetail, unsaved ? &*unsaved : nullptr, *themes_));
    openSaved_->setEnabled(saved.has_value());
    QStringList lines;
    if (saved && unsaved)
        for (const std::string& line : describeChanges(*saved, *unsaved))
            lines << qstr(line);
    changes_->setVisible(saved.has_value());
    changes_->setPlainText(lines.isEmpty() ? tr("Both are equal.") : lines.join(QLatin1Char('\n')));
}

void RecoveryDialog::finish(Answer answer) {
    answer_ = answer;
    answer == Answer::Later ? reject() : accept();
}

} // namespace gradwright

#include "moc_recovery_dialog.cpp"
