package io.claritystream.stream.materializer;

/// A key of extras of one table.
///
/// @param path as [ExtraNames] makes it of the names of a column and what is within
/// @param own as stored with entities of the table itself
/// @param prefixed as stored with the devices that readings of the table are of
/// @param slot counts the keys of the table
record ExtraKey(String path, String own, String prefixed, int slot) {}
