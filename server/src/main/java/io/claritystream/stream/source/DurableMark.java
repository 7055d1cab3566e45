package io.claritystream.stream.source;

import java.util.UUID;

/// All events of the source and epoch up to `seq` are committed in bronze; `session` is the
/// newest whose barrier was committed.
public record DurableMark(UUID sourceId, int epoch, long session, long seq) {}
