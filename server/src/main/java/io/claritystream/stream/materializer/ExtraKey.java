package io.claritystream.stream.materializer;

/// A key of extras of one table.
///
/// @param name as stored
/// @param slot counts the keys of the table
record ExtraKey(String name, int slot) {}
