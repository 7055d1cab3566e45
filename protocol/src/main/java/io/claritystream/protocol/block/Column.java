package io.claritystream.protocol.block;

/// A column as its source describes it.
///
/// @param name as the source spells it
/// @param typeName the source's own name of the type, with its modifiers: `numeric(6,2)`
/// @param typeId the source's number for the type (PostgreSQL: its oid), 0 if it has none
/// @param kind how its values read
/// @param key whether it is part of the key that tells rows apart (its replica identity)
/// @param required whether it refuses null
/// @param comment the source's comment on it, or empty
public record Column(
    String name,
    String typeName,
    long typeId,
    ValueKind kind,
    boolean key,
    boolean required,
    String comment) {}
