// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/project_document.h"
#include "ui/formats/bit_row.h"

#include <QDialog>

class QLabel;
class QLineEdit;
class QTableWidget;
class QTabWidget;

namespace gradwright {

class NetworkFormats;

/// How a number looks in each format that networks compute in: what becomes of it, how far the next
/// one is, how large and small numbers may be; and the bits of one format, to turn over. Beside it,
/// the network of the project in each of them.
class FormatsDialog final : public QDialog {
    Q_OBJECT
public:
    FormatsDialog(const ThemeManager& themes, ProjectDocument& document, QWidget* window);

    void showNetwork();

    [[nodiscard]] QLineEdit& number() { return *number_; }
    [[nodiscard]] QTableWidget& table() { return *table_; }
    [[nodiscard]] BitRow& bits() { return *bits_; }
    [[nodiscard]] QLabel& value() { return *value_; }
    [[nodiscard]] QTabWidget& tabs() { return *tabs_; }
    [[nodiscard]] NetworkFormats& network() { return *network_; }

private:
    [[nodiscard]] QWidget* numberTab();
    void listFormats();
    void takeNumber(const QString& text);
    void showNumber(double number);
    void showBits(std::uint64_t bits);
    [[nodiscard]] const NumberFormat& format() const;

    QLineEdit* number_;
    QLabel* wrong_;
    QTableWidget* table_;
    QLabel* use_;
    BitRow* bits_;
    QLabel* value_;
    QTabWidget* tabs_;
    NetworkFormats* network_;
    double shown_ = 0;
};

} // namespace gradwright
