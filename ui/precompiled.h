// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The headers that most of the window's sources read, compiled once (see gradwright_ui_module).
// Each source still includes what it uses.

#include "engine/precompiled.h"

#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QGraphicsItem>
#include <QGraphicsView>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QMouseEvent>
#include <QPainter>
#include <QPainterPath>
#include <QPushButton>
#include <QSettings>
#include <QTimer>
#include <QToolButton>
#include <QVBoxLayout>
#include <QWidget>
