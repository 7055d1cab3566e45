package io.claritystream.embedded.demo;

/// A bottling plant.
///
/// @param shiftOffsetMinutes how much later than 06:00, 14:00 and 22:00 its shifts change
/// @param warmerC how much warmer than the coast its climate is
record Site(
    int id,
    String code,
    String name,
    String town,
    double latitude,
    double longitude,
    String openedOn,
    int employees,
    int shiftOffsetMinutes,
    double warmerC) {}
