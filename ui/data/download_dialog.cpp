// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/data/download_dialog.h"

#include "engine/project/runs.h"
#include "engine/support/byte_text.h"
#include "ui/data/data_label.h"
#include "ui/forms/file_dialogs.h"
#include "ui/theme/text.h"

#include <QComboBox>
#include <QDir>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QStyle>
#include <QUrl>
#include <QVBoxLayout>

#include <chrono>
#include <exception>
#include <utility>

namespace gradwright {
namespace {

constexpr int kDialogWidth = 560;
constexpr int kFineSteps = 1000; ///< of the progress bar

} // namespace

DownloadDialog::DownloadDialog(BackgroundJobs& jobs, std::vector<KnownSet> sets, QWidget* parent)
    : QDialog(parent)
    , sets_(std::move(sets))
    , names_(new QComboBox)
    , about_(dataLabel("downloadAbout", "caption"))
    , folder_(new QLineEdit)
    , state_(dataLabel("downloadState", "muted"))
    , progress_(new QProgressBar)
    , start_(new QPushButton(tr("Download")))
    , stop_(new QPushButton(tr("Cancel")))
    , browse_(new QPushButton(tr("Choose…")))
    , jobs_(&jobs) {
    setObjectName(QStringLiteral("downloadDialog"));
    setWindowTitle(tr("Download a known data set"));
    setAttribute(Qt::WA_DeleteOnClose);
    names_->setObjectName(QStringLiteral("downloadSet"));
    for (const KnownSet& set : sets_)
        names_->addItem(qstr(set.title));
    folder_->setObjectName(QStringLiteral("downloadFolder"));
    progress_->setAccessibleName(tr("Progress of the download"));
    progress_->setTextVisible(false);
    progress_->hide();
    start_->setObjectName(QStringLiteral("downloadStart"));
    start_->setProperty("kind", QStringLiteral("primary"));
    start_->setDefault(true);
    stop_->setObjectName(QStringLiteral("downloadStop"));
    browse_->setObjectName(QStringLiteral("downloadBrowse"));
    browse_->setAutoDefault(false);
    stop_->setAutoDefault(false);
    connect(browse_, &QPushButton::clicked, this, [this] {
        if (const QString path = askFolder(this, tr("Where the files go")); !path.isEmpty())
            folder_->setText(path);
    });
    connect(names_, &QComboBox::currentIndexChanged, this, &DownloadDialog::showSet);
    connect(start_, &QPushButton::clicked, this, &DownloadDialog::begin);
    connect(stop_, &QPushButton::clicked, this, [this] {
        if (job_ == 0)
            return reject();
        jobs_->cancel(std::exchange(job_, 0));
        end(tr("Stopped. What has arrived is kept: Download continues from there."), false);
    });
    layOut();
    showSet();
}

DownloadDialog::~DownloadDialog() {
    if (jobs_)
        jobs_->cancel(job_);
}

void DownloadDialog::layOut() {
    auto* const place = new QHBoxLayout;
    place->setSpacing(8);
    place->addWidget(folder_, 1);
    place->addWidget(browse_);
    auto* const form = new QFormLayout;
    form->addRow(tr("Data set"), names_);
    form->addRow(tr("Folder"), place);
    form->addRow(QString(), about_);
    names_->setAccessibleName(tr("Data set"));
    folder_->setAccessibleName(tr("Folder"));
    auto* const buttons = new QHBoxLayout;
    buttons->setSpacing(8);
    buttons->addStretch(1);
    buttons->addWidget(stop_);
    buttons->addWidget(start_);
    auto* const layout = new QVBoxLayout(this);
    layout->setContentsMargins(18, 16, 18, 16);
    layout->setSpacing(10);
    layout->addLayout(form);
    layout->addWidget(progress_);
    layout->addWidget(state_);
    layout->addStretch(1);
    layout->addLayout(buttons);
    for (QLabel* const label : {about_, state_})
        label->setWordWrap(true);
    // A form gives a text that wraps the height of one line; the longest set has five.
    constexpr int kAboutLines = 6;
    about_->setMinimumHeight(kAboutLines * about_->fontMetrics().lineSpacing());
    about_->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    state_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    resize(kDialogWidth, sizeHint().height());
}

const KnownSet& DownloadDialog::set() const {
    return sets_.at(static_cast<std::size_t>(names_->currentIndex()));
}

QString DownloadDialog::title() const {
    return qstr(set().title);
}

QString DownloadDialog::usualFolder(const KnownSet& set) {
    return qstr((userDataFolder() / "datasets" / set.key).string());
}

/// A folder that a person has chosen stays.
void DownloadDialog::showSet() {
    const QUrl address(qstr(set().addresses.front()));
    about_->setText(
        tr("%1\nLicence: %2\nFrom %3").arg(qstr(set().about), qstr(set().licence), address.host()));
    bool isUsual = folder_->text().isEmpty();
    for (const KnownSet& each : sets_)
        isUsual = isUsual || folder_->text() == usualFolder(each);
    if (isUsual)
        folder_->setText(usualFolder(set()));
}

void DownloadDialog::setBusy(bool busy) {
    for (QWidget* const each : std::initializer_list<QWidget*>{names_, folder_, browse_, start_})
        each->setEnabled(!busy);
    progress_->setVisible(busy);
    stop_->setText(busy ? tr("Stop") : tr("Cancel"));
}

/// The folder as a whole path; nothing where none is written.
std::optional<QString> DownloadDialog::writtenFolder() const {
    QString path = folder_->text().trimmed();
    if (path == QStringLiteral("~") || path.startsWith(QStringLiteral("~/")))
        path.replace(0, 1, QDir::homePath());
    return path.isEmpty() || QDir::isRelativePath(path) ? std::nullopt : std::optional(path);
}

void DownloadDialog::begin() {
    const auto folder = writtenFolder();
    if (!folder)
        return end(tr("Write the whole path of the folder, as in %1, or choose one.")
                       .arg(usualFolder(set())),
                   true);
    folder_->setText(*folder);
    setBusy(true);
    progress_->setRange(0, 0);
    say(tr("Connecting…"), false);
    const int job = job_ = jobs_->next();
    jobs_->start(
        [this, job, jobs = jobs_.data(), set = set(), folder = folder_->text().toStdString()](
            const std::stop_token& stop) -> BackgroundJobs::Delivery {
            try {
                auto shown = std::chrono::steady_clock::time_point();
                std::string last;
                auto choice = fetchKnownSet(
                    set, folder,
                    [&](const FetchState& state) {
                        constexpr std::chrono::milliseconds kPace(100);
                        const auto now = std::chrono::steady_clock::now();
                        if (state.what == last && now - shown < kPace)
                            return;
                        last = state.what;
                        shown = now;
                        jobs->deliver(job, [this, state] { showState(state); });
                    },
                    stop);
                return [this, choice = std::move(choice)] {
                    job_ = 0;
                    setBusy(false);
                    choice_ = choice;
                    if (choice_)
                        accept();
                };
            } catch (const std::exception& error) {
                return [this, reason = QString::fromUtf8(error.what())] {
                    job_ = 0;
                    end(reason, true);
                };
            }
        });
}

void DownloadDialog::end(const QString& message, bool isFault) {
    setBusy(false);
    say(message, isFault);
    start_->setFocus();
}

void DownloadDialog::say(const QString& message, bool isFault) {
    state_->setText(message);
    state_->setProperty("textRole", isFault ? QStringLiteral("error") : QStringLiteral("muted"));
    state_->style()->unpolish(state_);
    state_->style()->polish(state_);
}

void DownloadDialog::showState(const FetchState& state) {
    QString text = qstr(state.what);
    if (state.done > 0)
        text += state.all > 0
                    ? tr(": %1 of %2").arg(qstr(bytesText(state.done)), qstr(bytesText(state.all)))
                    : QStringLiteral(": ") + qstr(bytesText(state.done));
    state_->setText(text);
    progress_->setRange(0, state.all > 0 ? kFineSteps : 0);
    if (state.all > 0)
        progress_->setValue(static_cast<int>(state.done * kFineSteps / state.all));
}

} // namespace gradwright

#include "moc_download_dialog.cpp"
