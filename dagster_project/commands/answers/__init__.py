"""Answers written out: to the screen, to files, to spreadsheets."""
