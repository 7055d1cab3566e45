package io.claritystream.stream.bus;

/// Where Kafka put a batch.
public record Offset(int partition, long value) {}
