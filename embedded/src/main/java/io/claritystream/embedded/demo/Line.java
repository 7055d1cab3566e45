package io.claritystream.embedded.demo;

/// A bottling line of a site: its machines run together or not at all.
///
/// @param index among all lines of the fleet
/// @param number at its site, from 1
/// @param workCentreId its row in the database
/// @param nominalBph bottles an hour at full speed
/// @param runsAtNight whether the night shift mans it
record Line(
    int index, Site site, int number, int workCentreId, int nominalBph, boolean runsAtNight) {}
